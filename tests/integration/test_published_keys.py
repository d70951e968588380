# SPDX-License-Identifier: Apache-2.0
"""The key history beside a published log: there before a checkpoint that needs it, and never but grown."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import obstore
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from obstore.store import MemoryStore

from api.databases import open_store
from api.keys.log_keys import verifiers
from api.keys.rotation import rotate_log_key
from api.publishing import make_publishers, open_publication
from api.settings import DataFolder
from notary.audit.sources import KEYS, StoreSource
from notary.errors import CorruptLogError, NotaryError, PublicationError, SignedNoteError, UnavailableError
from notary.log.key_history import MAX_HISTORY, parse_history, sign_succession, write_history
from notary.log.signed_note import NoteSigner
from notary.ports.publication import Publication
from notary.publishing import Published, Publisher
from notary.stores.published_folder import PublishedFolder
from notary.stores.published_objects import PublishedObjects
from tests.support.api import Api, agreement, make_folder, rotatable_api
from tests.support.audited import AuditedLog, grow_bare, make_bare_log
from tests.support.builders import NOW, ORIGIN
from tests.support.cli import document, is_one_line, run
from tests.support.plain_server import plain_server
from tests.support.s3 import BUCKET, MOTO, running_moto, variables

SIZE = 300
KEYS_OF_LOG = [Ed25519PrivateKey.from_private_bytes(sha256(seed).digest()) for seed in (b"log", b"2", b"3", b"4")]
FIRST, SECOND, THIRD, STRANGER = (NoteSigner(ORIGIN, key) for key in KEYS_OF_LOG)


def note_of(old: int, new: int) -> str:
    """Return the note that one of these keys follows another."""
    return sign_succession(NoteSigner(ORIGIN, KEYS_OF_LOG[old], KEYS_OF_LOG[new]), NOW, NOW)


NOTES = (note_of(0, 1), note_of(1, 2))
NONE, ONE, TWO = write_history(()), write_history(NOTES[:1]), write_history(NOTES)


@pytest.fixture
def log(tmp_path: Path) -> AuditedLog:
    return make_bare_log(tmp_path / "data", SIZE)


def publisher(log: AuditedLog, publication: Publication, history: bytes | None, *known: NoteSigner) -> Publisher:
    keys = tuple(signer.verifier for signer in (*known, FIRST))
    return Publisher(StoreSource(open_store(DataFolder(log.folder))), lambda: keys, publication, lambda: history)


class Recorded(PublishedFolder):
    """Keeps in mind which files were written, in order."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.written: list[str] = []

    def put_new(self, path: str, data: bytes) -> bool:
        self.written.append(path)
        return super().put_new(path, data)

    def replace(self, path: str, data: bytes, version: str) -> bool:
        self.written.append(path)
        return super().replace(path, data, version)


def test_it_comes_before_the_checkpoint_and_grows(log: AuditedLog, tmp_path: Path) -> None:
    folder = Recorded(tmp_path / "web")
    for history in (None, NONE):
        publisher(log, folder, history).publish()
        assert not (tmp_path / "web" / KEYS).exists()
    for size, history, signer in ((SIZE + 1, ONE, SECOND), (SIZE + 2, TWO, THIRD)):
        grow_bare(log, size, signer)
        folder.written.clear()
        publishing = publisher(log, folder, history, signer)
        published = publishing.publish()
        assert (tmp_path / "web" / KEYS).read_bytes() == history
        # The first two only try whether the store refuses what it must.
        assert folder.written[:3] == ["checkpoint", "checkpoint", KEYS]
        assert folder.written[-1] == "checkpoint"
        # The first is a file more, beside a bundle and a tile; the second in place of it.
        assert published == Published(size, 2 + (history == ONE))
        folder.written.clear()
        assert publishing.publish() == Published(size, 0)
        assert KEYS not in folder.written
        assert publishing.check() == []


def test_a_new_history_is_published_though_the_log_did_not_grow(log: AuditedLog, tmp_path: Path) -> None:
    folder = PublishedFolder(tmp_path / "web")
    publisher(log, folder, None).publish()
    assert publisher(log, folder, ONE).publish() == Published(SIZE, 1)
    assert publisher(log, folder, TWO).publish() == Published(SIZE, 0)
    assert (tmp_path / "web" / KEYS).read_bytes() == TWO


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        (TWO, "does not go on from that at"),
        (write_history((note_of(0, 3),)), "does not go on from that at"),
        (write_history((NOTES[1], NOTES[0])), "does not go on from that at"),
        (b"x", "is no key history"),
        (ONE + b"\n", "is no key history"),
        (b"x" * (MAX_HISTORY + 1), "is no key history"),
    ],
)
def test_no_other_history_is_ever_overwritten(log: AuditedLog, tmp_path: Path, standing: bytes, words: str) -> None:
    folder = PublishedFolder(tmp_path / "web")
    publisher(log, folder, None).publish()
    before = (tmp_path / "web" / "checkpoint").read_bytes()
    (tmp_path / "web" / KEYS).write_bytes(standing)
    grow_bare(log, SIZE + 1)
    publishing = publisher(log, folder, ONE)
    with pytest.raises(PublicationError, match=words):
        publishing.publish()
    assert publishing.check() == ["keys is not what the log has there"]
    assert (tmp_path / "web" / KEYS).read_bytes() == standing
    assert (tmp_path / "web" / "checkpoint").read_bytes() == before


