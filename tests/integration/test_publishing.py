# SPDX-License-Identifier: Apache-2.0
"""A log published to a folder and to a real S3 server: what stands there at any moment is whole, and stays."""

import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.audits.parts import Target
from api.databases import open_store
from api.publishing import open_publication
from api.settings import DataFolder
from notary.audit.sources import StoreSource, TiledSource, folder_fetch
from notary.errors import CorruptLogError, NotFoundError, PublicationError, SignedNoteError, UnavailableError
from notary.log.checkpoint import open_checkpoint
from notary.log.signed_note import NoteSigner
from notary.ports.publication import Held, Publication
from notary.publishing import Published, Publisher
from notary.receipts.report import Verdict
from notary.stores.published_folder import PublishedFolder
from tests.faults.strikes import STRACE
from tests.support.audited import AuditedLog, audited, grow_bare, make_bare_log
from tests.support.builders import log_signer
from tests.support.plain_server import plain_server
from tests.support.s3 import BUCKET, MOTO, VERSITYGW, Fault, Proxy, failing, running_moto, running_versitygw, variables
from tests.support.service import until
from tests.support.tlog import check_log

SIZE = 700
SIZES = [1, 255, 256, 257, 700, 65_535, 65_536, 65_537, 70_000]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> AuditedLog:
    return make_bare_log(tmp_path_factory.mktemp("publishing") / "data", SIZE)


@pytest.fixture
def log(made: AuditedLog, tmp_path: Path) -> AuditedLog:
    """A log that may be altered."""
    return made.copy(tmp_path / "data")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "published"


def publisher(log: AuditedLog, publication: Publication, *signers: NoteSigner) -> Publisher:
    verifiers = tuple(signer.verifier for signer in signers) or (log.verifier,)
    return Publisher(StoreSource(open_store(DataFolder(log.folder))), lambda: verifiers, publication, lambda: None)


