# SPDX-License-Identifier: Apache-2.0
"""The way to the writer: busy, away, killed, started anew; and that there is only one."""

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import orjson
import pytest

from api.metrics.counters import CLOCK_SET_BACK
from api.settings import DataFolder
from api.writer import Writer
from api.writer_client import WriterClient
from api.writer_protocol import (
    LENGTH_SIZE,
    MAX_SUBMISSIONS,
    frame,
    read_answer,
    read_request,
    read_verdict,
    write_answer,
    write_busy,
    write_committed,
    write_part,
    write_request,
)
from notary.errors import FrameError, LogBusyError, RefusedError, UnavailableError
from notary.log.anchors import LogHead
from notary.log.checkpoint import open_checkpoint
from notary.log.sequencer import Sequencer
from notary.log.submission import Placed, Submission
from notary.ports.log import Batch
from notary.stores.sqlite import SqliteStore
from tests.support.api import PROBLEM, Api, agreement, answers, api_over, make_folder, repayment, running_api, served
from tests.support.api import socket_folder as short_folder
from tests.support.builders import CREATED, VAULT, history, kit_over, log_signer, placed
from tests.support.service import until


@pytest.fixture
def sockets() -> Iterator[Path]:
    with short_folder() as path:
        yield path


@contextmanager
def writer_process(folder: DataFolder, path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the writer as a process of its own."""
    command = [sys.executable, "-m", "api.writer", str(folder.path), str(path), str(os.getpid())]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        try:
            until(lambda: path.exists() or process.poll() is not None, "the writer listens")
            yield process
        finally:
            process.kill()
            path.unlink(missing_ok=True)


def is_503(api: Api, slug: str) -> None:
    response = api.submit(agreement("W-0", api.bank))
    assert (response.status_code, response.content_type) == (503, PROBLEM)
    assert response.json["type"] == f"urn:loan-notary:problem:{slug}"
    assert int(response.headers["Retry-After"]) > 0


def test_without_a_writer_nothing_is_taken_and_everything_can_be_read(tmp_path: Path, sockets: Path) -> None:
    folder = make_folder(tmp_path / "data")
    with api_over(folder, sockets / "writer") as api:
        with served(folder, sockets / "writer"):
            assert api.submit(agreement("W-1", api.bank)).status_code == 201
        before = api.state()
        is_503(api, "unavailable")
        assert [item["status"] for item in answers(api.batch(b"{}\n" + _line(api)))] == [422, 503]
        ready = api.get("/readyz")
        assert (ready.status_code, ready.json["type"]) == (503, "urn:loan-notary:problem:unavailable")
        assert api.get("/healthz").status_code == 200
        assert api.get("/v1/loans/W-1").status_code == 200
        assert api.get("/log/checkpoint").status_code == 200
        assert api.state() == before


def _line(api: Api) -> bytes:
    return orjson.dumps(agreement("W-2", api.bank))


def test_a_client_finds_a_writer_that_was_killed_and_started_anew(tmp_path: Path, sockets: Path) -> None:
    folder, path = make_folder(tmp_path / "data"), sockets / "writer"
    with api_over(folder, path) as api:
        with writer_process(folder, path) as process:
            assert api.submit(agreement("W-1", api.bank)).status_code == 201
            process.send_signal(signal.SIGKILL)
            process.wait()
            is_503(api, "unavailable")
        with writer_process(folder, path):
            assert api.submit(repayment("W-1")).status_code == 201
        assert api.state()["records"] == 2


def test_a_writer_ends_in_order_when_told_to(tmp_path: Path, sockets: Path) -> None:
    folder, path = make_folder(tmp_path / "data"), sockets / "writer"
    with writer_process(folder, path) as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_a_second_writer_is_refused_in_one_line(tmp_path: Path, sockets: Path) -> None:
    folder = make_folder(tmp_path / "data")
    with writer_process(folder, sockets / "writer"), writer_process(folder, sockets / "second") as second:
        _, written = second.communicate(timeout=60)
        assert second.returncode == 1
        assert len(written.splitlines()) == 1
        assert b"another process writes to the log" in written


def test_a_busy_log_says_so_before_the_first_line_of_a_batch(tmp_path: Path) -> None:
    with running_api(tmp_path / "data", max_waiting=4) as api:
        assert api.submit(agreement("W-1", api.bank)).status_code == 201
        before = api.state()
        body = b"\n".join(orjson.dumps(repayment("W-1")) for _ in range(5))
        refused = api.batch(body)
        assert (refused.status_code, refused.json["type"]) == (503, "urn:loan-notary:problem:log-busy")
        assert int(refused.headers["Retry-After"]) > 0
        assert api.state() == before
        assert [item["status"] for item in answers(api.batch(b"\n".join(body.splitlines()[:4])))] == [201] * 4


def test_a_busy_log_answers_single_records_with_503(tmp_path: Path) -> None:
    with running_api(tmp_path / "data", max_waiting=0) as api:
        is_503(api, "log-busy")
        with pytest.raises(LogBusyError):
            api.services.writer.append(history("W-1", 1))


def test_many_threads_get_their_own_answers(tmp_path: Path) -> None:
    with running_api(tmp_path / "data") as api:
        barrier = threading.Barrier(16)

        def work(number: int) -> list[str]:
            barrier.wait()
            values = [agreement(f"W-{number}", api.bank), *(repayment(f"W-{number}") for _ in range(9))]
            statuses = [api.submit(value) for value in values]
            assert {response.status_code for response in statuses} == {201}
            api.services.store.close()
            return [value["id"] for value in values]

        with ThreadPoolExecutor(16) as pool:
            ids = list(pool.map(work, range(16)))
        for number, wanted in enumerate(ids):
            assert [record["id"] for record in api.get(f"/v1/loans/W-{number}").json["records"]] == wanted
        assert api.state()["records"] == 160


GARBAGE = {
    "nothing": b"",
    "half a length": b"\x00\x00",
    "a length without a body": b"\x00\x00\x00\x10",
    "a length beyond the limit": b"\xff\xff\xff\xff",
    "a body that is no request": b"\x00\x00\x00\x05hello",
}


@pytest.mark.parametrize("name", GARBAGE)
def test_a_connection_that_breaks_off_harms_nobody(tmp_path: Path, sockets: Path, name: str) -> None:
    folder, path = make_folder(tmp_path / "data"), sockets / "writer"
    with served(folder, path):
        with socket.socket(socket.AF_UNIX) as broken:
            broken.connect(str(path))
            broken.sendall(GARBAGE[name])
        client = WriterClient(path)
        assert client.append([]) == []
        client.close()


class OfSeveral(SqliteStore):
    """A store whose turn comes when `free` is set; `asked` counts how often somebody wanted it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, VAULT)
        self.free = threading.Event()
        self.asked = 0
        self.at_commit: Callable[[], object] = lambda: None

    @contextmanager
    def turn(self, known: LogHead | None) -> Iterator[LogHead | None]:
        self.asked += 1
        self.free.wait(60)
        yield known

    def commit(self, expected: LogHead | None, batch: Batch) -> None:
        self.at_commit()
        super().commit(expected, batch)