@pytest.mark.parametrize(
    ("history", "error"),
    [
        (write_history((note_of(1, 2),)), SignedNoteError),
        (write_history((NOTES[0], note_of(2, 3))), CorruptLogError),
        (ONE.replace(b"loan-notary/log-key@1", b"loan-notary/log-key@2"), SignedNoteError),
        (ONE[:-1], NotaryError),
    ],
)
def test_a_history_that_proves_nothing_is_not_published(
    log: AuditedLog, tmp_path: Path, history: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        publisher(log, PublishedFolder(tmp_path / "web"), history).publish()
    assert not (tmp_path / "web").exists()


def test_what_is_missing_is_told_and_added_by_the_next(log: AuditedLog, tmp_path: Path) -> None:
    folder = PublishedFolder(tmp_path / "web")
    publisher(log, folder, ONE).publish()
    (tmp_path / "web" / KEYS).unlink()
    assert publisher(log, folder, ONE).check() == ["keys is missing"]
    assert publisher(log, folder, None).check() == publisher(log, folder, NONE).check() == []
    assert publisher(log, folder, ONE).publish().files == 1
    assert publisher(log, folder, ONE).check() == []


class Losing(PublishedFolder):
    """Says of the key history that it was stored, and did not."""

    def put_new(self, path: str, data: bytes) -> bool:
        return path == KEYS or super().put_new(path, data)

    def replace(self, path: str, data: bytes, version: str) -> bool:
        return path == KEYS or super().replace(path, data, version)


@pytest.mark.parametrize("standing", [None, ONE])
def test_one_that_is_lost_is_noticed_before_the_checkpoint(
    log: AuditedLog, tmp_path: Path, standing: bytes | None
) -> None:
    folder = tmp_path / "web"
    publisher(log, PublishedFolder(folder), standing).publish()
    before = (folder / "checkpoint").read_bytes()
    grow_bare(log, SIZE + 1, SECOND)
    publishing = publisher(log, Losing(folder), TWO, SECOND)
    # Again: what was lost once is not taken for done.
    for _ in range(2):
        with pytest.raises(UnavailableError, match="shows another key history"):
            publishing.publish()
    assert (folder / "checkpoint").read_bytes() == before


def test_an_object_says_what_it_is_and_is_asked_for_anew(log: AuditedLog) -> None:
    store = MemoryStore()
    publisher(log, PublishedObjects(store, "memory"), ONE).publish()
    told = obstore.get(store, KEYS).attributes
    assert (told["Content-Type"], told["Cache-Control"]) == ("application/json", "public, max-age=2")


# --- a notary whose key changes, as outsiders see it who know the first one


@dataclass(frozen=True)
class Stage:
    """A notary, a receipt of before, and the key of that time, which its folder `web` is published for."""

    api: Api
    receipt: Path
    key: str

    def publish(self) -> None:
        for publishing in make_publishers(self.api.folder, self.api.folder.settings()):
            publishing.publish()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    folder = make_folder(tmp_path / "data", publish_to=("web",))
    with ExitStack() as stack:
        api = stack.enter_context(rotatable_api(folder))
        receipt = tmp_path / "receipt.json"
        receipt.write_bytes(api.submit(agreement("R-1", api.bank)).data)
        yield Stage(api, receipt, verifiers(folder.keys, folder.settings().origin, int)[0].format())


def test_who_knows_the_first_key_needs_the_files_alone(stage: Stage, tmp_path: Path) -> None:
    stage.publish()
    web = stage.api.folder.path / "web"
    assert not (web / KEYS).exists()
    done = [rotate_log_key(stage.api.folder, 0) for _ in range(2)]
    stage.publish()
    assert [item.new.format() for item in parse_history((web / KEYS).read_bytes())] == [item.new for item in done]
    proof, mirror, copy = (tmp_path / name for name in ("proof", "mirror", "copy"))
    with plain_server(web) as url:
        for log in (("--log", url), ("--copy", web)):
            named = (*log, "--log-key", stage.key)
            audit = run("audit", *named, "--json")
            assert (audit.exit_code, document(audit)["findings"]) == (0, []), audit.output
            assert run("prove", stage.receipt, "-o", proof, *named).exit_code == 0
        watched = run("monitor", url, "--log-key", stage.key, "--state", tmp_path / "state", "--once")
        assert watched.exit_code == 0, watched.output
        # A mirror of it, and a copy, serve as well.
        for made in (run("publish", "--to", mirror, *named), run("export-log", copy, *named)):
            assert made.exit_code == 0, made.output
    for folder in (mirror, copy):
        assert (folder / KEYS).read_bytes() == (web / KEYS).read_bytes()
        assert run("audit", "--copy", folder, "--log-key", stage.key).exit_code == 0
        (folder / KEYS).unlink()
        assert run("audit", "--copy", folder, "--log-key", stage.key).exit_code == 1
        assert run("audit", "--copy", folder, "--log-key", stage.key, "--key-history", web / KEYS).exit_code == 0
    checked = ("verify-export", proof, "--receipt", stage.receipt, "--json")
    is_one_line(run(*checked, "--log-key", stage.key), 1, "error")
    told = run(*checked, "--log-key", stage.key, "--key-history", web / KEYS)
    assert (told.exit_code, document(told)["log_key"]) == (0, done[-1].new)
    is_one_line(run(*checked, "--key-history", web / KEYS), 1, "without a key of the log that you trust")


def test_a_bucket_has_it_too(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not MOTO.exists():
        pytest.skip("there is no moto here")
    place = f"s3://{BUCKET}/log"
    with running_moto(tmp_path) as url:
        for name, value in variables(url).items():
            monkeypatch.setenv(name, value)
        for count in range(3):
            published = run("publish", "--to", place, "--data", stage.api.folder.path)
            assert published.exit_code == 0, published.output
            if count:
                held = open_publication(place, Path()).get(KEYS, MAX_HISTORY)
                assert len(parse_history(held.data)) == count
            rotate_log_key(stage.api.folder, 0)
