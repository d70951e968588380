# SPDX-License-Identifier: Apache-2.0
"""The audit as outsiders run it: over a copy on disk and over HTTP, without records; and the copy itself."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api.audits.auditing import Target
from api.log_fetch import url_fetch
from notary.audit.copying import Copied
from notary.audit.report import AuditReport
from notary.audit.sources import folder_fetch, format_bundle, parse_bundle
from notary.errors import CorruptLogError, NotFoundError, RefusedError, SignedNoteError, UnavailableError
from notary.receipts.report import Verdict
from notary.stores.sqlite import SqliteStore
from tests.support.audited import AuditedLog, audited, export, grow, make_log, places
from tests.support.builders import VAULT, log_signer
from tests.support.serving import Faults, serving_files
from tests.support.tlog import check_log

SIZE = 625


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> AuditedLog:
    return make_log(tmp_path_factory.mktemp("outside") / "data")


@pytest.fixture
def copy(whole: AuditedLog, tmp_path: Path) -> Path:
    """A copy of the log on disk that may be altered."""
    export(whole, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture
def served(copy: Path) -> Iterator[tuple[str, Faults]]:
    with serving_files(copy) as (url, faults):
        yield url, faults


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_copy_is_what_tlog_clients_read(whole: AuditedLog, copy: Path) -> None:
    assert files(copy) == {
        "checkpoint", "tile/entries/000", "tile/entries/001", "tile/entries/002.p/113",
        "tile/0/000", "tile/0/001", "tile/0/002.p/113", "tile/1/000.p/2",
    }  # fmt: skip
    head = check_log(lambda path: (copy / path).read_bytes(), whole.verifier.format())
    assert head.size == SIZE


def test_a_copy_that_was_cut_short_goes_on(whole: AuditedLog, copy: Path) -> None:
    before = (copy / "tile/0/000").stat().st_mtime_ns
    for gone in ("checkpoint", "tile/0/001", "tile/entries/002.p/113"):
        (copy / gone).unlink()
    assert export(whole, copy) == Copied(SIZE, 2)
    assert (copy / "tile/0/000").stat().st_mtime_ns == before
    assert export(whole, copy) == Copied(SIZE, 0)
    assert not [name for name in files(copy) if name.endswith(".part")]


def test_a_copy_grows_with_its_log(whole: AuditedLog, copy: Path, tmp_path: Path) -> None:
    grown = whole.copy(tmp_path / "grown")
    grow(grown, 300)
    assert export(grown, copy).size == SIZE + 300
    assert audited(Target("copy", str(copy)), whole.verifier).verdict is Verdict.VALID
    # The partial tiles have gone into full ones; who still asks for one of them gets the beginning of the full tile.
    (copy / "tile/0/002.p/113").unlink()
    (copy / "tile/entries/002.p/113").unlink()
    (copy / "checkpoint").write_text(SqliteStore(whole.database, VAULT).head().checkpoint)  # type: ignore[union-attr]
    assert audited(Target("copy", str(copy)), whole.verifier).verdict is Verdict.VALID


def test_a_copy_of_another_log_or_a_larger_one_is_left_alone(whole: AuditedLog, copy: Path, tmp_path: Path) -> None:
    grown = whole.copy(tmp_path / "grown")
    grow(grown, 3)
    export(grown, copy)
    before = files(copy)
    with pytest.raises(RefusedError, match="has 628 entries, and the log only 625"):
        export(whole, copy)
    with pytest.raises(SignedNoteError):
        export(whole, tmp_path / "new", log_signer("other.example/log").verifier)
    assert files(copy) == before
    assert not (tmp_path / "new").exists()


def test_a_log_that_lacks_entries_is_not_copied_as_if_it_had_them(whole: AuditedLog, tmp_path: Path) -> None:
    log = whole.copy(tmp_path / "altered")
    log.alter("DELETE FROM entries WHERE entry_index = 300")
    with pytest.raises(CorruptLogError, match="tile/entries/001 has 255 entries, not 256"):
        export(log, tmp_path / "copy")
    assert not (tmp_path / "copy" / "checkpoint").exists()


def bundle(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[bytes], bytes]:
    return lambda data: format_bundle(change(parse_bundle(data)))


def flip(data: bytes) -> bytes:
    return data[:700] + bytes([data[700] ^ 1]) + data[701:]


BUNDLE, TILE, LAST = "tile/entries/001", "tile/0/001", "tile/entries/002.p/113"
ALTERATIONS: dict[str, tuple[str, Callable[[bytes], bytes], set[str]]] = {
    "an entry": (BUNDLE, bundle(lambda e: [*e[:44], e[44][:-1] + b"!", *e[45:]]), {"entry 300"}),
    "an entry of the last bundle": (LAST, bundle(lambda e: [*e[:-1], e[-1][:-1] + b"!"]), {"entry 624"}),
    "two entries exchanged": (BUNDLE, bundle(lambda e: [e[1], e[0], *e[2:]]), {"entry 256", "entry 257"}),
    "an entry gone": (BUNDLE, bundle(lambda e: e[:44] + e[45:]), {"entry 300", "entries 256 to 511"}),
    "an entry twice": (BUNDLE, bundle(lambda e: [*e[:45], *e[44:]]), {"entries 256 to 511"}),
    "an entry over another": (BUNDLE, bundle(lambda e: [*e[:44], e[0], *e[45:]]), {"entry 300"}),
    "a bundle cut off": (BUNDLE, lambda data: data[:-1], {"entries 256 to 511"}),
    "a tile": (TILE, flip, {"tile 0/1"}),
    "a tile cut off": (TILE, lambda data: data[:-1], {"tile 0/1"}),
    "the last tile": ("tile/0/002.p/113", flip, {"tile 0/2"}),
    "the upper tile": ("tile/1/000.p/2", lambda data: data[:32] + bytes(32), {"tile 1/0"}),
    "the checkpoint": ("checkpoint", lambda data: data.replace(b"625", b"624"), {"checkpoint"}),
    "a checkpoint that is no text": ("checkpoint", lambda data: b"\xff" + data, {"checkpoint"}),
    "an empty checkpoint": ("checkpoint", lambda _: b"", {"checkpoint"}),
}  # fmt: skip


@pytest.mark.parametrize("name", ALTERATIONS)
@pytest.mark.parametrize("kind", ["copy", "url"])
def test_what_was_altered_is_named(
    whole: AuditedLog, copy: Path, served: tuple[str, Faults], kind: str, name: str
) -> None:
    path, change, wanted = ALTERATIONS[name]
    file = copy / path
    file.write_bytes(change(file.read_bytes()))
    report = outside(kind, copy, served[0], whole)
    assert (report.verdict, report.unknown) == (Verdict.INVALID, ())
    assert places(report) == wanted, report.findings.ordered()


@pytest.mark.parametrize("kind", ["copy", "url"])
def test_an_outsider_finds_an_honest_log_clean(
    whole: AuditedLog, copy: Path, served: tuple[str, Faults], kind: str
) -> None:
    report = outside(kind, copy, served[0], whole)
    assert (report.verdict, report.job.size, report.histories) == (Verdict.VALID, SIZE, None)
    assert report.not_checked == ("anchors: no node and no registry to ask were named",)


def outside(kind: str, copy: Path, url: str, whole: AuditedLog) -> AuditReport:
    return audited(Target("copy", str(copy)) if kind == "copy" else Target("url", url), whole.verifier)


@pytest.mark.parametrize(("path", "place"), [(BUNDLE, "entries 256 to 511"), (TILE, "tile 0/1")])
def test_what_the_log_does_not_have_is_a_finding(
    whole: AuditedLog, served: tuple[str, Faults], path: str, place: str
) -> None:
    url, faults = served
    faults.status[f"/{path}"] = 404
    assert place in places(audited(Target("url", url), whole.verifier))


@pytest.mark.parametrize("status", [503, 302])
def test_what_cannot_be_fetched_now_is_unknown(whole: AuditedLog, served: tuple[str, Faults], status: int) -> None:
    url, faults = served
    faults.status[f"/{TILE}"] = status
    report = audited(Target("url", url), whole.verifier)
    assert (report.verdict, report.findings.count, report.root) == (Verdict.CANNOT_TELL, 0, None)
    assert report.unknown


def test_a_log_that_is_away_is_unknown(whole: AuditedLog) -> None:
    with pytest.raises(UnavailableError, match="does not answer"):
        audited(Target("url", "http://127.0.0.1:9/log"), whole.verifier)


def test_a_folder_without_a_log_shows_no_checkpoint(whole: AuditedLog, tmp_path: Path) -> None:
    assert places(audited(Target("copy", str(tmp_path)), whole.verifier)) == {"checkpoint"}


def test_answers_have_a_largest_size(served: tuple[str, Faults], copy: Path) -> None:
    for fetch in (url_fetch(served[0]), folder_fetch(copy)):
        assert len(fetch("tile/0/000", 8192)) == 8192
        with pytest.raises(CorruptLogError, match="more than 8191 bytes"):
            fetch("tile/0/000", 8191)
        with pytest.raises(NotFoundError):
            fetch("tile/9/000", 8192)