def files(folder: Path) -> dict[str, bytes]:
    """Return what a web server would show."""
    paths = (path for path in folder.rglob("*") if path.is_file() and ".incoming" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def check(log: AuditedLog, folder: Path) -> int:
    """Read a published log with a client that shares no code with the notary; return its size."""
    return check_log(lambda path: (folder / path).read_bytes(), log.verifier.format()).size


@pytest.mark.parametrize("size", SIZES)
def test_what_is_published_is_what_other_clients_read(tmp_path: Path, folder: Path, size: int) -> None:
    log = make_bare_log(tmp_path / "data", size)
    published = publisher(log, PublishedFolder(folder)).publish()
    assert (published.size, published.files) == (size, len(files(folder)) - 1)
    assert check(log, folder) == size
    assert audited(Target("copy", str(folder)), log.verifier).verdict is Verdict.VALID


def test_it_grows_with_the_log_and_rewrites_nothing(tmp_path: Path, folder: Path) -> None:
    log = make_bare_log(tmp_path / "data", SIZES[0])
    publishing = publisher(log, PublishedFolder(folder))
    before: dict[str, bytes] = {}
    for size in SIZES:
        grow_bare(log, size)
        published = publishing.publish()
        after = files(folder)
        assert published == Published(size, len(after.keys() - before.keys()) - (not before))
        assert {name for name, data in after.items() if before.get(name, data) != data} <= {"checkpoint"}
        # Only partial tiles go, and only when the full one is there.
        assert all(name.partition(".p/")[0] in after and ".p/" in name for name in before.keys() - after.keys())
        assert check(log, folder) == publishing.size == size
        assert publishing.publish() == Published(size, 0)
        before = after
    assert not [name for name in before if name.startswith("tile/0/000.p")]


class Interrupted(PublishedFolder):
    """Takes so many files and then no more, as if the process had been killed; what it did take is told."""

    def __init__(self, folder: Path, left: int) -> None:
        super().__init__(folder)
        self.left, self.taken = left, list[str]()

    def put_new(self, path: str, data: bytes) -> bool:
        self._spend()
        self.taken.append(path)
        return super().put_new(path, data)

    def replace(self, path: str, data: bytes, version: str) -> bool:
        self._spend()
        return super().replace(path, data, version)

    def _spend(self) -> None:
        if not self.left:
            raise UnavailableError("killed")
        self.left -= 1


@pytest.mark.parametrize("left", [0, 1, 3, 6])
def test_what_is_cut_short_shows_no_checkpoint_and_goes_on(log: AuditedLog, folder: Path, left: int) -> None:
    with pytest.raises(UnavailableError, match="killed"):
        publisher(log, Interrupted(folder, left)).publish()
    assert len(files(folder)) == left
    assert "checkpoint" not in files(folder)
    assert publisher(log, PublishedFolder(folder)).publish() == Published(SIZE, 7 - left)
    assert check(log, folder) == SIZE


PUBLISHING = """
import sys
from pathlib import Path
from notary.stores.published_folder import PublishedFolder
folder = PublishedFolder(Path(sys.argv[1]))
folder.put_new("tile/0/000", b"a tile")
folder.put_new("checkpoint", b"over it")
folder.replace("checkpoint", b"over more", folder.get("checkpoint", 100).version)
"""


@pytest.mark.skipif(STRACE is None, reason="strace(1) is not installed, or this is not root")
def test_what_a_checkpoint_covers_is_on_disk_with_its_name_before_the_checkpoint_is_seen(folder: Path) -> None:
    told = folder.with_name("calls")
    calls = "trace=fsync,sync,link,linkat,rename,renameat,renameat2"
    subprocess.run([str(STRACE), "-y", "-o", told, "-e", calls, sys.executable, "-c", PUBLISHING, folder], check=True)
    steps = []
    for line in told.read_text().splitlines():
        name, _, rest = line.partition("(")
        if name == "sync":
            steps.append("all names")
        elif name == "fsync":
            steps.append("the folder" if f"<{folder}>" in rest else "a file")
        elif str(folder) in rest:
            steps.append("tile" if f"{folder}/tile" in rest else "checkpoint")
    first, again = ["a file", "tile"], ["a file", "all names", "checkpoint", "the folder"]
    assert steps == [*first, *again, *again]


@pytest.mark.parametrize("left", [0, 1, 2, 4])
def test_growth_that_is_cut_short_leaves_the_older_checkpoint_whole(log: AuditedLog, folder: Path, left: int) -> None:
    publisher(log, PublishedFolder(folder)).publish()
    grow_bare(log, SIZE + 300)
    with pytest.raises(UnavailableError, match="killed"):
        publisher(log, Interrupted(folder, left)).publish()
    assert check(log, folder) == SIZE
    publisher(log, PublishedFolder(folder)).publish()
    assert check(log, folder) == SIZE + 300


def test_a_long_run_goes_on_behind_the_last_full_stretch(tmp_path: Path, folder: Path) -> None:
    log = make_bare_log(tmp_path / "data", 65_536 + 300)
    with pytest.raises(UnavailableError):
        publisher(log, Interrupted(folder, 513)).publish()
    publication = Interrupted(folder, 1000)
    assert publisher(log, publication).publish() == Published(65_836, 6)
    # What is under the full tile of level 1 was not even looked at.
    assert {path for path in publication.taken if path.startswith("tile/0/")} == {"tile/0/256", "tile/0/257.p/44"}
    assert check(log, folder) == 65_836


def test_it_stops_between_stretches_when_told(tmp_path: Path, folder: Path) -> None:
    log = make_bare_log(tmp_path / "data", 300)
    stop = threading.Event()
    stop.set()
    assert publisher(log, PublishedFolder(folder)).publish(stop=stop) == Published(0, 0)
    assert not files(folder)


@pytest.mark.parametrize("path", ["tile/entries/001", "tile/0/002.p/188", "tile/1/000.p/2"])
@pytest.mark.parametrize("bytes_there", [b"something else", b"x" * (1 << 25)])
def test_other_bytes_that_are_there_are_an_error_and_stay(
    log: AuditedLog, folder: Path, path: str, bytes_there: bytes
) -> None:
    PublishedFolder(folder).put_new(path, bytes_there)
    with pytest.raises(PublicationError, match=f"has other bytes at {path} than the log: nothing was overwritten"):
        publisher(log, PublishedFolder(folder)).publish()
    assert (folder / path).read_bytes() == bytes_there
    assert "checkpoint" not in files(folder)


def test_an_older_log_never_takes_a_checkpoint_back(made: AuditedLog, log: AuditedLog, folder: Path) -> None:
    grow_bare(log, SIZE + 3)
    publisher(log, PublishedFolder(folder)).publish()
    before = files(folder)
    with pytest.raises(PublicationError, match="shows 703 entries, and the log has only 700: nothing is taken back"):
        publisher(made, PublishedFolder(folder)).publish()
    assert files(folder) == before


def test_an_older_checkpoint_loses_the_race_against_a_newer_one(
    made: AuditedLog, log: AuditedLog, folder: Path
) -> None:
    publisher(make_bare_log(folder.parent / "small", 500), PublishedFolder(folder)).publish()
    grow_bare(log, SIZE + 3)
    stepped: list[Published] = []

    class Overtaken(PublishedFolder):
        """Somebody with a newer log publishes just before the checkpoint is replaced."""

        def replace(self, path: str, data: bytes, version: str) -> bool:
            if not stepped:
                stepped.append(publisher(log, PublishedFolder(folder)).publish())
            return super().replace(path, data, version)

    with pytest.raises(UnavailableError, match="shows another checkpoint"):
        publisher(made, Overtaken(folder)).publish()
    assert check(log, folder) == SIZE + 3


def test_two_at_once_do_no_harm(log: AuditedLog, folder: Path) -> None:
    def go(_: int) -> int:
        try:
            return publisher(log, PublishedFolder(folder)).publish().size
        except UnavailableError:
            return 0

    with ThreadPoolExecutor(4) as pool:
        assert SIZE in pool.map(go, range(4))
    assert check(log, folder) == SIZE


def test_another_log_s_place_is_left_alone(log: AuditedLog, folder: Path) -> None:
    other = log_signer("other.example/log")
    for note, reason in {
        "no checkpoint\n": "is no checkpoint",
        other.sign_note("other.example/log\n5\n" + "A" * 43 + "=\n"): "is for the log other.example/log",
        log_signer().sign_note(f"{log.verifier.name}\n5\n" + "A" * 43 + "=\n"): "is not of this log's entries",
        log_signer().sign_note(f"{log.verifier.name}\n700\n" + "A" * 43 + "=\n"): "is not of this log's entries",
        log_signer().sign_note(f"{log.verifier.name}\n0\n" + "A" * 43 + "=\n"): "is not of this log's entries",
    }.items():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "checkpoint").write_text(note)
        with pytest.raises(PublicationError, match=reason):
            publisher(log, PublishedFolder(folder)).publish()
        assert files(folder) == {"checkpoint": note.encode()}
    (folder / "checkpoint").write_bytes(b"\xff")
    with pytest.raises(PublicationError, match="is no checkpoint"):
        publisher(log, PublishedFolder(folder)).publish()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET entry = zeroblob(65) WHERE entry_index = 300",
        "UPDATE entries SET entry = zeroblob(65) WHERE entry_index = 699",
        "DELETE FROM entries WHERE entry_index = 300",
    ],
)
def test_a_damaged_log_is_not_published(log: AuditedLog, folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(log.database)) as connection, connection:
        assert connection.execute(statement).rowcount == 1
    with pytest.raises(CorruptLogError):
        publisher(log, PublishedFolder(folder)).publish()
    assert not files(folder)