@pytest.fixture
def several(tmp_path: Path, sockets: Path) -> Iterator[OfSeveral]:
    """A store of several and a writer on it, at `sockets / "writer"`, with room for 5."""
    with store_of_several(tmp_path, sockets, room=5) as store:
        yield store


@contextmanager
def store_of_several(tmp_path: Path, sockets: Path, room: int) -> Iterator[OfSeveral]:
    """Make a store of several, and run a writer with so much room on it."""
    kit_over(SqliteStore.create(tmp_path / "notary.db", VAULT)).store.close()
    store = OfSeveral(tmp_path / "notary.db")
    store.free.set()
    writer = Writer(Sequencer(store, log_signer(), CREATED), sockets / "writer", max_waiting=room)
    thread = threading.Thread(target=writer.serve)
    thread.start()
    yield store
    store.free.set()
    writer.stop()
    thread.join()
    store.close()


class Raw:
    """A connection to the writer that asks without waiting for the answer."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.ask([])
        assert self.answer() == []

    def ask(self, submissions: list[Submission]) -> None:
        self.socket.sendall(frame(write_request([write_part(submissions)])))

    def answer(self) -> list[Placed | RefusedError]:
        places = read_answer(self.frame())
        read_verdict(self.frame())
        return places

    def frame(self) -> bytes:
        length = int.from_bytes(self.socket.recv(LENGTH_SIZE, socket.MSG_WAITALL))
        return self.socket.recv(length, socket.MSG_WAITALL)


def test_a_commit_takes_what_came_while_it_waited_for_its_turn(several: OfSeveral, sockets: Path) -> None:
    first, late, later = (Raw(sockets / "writer") for _ in range(3))
    one, two, three = history("L-1", 2), history("L-2", 3, first=10), history("L-3", 1, first=20)
    several.free.clear()
    asked = several.asked
    first.ask(one)
    until(lambda: several.asked > asked, "the first waits for its turn")
    first.socket.close()
    late.ask(two)
    later.ask(three)
    several.free.set()
    places = placed(late.answer())
    assert [place.index for place in places] == [3, 4, 5]
    assert open_checkpoint(places[0].checkpoint, log_signer().verifier).size == 6
    with pytest.raises(LogBusyError):
        later.answer()
    # Whoever went while his commit waited is in the log, and the writer goes on.
    later.ask([*one, *three])
    assert [(place.index, place.fresh) for place in placed(later.answer())] == [(1, False), (2, False), (6, True)]
    for raw in (late, later):
        raw.socket.close()


def test_nobody_is_told_that_the_log_is_busy_while_other_hosts_wait_for_the_turn(
    several: OfSeveral, sockets: Path
) -> None:
    first, late = (Raw(sockets / "writer") for _ in range(2))
    late.socket.setblocking(False)
    told: list[bytes] = []

    def look() -> None:
        with suppress(BlockingIOError):
            told.append(late.socket.recv(1))

    several.at_commit = look
    several.free.clear()
    asked = several.asked
    first.ask(history("L-1", 2))
    until(lambda: several.asked > asked, "the first waits for its turn")
    late.ask(history("L-2", 4, first=10))
    several.free.set()
    assert len(placed(first.answer())) == 2
    assert told == []
    late.socket.setblocking(True)
    with pytest.raises(LogBusyError):
        late.answer()
    for raw in (first, late):
        raw.socket.close()


def test_places_go_before_the_commit_and_come_to_nothing_if_it_fails(several: OfSeveral, sockets: Path) -> None:
    raw = Raw(sockets / "writer")
    drafted: list[list[Placed | RefusedError]] = []

    def fail() -> None:
        drafted.append(read_answer(raw.frame()))
        raise UnavailableError("no room on the disk")

    several.at_commit = fail
    raw.ask(history("L-1", 2))
    with pytest.raises(UnavailableError, match="no room"):
        read_verdict(raw.frame())
    assert [place.index for place in placed(drafted[0])] == [1, 2]
    several.at_commit = lambda: None
    raw.ask(history("L-2", 1, first=10))
    assert [place.index for place in placed(raw.answer())] == [1]
    raw.socket.close()


def test_a_client_that_does_not_read_holds_up_no_turn(tmp_path: Path, sockets: Path) -> None:
    committing = threading.Event()
    with store_of_several(tmp_path, sockets, room=1000) as several:
        several.at_commit = committing.set
        raw = Raw(sockets / "writer")
        # What its answer has is more than a socket keeps.
        raw.ask([item._replace(prove=True) for item in history("L-1", 1000)])
        assert committing.wait(60)
        assert len(placed(raw.answer())) == 1000
        raw.socket.close()


def test_a_clock_that_was_set_back_shows_in_what_comes_while_the_turn_is_waited_for(
    several: OfSeveral, sockets: Path
) -> None:
    counted = CLOCK_SET_BACK._value.get()
    first, late = (Raw(sockets / "writer") for _ in range(2))
    several.free.clear()
    asked = several.asked
    first.ask(history("L-1", 1))
    until(lambda: several.asked > asked, "the first waits for its turn")
    back = [
        [item._replace(received_at=item.received_at - 120_000) for item in history(f"L-{first}", 1, first=first)]
        for first in (10, 20)
    ]
    late.ask(back[0])
    several.free.set()
    assert [len(placed(raw.answer())) for raw in (first, late)] == [1, 1]
    assert CLOCK_SET_BACK._value.get() == counted + 1
    # And once, though it stays so.
    late.ask(back[1])
    assert len(placed(late.answer())) == 1
    assert CLOCK_SET_BACK._value.get() == counted + 1
    for raw in (first, late):
        raw.socket.close()


def settled(places: list[Placed | RefusedError]) -> bytes:
    """Return an answer and the verdict that it is on disk."""
    return frame(write_answer(places)) + frame(write_committed())


class Slow:
    """A writer that answers when it is told to; it keeps what it was asked, and how many records that were."""

    def __init__(self, path: Path) -> None:
        self.asked: list[int] = []
        self.come, self.answers = threading.Semaphore(0), queue.SimpleQueue[bytes]()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with closing(connection):
            while head := connection.recv(LENGTH_SIZE, socket.MSG_WAITALL):
                _, submissions = read_request(connection.recv(int.from_bytes(head), socket.MSG_WAITALL))
                self.asked.append(len(submissions))
                self.come.release()
                connection.sendall(self.answers.get())


@pytest.fixture
def slow(sockets: Path) -> Iterator[Slow]:
    with closing(Slow(sockets / "writer")) as slow:
        yield slow


def test_a_second_request_is_on_its_way_before_the_first_is_answered(slow: Slow, sockets: Path) -> None:
    client = WriterClient(sockets / "writer")
    with ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(client.append, history(f"W-{number}", 1)) for number in range(2)]
        assert slow.come.acquire(timeout=60)
        assert slow.come.acquire(timeout=60)
        for _ in asking:
            slow.answers.put(settled([Placed(1, 0, "note", True)]))
        assert [item.result() for item in asking] == [[Placed(1, 0, "note", True)]] * 2
    client.close()


@pytest.mark.parametrize("answer", [frame(b""), settled([]), settled([Placed(1, 0, "note", True)] * 2)])
def test_an_answer_that_is_none_is_an_unknown_outcome(slow: Slow, sockets: Path, answer: bytes) -> None:
    client = WriterClient(sockets / "writer")
    slow.answers.put(answer)
    with pytest.raises(FrameError):
        client.append(history("W-1", 1))
    client.close()


def test_of_a_batch_nothing_goes_after_a_first_part_that_a_busy_log_refuses(
    tmp_path: Path, slow: Slow, sockets: Path
) -> None:
    with api_over(make_folder(tmp_path / "data"), sockets / "writer") as api:
        lines = [orjson.dumps(repayment("W-1")) for _ in range(3 * MAX_SUBMISSIONS)]
        # Late, so that what is too hasty has gone on by then; whoever waits is told the same whenever it comes.
        answering = threading.Timer(0.5, lambda: [slow.answers.put(frame(write_busy())) for _ in range(3)])
        answering.start()
        assert api.batch(b"\n".join(lines)).status_code == 503
        answering.join()
        assert slow.asked == [MAX_SUBMISSIONS]


def test_a_writer_that_never_was_is_unavailable(sockets: Path) -> None:
    with pytest.raises(UnavailableError, match="does not answer"):
        WriterClient(sockets / "none").append([])
