# SPDX-License-Identifier: Apache-2.0
"""The event loop's way to the writer, when the writer does not do what it should."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

import pytest

from api.databases import open_store
from api.serving.writer_link import WriterLink
from api.writer_protocol import (
    LENGTH_SIZE,
    MAX_FRAME,
    frame,
    write_answer,
    write_busy,
    write_committed,
    write_unavailable,
)
from notary.errors import FrameError, LogBusyError, UnavailableError
from notary.log.submission import Placed
from tests.support.api import make_folder, served, socket_folder
from tests.support.builders import NOW, add_lender, history, placed

PLACE = Placed(1, 0, "note", True)
DRAFT = frame(write_answer([PLACE]))
GOOD = DRAFT + frame(write_committed())
T = TypeVar("T")


class Scripted:
    """A writer with an answer for each request; b"" closes the connection, None says nothing any more."""

    def __init__(self, path: Path) -> None:
        self.answers: list[bytes | None] = []
        self.connections = self.asked = 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        # Closing alone does not wake who waits for a connection.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                with closing(connection):
                    self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        while head := connection.recv(LENGTH_SIZE, socket.MSG_WAITALL):
            connection.recv(int.from_bytes(head), socket.MSG_WAITALL)
            self.asked += 1
            answer = self.answers.pop(0)
            if answer == b"":
                return
            if answer:
                connection.sendall(answer)


@pytest.fixture
def sockets() -> Iterator[Path]:
    with socket_folder() as sockets:
        yield sockets


@pytest.fixture
def writer(sockets: Path) -> Iterator[Scripted]:
    with closing(Scripted(sockets / "writer")) as writer:
        yield writer


def run(path: Path, work: Callable[[WriterLink], Awaitable[T]], patience: float = 30) -> T:
    """Let work be done over a link of its own."""

    async def go() -> T:
        link = WriterLink(path, patience)
        try:
            return await work(link)
        finally:
            link.close()
            await asyncio.sleep(0)

    return asyncio.run(go())


async def append(link: WriterLink) -> Sequence[object]:
    return await link.append(history("L-1", 1), list)


def test_one_connection_takes_one_request_after_the_other(sockets: Path, writer: Scripted) -> None:
    writer.answers = [GOOD, GOOD]

    async def twice(link: WriterLink) -> list[Sequence[object]]:
        return [await append(link), await append(link)]

    assert run(sockets / "writer", twice) == [[PLACE], [PLACE]]
    assert (writer.connections, writer.asked) == (1, 2)


def test_a_writer_that_was_started_anew_is_asked_again(tmp_path: Path, sockets: Path) -> None:
    folder, path = make_folder(tmp_path / "data"), sockets / "writer"
    with closing(open_store(folder)) as store:
        add_lender(store, "Bank", bytes(32), NOW)

    async def over_a_restart(link: WriterLink) -> None:
        records = history("L-1", 2)
        with served(folder, path):
            first = placed(await link.append(records[:1], list))
        with served(folder, path):
            second = placed(await link.append(records, list))
        assert [place.fresh for place in (*first, *second)] == [True, False, True]

    run(path, over_a_restart)


def test_a_connection_that_breaks_off_is_tried_once_more(sockets: Path, writer: Scripted) -> None:
    writer.answers = [b"", GOOD]
    assert run(sockets / "writer", append) == [PLACE]
    writer.answers = [b"", b""]
    with pytest.raises(UnavailableError, match="may have placed"):
        run(sockets / "writer", append)
    assert writer.asked == 4


def test_a_writer_that_says_nothing_is_given_up_and_left(sockets: Path, writer: Scripted) -> None:
    writer.answers = [None, GOOD]

    async def twice(link: WriterLink) -> None:
        with pytest.raises(UnavailableError, match=r"nothing for 0\.05 seconds"):
            await append(link)
        # On a connection of its own: the answer to what was given up may still come on the other.
        assert await append(link) == [PLACE]

    run(sockets / "writer", twice, patience=0.05)


def test_the_answer_to_what_was_given_up_is_nobody_elses(sockets: Path, writer: Scripted) -> None:
    writer.answers = [None, GOOD]

    async def twice(link: WriterLink) -> None:
        asking = asyncio.create_task(append(link))
        while not writer.asked:
            await asyncio.sleep(0.001)
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking
        assert await append(link) == [PLACE]

    run(sockets / "writer", twice)
    assert (writer.connections, writer.asked) == (2, 2)


def test_what_is_made_of_places_is_given_out_once_they_are_on_disk(sockets: Path, writer: Scripted) -> None:
    writer.answers = [DRAFT, GOOD]
    drafted: list[object] = []

    async def go(link: WriterLink) -> object:
        asking = asyncio.create_task(link.append(history("L-1", 1), drafted.append))
        while not drafted:
            await asyncio.sleep(0.001)
        done, _ = await asyncio.wait([asking], timeout=0.05)
        assert not done
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking
        assert drafted == [[PLACE]]
        # The verdict on what was given up is nobody else's.
        return await link.append(history("L-1", 1), list)

    assert run(sockets / "writer", go) == [PLACE]
    assert writer.connections == 2


def test_a_verdict_that_never_comes_is_an_unknown_outcome(sockets: Path, writer: Scripted) -> None:
    writer.answers = [DRAFT, GOOD]

    async def twice(link: WriterLink) -> None:
        with pytest.raises(UnavailableError, match="may have placed"):
            await append(link)
        assert await append(link) == [PLACE]

    run(sockets / "writer", twice, patience=0.05)
    assert writer.connections == 2


def test_what_fails_in_making_a_draft_leaves_no_verdict_behind(sockets: Path, writer: Scripted) -> None:
    writer.answers = [GOOD, GOOD]

    def fail(_: object) -> None:
        raise UnavailableError("the database is away")

    async def twice(link: WriterLink) -> None:
        with pytest.raises(UnavailableError, match="database"):
            await link.append(history("L-1", 1), fail)
        assert await append(link) == [PLACE]

    run(sockets / "writer", twice)
    assert writer.connections == 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (frame(b""), FrameError),
        (frame(write_answer([])), FrameError),
        (frame(write_answer([PLACE, PLACE])), FrameError),
        (frame(write_busy()), LogBusyError),
        (frame(write_unavailable("no room")), UnavailableError),
        (DRAFT + frame(write_unavailable("no room")), UnavailableError),
        (DRAFT + DRAFT, FrameError),
        (DRAFT + frame(b""), FrameError),
    ],
)
def test_what_is_no_answer_to_this_is_an_error(
    sockets: Path, writer: Scripted, answer: bytes, error: type[Exception]
) -> None:
    writer.answers = [answer]
    with pytest.raises(error):
        run(sockets / "writer", append)
    assert writer.asked == 1


def test_no_answer_is_longer_than_a_frame(sockets: Path, writer: Scripted) -> None:
    writer.answers = [(MAX_FRAME + 1).to_bytes(LENGTH_SIZE)] * 2
    with pytest.raises(UnavailableError, match="too long"):
        run(sockets / "writer", append)


def test_a_writer_that_never_was_is_unavailable(sockets: Path) -> None:
    with pytest.raises(UnavailableError, match="does not answer"):
        run(sockets / "none", append)