def test_a_checkpoint_of_another_key_is_not_published(log: AuditedLog, folder: Path) -> None:
    with pytest.raises(SignedNoteError):
        publisher(log, PublishedFolder(folder), log_signer(seed="another")).publish()
    assert not files(folder)


def test_a_new_key_takes_over(log: AuditedLog, folder: Path) -> None:
    publisher(log, PublishedFolder(folder)).publish()
    new = log_signer(seed="new")
    grow_bare(log, SIZE + 1, new)
    assert publisher(log, PublishedFolder(folder), new).publish().size == SIZE + 1
    note = (folder / "checkpoint").read_text()
    assert open_checkpoint(note, new.verifier).size == SIZE + 1


def test_everything_is_compared_and_what_is_missing_added(log: AuditedLog, folder: Path) -> None:
    publishing = publisher(log, PublishedFolder(folder))
    with pytest.raises(NotFoundError, match="nothing is published"):
        publishing.check()
    publishing.publish()
    assert publishing.check() == []
    whole = files(folder)
    for gone in ("tile/entries/000", "tile/0/002.p/188"):
        (folder / gone).unlink()
    assert publishing.check() == ["tile/entries/000 is missing", "tile/0/002.p/188 is missing"]
    assert publishing.publish() == Published(SIZE, 0)
    assert publishing.publish(everything=True) == Published(SIZE, 2)
    assert files(folder) == whole
    (folder / "tile/1/000.p/2").write_bytes(b"x")
    assert publishing.check() == ["tile/1/000.p/2 is not what the log has there"]
    with pytest.raises(PublicationError, match="other bytes at tile/1/000"):
        publishing.publish(everything=True)


def test_what_is_published_of_a_log_that_has_grown_is_compared_at_its_own_size(log: AuditedLog, folder: Path) -> None:
    publishing = publisher(log, PublishedFolder(folder))
    publishing.publish()
    grow_bare(log, SIZE + 400)
    assert publishing.check() == []


def test_a_copy_on_disk_can_be_published_too(log: AuditedLog, folder: Path, tmp_path: Path) -> None:
    publisher(log, PublishedFolder(folder)).publish()
    mirror = Publisher(
        TiledSource(folder_fetch(folder)), lambda: (log.verifier,), PublishedFolder(tmp_path / "mirror"), lambda: None
    )
    assert mirror.publish().size == SIZE
    assert files(tmp_path / "mirror") == files(folder)


def test_it_runs_behind_the_log_and_tells_what_goes_wrong(
    log: AuditedLog, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.mkdir()
    (folder / "checkpoint").write_text("x")
    publishing, stop = publisher(log, PublishedFolder(folder)), threading.Event()
    thread = threading.Thread(target=publishing.run, args=(stop, 0.01))
    thread.start()
    try:
        until(lambda: publishing.error is not None, "it tells of the error")
        (folder / "checkpoint").unlink()
        until(lambda: publishing.size == SIZE, "it has published")
        grow_bare(log, SIZE + 5)
        until(lambda: publishing.size == SIZE + 5 and not publishing.error, "it has published again")
    finally:
        stop.set()
        thread.join()
    assert len([line for line in caplog.messages if "cannot be published" in line]) == 1
    assert check(log, folder) == SIZE + 5


class Panic(BaseException):
    """What a library in Rust raises where it gives up: no `Exception`."""


class Odd(PublishedFolder):
    """Raises what nobody expects of a place, as long as it has it; `asked` counts how often."""

    def __init__(self, folder: Path, fault: BaseException) -> None:
        super().__init__(folder)
        self.fault: BaseException | None = fault
        self.asked = 0

    def put_new(self, path: str, data: bytes) -> bool:
        self.asked += path == "tile/0/001"
        if self.fault and path == "tile/0/001":
            raise self.fault
        return super().put_new(path, data)


@pytest.mark.parametrize("fault", [ZeroDivisionError("odd"), Panic("odd")])
def test_what_nobody_expects_is_told_with_its_place_and_ends_nothing(
    log: AuditedLog, folder: Path, caplog: pytest.LogCaptureFixture, fault: BaseException
) -> None:
    place = Odd(folder, fault)
    publishing, stop = publisher(log, place), threading.Event()
    thread = threading.Thread(target=publishing.run, args=(stop, 0.01))
    thread.start()
    try:
        until(lambda: place.asked >= 3, "it has tried again, and again")
        assert (publishing.error, publishing.size) == (f"{type(fault).__name__}: odd", 0)
        place.fault = None
        until(lambda: publishing.size == SIZE and not publishing.error, "it has published")
    finally:
        stop.set()
        thread.join()
    (told,) = [record for record in caplog.records if "cannot be published" in record.message]
    assert told.exc_info
    assert told.exc_info[1] is fault
    assert check(log, folder) == SIZE


class Forbidding(PublishedFolder):
    """Lets nothing be removed, as a bucket does that is written once."""

    def remove(self, path: str) -> None:
        raise UnavailableError(f"{path} is locked")


def test_where_nothing_may_be_removed_it_stays(log: AuditedLog, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    publishing = publisher(log, Forbidding(folder))
    publishing.publish()
    grow_bare(log, SIZE + 300)
    assert publishing.publish().size == SIZE + 300
    assert (folder / "tile/0/002.p/188").exists()
    assert "partial tiles that are full now stay" in caplog.text
    assert check(log, folder) == SIZE + 300


class Careless(PublishedFolder):
    """Puts whatever it is given in place of whatever is there."""

    def put_new(self, path: str, data: bytes) -> bool:
        (self._folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self._folder / path).write_bytes(data)
        return True


class Heedless(PublishedFolder):
    """Knows no versions."""

    def replace(self, path: str, data: bytes, version: str) -> bool:  # noqa: ARG002 - the port's
        (self._folder / path).write_bytes(data)
        return True

    def get(self, path: str, limit: int) -> Held:
        return Held(super().get(path, limit).data, "v")


@pytest.mark.parametrize("kind", [Careless, Heedless])
def test_a_store_that_ignores_conditions_is_found_out(
    log: AuditedLog, folder: Path, kind: type[PublishedFolder]
) -> None:
    publisher(log, PublishedFolder(folder)).publish()
    grow_bare(log, SIZE + 5)
    with pytest.raises(PublicationError, match="ignores conditions of requests"):
        publisher(log, kind(folder)).publish()
    assert check(log, folder) == SIZE


@dataclass(frozen=True)
class Bucket:
    """A bucket behind a proxy that can be told to fail, and the same bucket without it."""

    proxy: Proxy
    direct: Publication
    failing: Publication


SERVERS = {"moto": (MOTO, running_moto), "versitygw": (VERSITYGW, running_versitygw)}


@pytest.fixture(scope="module", params=["moto", pytest.param("versitygw", marks=pytest.mark.slow)])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program, running = SERVERS[request.param]
    if not program.exists():
        pytest.skip(f"there is no {program.name} here")
    with running(tmp_path_factory.mktemp("s3")) as url:
        yield url


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Bucket]:
    with failing(server) as proxy:
        for name, value in variables(server).items():
            monkeypatch.setenv(name, value)
        # A prefix for each test: they share a bucket.
        place = f"s3://{BUCKET}/{tmp_path.name}"
        direct = open_publication(place, Path())
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        yield Bucket(proxy, direct, open_publication(place, Path()))


def size_of(bucket: Bucket, log: AuditedLog) -> int:
    return check_log(lambda path: bucket.direct.get(path, 1 << 24).data, log.verifier.format()).size


def test_a_bucket_takes_the_log(bucket: Bucket, log: AuditedLog) -> None:
    publishing = publisher(log, bucket.failing)
    assert publishing.publish() == Published(SIZE, 7)
    grow_bare(log, SIZE + 300)
    assert publishing.publish().size == SIZE + 300
    assert size_of(bucket, log) == SIZE + 300
    assert (publishing.check(), bucket.direct.names("tile/0/002.p")) == ([], [])


LOST = {
    ("PUT", "tile/entries/001"): "says that tile/entries/001 is there, and does not have it",
    ("PUT", "tile/1/000.p/2"): "says that tile/1/000.p/2 is there, and does not have it",
    ("PUT", "checkpoint"): "there is no checkpoint",
}


@pytest.mark.parametrize("key", LOST)
def test_a_write_that_is_lost_is_noticed_before_a_checkpoint_is_over_it(
    bucket: Bucket, log: AuditedLog, key: tuple[str, str]
) -> None:
    bucket.proxy.faults[key] = Fault.LOSE
    with pytest.raises((UnavailableError, NotFoundError), match=LOST[key]):
        publisher(log, bucket.failing).publish()
    with pytest.raises(NotFoundError):
        bucket.direct.get("checkpoint", 1000)
    bucket.proxy.faults.clear()
    publisher(log, bucket.failing).publish()
    assert size_of(bucket, log) == SIZE


def test_a_checkpoint_that_is_lost_is_noticed_and_the_older_one_stays(bucket: Bucket, log: AuditedLog) -> None:
    publishing = publisher(log, bucket.failing)
    publishing.publish()
    grow_bare(log, SIZE + 5)
    assert publishing.publish().size == SIZE + 5
    grow_bare(log, SIZE + 9)
    bucket.proxy.faults["PUT", "checkpoint"] = Fault.LOSE
    with pytest.raises(UnavailableError, match="shows another checkpoint"):
        publishing.publish()
    assert size_of(bucket, log) == SIZE + 5
    bucket.proxy.faults.clear()
    assert publishing.publish().size == SIZE + 9


@pytest.mark.parametrize("fault", [Fault.DENY, Fault.SILENCE])
@pytest.mark.parametrize("path", ["tile/entries/001", "checkpoint"])
def test_a_write_that_is_stored_and_said_not_to_be_is_found(
    bucket: Bucket, log: AuditedLog, fault: Fault, path: str
) -> None:
    publishing = publisher(log, bucket.failing)
    for size in (SIZE, SIZE + 300):
        grow_bare(log, size)
        bucket.proxy.faults["PUT", path] = fault
        bucket.proxy.once.add(("PUT", path))
        assert publishing.publish().size == size_of(bucket, log) == size


def test_bytes_garbled_on_the_way_are_told_of_and_over_the_next_time(bucket: Bucket, log: AuditedLog) -> None:
    bucket.proxy.faults["GET", "tile/0/001"] = Fault.GARBLE
    with pytest.raises(PublicationError, match="has other bytes at tile/0/001"):
        publisher(log, bucket.failing).publish()
    bucket.proxy.faults.clear()
    assert publisher(log, bucket.failing).publish().size == SIZE


@pytest.mark.parametrize("path", ["tile/entries/002.p/188", "checkpoint"])
def test_a_server_that_refuses_for_a_while_is_unavailable(bucket: Bucket, log: AuditedLog, path: str) -> None:
    bucket.proxy.faults["PUT", path] = Fault.REFUSE
    with pytest.raises(UnavailableError, match="cannot be used now"):
        publisher(log, bucket.failing).publish()
    bucket.proxy.faults.clear()
    assert publisher(log, bucket.failing).publish().size == SIZE


def test_other_bytes_that_are_in_the_bucket_are_an_error_and_stay(bucket: Bucket, log: AuditedLog) -> None:
    bucket.direct.put_new("tile/0/001", b"something else")
    with pytest.raises(PublicationError, match="has other bytes at tile/0/001 than the log: nothing was overwritten"):
        publisher(log, bucket.failing).publish()
    assert bucket.direct.get("tile/0/001", 100).data == b"something else"
    with pytest.raises(NotFoundError):
        bucket.direct.get("checkpoint", 1000)


UNSURE = {
    ("GET", "checkpoint"): "checkpoint in .* cannot be used now",
    ("PUT", "checkpoint"): "there is no checkpoint|checkpoint in .* cannot be used now",
    ("PUT", "tile/0/001"): "says that tile/0/001 is there, and does not have it",
}


@pytest.mark.parametrize("fault", [Fault.CONFLICT, Fault.UNMET])
@pytest.mark.parametrize("key", UNSURE)
def test_a_bucket_that_is_at_something_else_is_asked_again(
    bucket: Bucket, log: AuditedLog, caplog: pytest.LogCaptureFixture, key: tuple[str, str], fault: Fault
) -> None:
    publishing, stop = publisher(log, bucket.failing), threading.Event()
    thread = threading.Thread(target=publishing.run, args=(stop, 0.01))
    bucket.proxy.faults[key] = fault
    thread.start()
    try:
        until(lambda: publishing.error is not None, "it tells of the error")
        assert re.search(UNSURE[key], str(publishing.error))
        bucket.proxy.faults.clear()
        until(lambda: publishing.size == SIZE and not publishing.error, "it has published")
        if key[1] == "checkpoint":
            # The next one takes the place of this one.
            bucket.proxy.faults[key] = fault
            grow_bare(log, SIZE + 5)
            until(lambda: publishing.error is not None, "it tells of the error again")
            bucket.proxy.faults.clear()
            until(lambda: publishing.size == SIZE + 5 and not publishing.error, "it has published again")
    finally:
        stop.set()
        thread.join()
    told = [record for record in caplog.records if "cannot be published" in record.message]
    assert told
    assert not [record for record in told if record.exc_info]
    assert size_of(bucket, log) == publishing.size


def test_a_server_that_ignores_conditions_is_found_out(
    bucket: Bucket, log: AuditedLog, request: pytest.FixtureRequest
) -> None:
    if "versitygw" in request.node.name:
        pytest.skip("it would refuse the request, whose signature is over its conditions")
    publisher(log, bucket.failing).publish()
    bucket.proxy.faults["PUT", "checkpoint"] = Fault.IGNORE
    grow_bare(log, SIZE + 5)
    with pytest.raises(PublicationError, match="ignores conditions of requests"):
        publisher(log, bucket.failing).publish()
    assert size_of(bucket, log) == SIZE


def test_any_web_server_will_do(log: AuditedLog, folder: Path) -> None:
    publisher(log, PublishedFolder(folder)).publish()
    with plain_server(folder) as url:
        report = audited(Target("url", url), log.verifier)
    assert (report.verdict, report.job.size) == (Verdict.VALID, SIZE)
