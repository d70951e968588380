# SPDX-License-Identifier: Apache-2.0
"""The checking process: whatever a document does to it, there is an answer, in time, and the next one is checked."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from zlib import compress

import pytest

from api.checker import CheckerPool
from notary.documents.document import CheckStatus, CheckSubject, CheckTask, DocumentCheck
from notary.errors import CheckerBusyError
from notary.inspection import limits
from notary.inspection.process import in_fork, inspect
from tests.support.files import authority, detached_signature, issued, pdf_of, plain_pdf, sealed_at, signed_pdf
from tests.support.service import until

OK, FAILED, UNKNOWN = CheckStatus.OK, CheckStatus.FAILED, CheckStatus.UNKNOWN
NOW = int(time.time() * 1000)
FIRST = DocumentCheck("pdf", OK, "found before the end")


@pytest.fixture(scope="module")
def pool() -> Iterator[CheckerPool]:
    pool = CheckerPool()
    yield pool
    pool.close()


@pytest.fixture
def task_of(tmp_path: Path) -> Callable[..., CheckTask]:
    def make(data: bytes, subject: CheckSubject = CheckSubject.PDF, attachment: bytes = b"") -> CheckTask:
        return CheckTask(subject, sealed_at(tmp_path / "document", data), NOW, (authority().der,), attachment)

    return make


def test_all_kinds_of_evidence_are_checked_by_the_process(pool: CheckerPool, task_of: Callable[..., CheckTask]) -> None:
    pdf = signed_pdf(plain_pdf(), issued())
    found = [(check.kind, check.status) for check in pool.check(task_of(pdf))]
    assert found == [("pdf", OK), ("pdf-content", OK), ("pdf-signature", OK), ("pdf-changes", OK)]
    signature = detached_signature(b"file", issued())
    [check] = pool.check(task_of(b"file", CheckSubject.SIGNATURE, signature))
    assert (check.kind, check.status) == ("cms-signature", OK)
    [check] = pool.check(task_of(b"file", CheckSubject.TIMESTAMP, b"junk"))
    assert (check.kind, check.status) == ("timestamp", FAILED)


def object_stream(data: bytes, length: int | None = None) -> bytes:
    packed = compress(data, 9)
    size = len(packed) if length is None else length
    return b"<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (size, packed)


CATALOG = b"<< /Type /Catalog /Pages 2 0 R /X 3 0 R >>"
PAGES = b"<< /Type /Pages /Count 0 /Kids [] >>"
BOMBS = {
    "a hundred thousand brackets": pdf_of([CATALOG, PAGES, b"[" * 100_000 + b"]" * 100_000]),
    "dictionaries in dictionaries": pdf_of([CATALOG, PAGES, b"<< /A " * 50_000 + b"1" + b" >>" * 50_000]),
    "a reference to itself": pdf_of([CATALOG, PAGES, b"3 0 R"]),
    "references in a circle": pdf_of([CATALOG, PAGES, b"4 0 R", b"3 0 R"]),
    "pages that are their own kids": pdf_of([CATALOG, b"<< /Type /Pages /Count 1 /Kids [2 0 R] >>", b"null"]),
    "a length that lies": plain_pdf().replace(b"/Length", b"/Length 999999999 %"),
    "a length below zero": plain_pdf().replace(b"/Length 3", b"/Length -3"),
    "a cross-reference table of a billion": plain_pdf().replace(b"xref\n0 ", b"xref\n0 99999999"),
    "a start far beyond the end": plain_pdf().replace(b"startxref\n", b"startxref\n9999999"),
    "nine zeros of null bytes, packed": pdf_of([CATALOG, PAGES, object_stream(bytes(300_000_000))]),
    "a cross-reference stream that unpacks to much": (
        b"%PDF-1.7\n1 0 obj\n<< /Type /XRef /Size 99999999 /W [1 8 8] /Root 1 0 R "
        b"/Filter /FlateDecode /Length 99999 >>\n"
        b"stream\n" + compress(bytes(100_000_000)) + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n"
    ),
    "no root": pdf_of([b"<< >>"]).replace(b"/Root 1 0 R", b""),
    "a root that is a number": pdf_of([b"42"]),
    "binary noise": b"%PDF-1.7\n" + bytes(range(256)) * 400 + b"startxref\n9\n%%EOF\n",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_an_answer(pool: CheckerPool, task_of: Callable[..., CheckTask], name: str) -> None:
    checks = pool.check(task_of(BOMBS[name]))
    assert checks
    # Some are odd and harmless, and read by a reader that is not led astray; none is more than that.
    assert all(check.status is not OK or check.kind in ("pdf", "pdf-content") for check in checks)
    assert [check.kind for check in pool.check(task_of(plain_pdf()))] == ["pdf", "pdf-content"]


@pytest.mark.slow
def test_a_document_that_takes_too_long_is_ended(pool: CheckerPool, task_of: Callable[..., CheckTask]) -> None:
    [check] = pool.check(task_of(pdf_of([CATALOG, PAGES, b"[" + b"1 " * 20_000_000 + b"]"])))
    assert check.status is UNKNOWN
    assert [check.kind for check in pool.check(task_of(plain_pdf()))] == ["pdf", "pdf-content"]


# --- what a fork may do


def burn(_: CheckTask) -> Iterator[DocumentCheck]:
    limits.confine(cpu_seconds=1)
    yield FIRST
    while True:
        pass


def grow(_: CheckTask) -> Iterator[DocumentCheck]:
    limits.confine(memory=2 << 30)
    yield FIRST
    yield DocumentCheck("pdf", OK, str(len(bytearray(3 << 30))))


def crash(_: CheckTask) -> Iterator[DocumentCheck]:
    yield FIRST
    os.kill(os.getpid(), signal.SIGKILL)


def leave(_: CheckTask) -> Iterator[DocumentCheck]:
    yield FIRST
    raise SystemExit(0)


def babble(_: CheckTask) -> Iterator[DocumentCheck]:
    while True:
        yield FIRST


def sleep(_: CheckTask) -> Iterator[DocumentCheck]:
    yield FIRST
    time.sleep(1000)


ENDS = {
    burn: "s of computing",
    grow: "MemoryError",
    crash: "ended by itself",
    leave: "ended by itself",
    sleep: "did not come to an end",
}


@pytest.mark.parametrize("work", ENDS, ids=lambda work: work.__name__)
def test_a_fork_that_does_not_end_well_says_so_after_what_it_found(
    task_of: Callable[..., CheckTask], work: Callable[[CheckTask], Iterator[DocumentCheck]]
) -> None:
    first, last = in_fork(work, task_of(b""), wall=0.5 if work is sleep else 60.0)
    assert first == FIRST
    assert last.status is UNKNOWN
    assert ENDS[work] in last.detail


def test_a_fork_that_says_too_much_is_cut_short(task_of: Callable[..., CheckTask]) -> None:
    checks = in_fork(babble, task_of(b""))
    assert checks[-1].status is UNKNOWN
    assert len(checks) < 10_000


REACHES: dict[str, Callable[[], object]] = {
    "a file": lambda: os.open(__file__, os.O_RDONLY),
    "a socket": socket.socket,
    "a pipe": os.pipe,
}


def reach(_: CheckTask) -> Iterator[DocumentCheck]:
    limits.confine()
    for what, attempt in REACHES.items():
        try:
            attempt()
        except OSError:
            continue
        yield DocumentCheck("pdf", FAILED, what)


def test_a_fork_reaches_neither_files_nor_the_network(task_of: Callable[..., CheckTask]) -> None:
    assert in_fork(reach, task_of(b"")) == []


def test_a_document_that_is_gone_is_unknown(task_of: Callable[..., CheckTask]) -> None:
    task = task_of(b"")
    task.document.path.unlink()
    [check] = in_fork(inspect, task)
    assert check.status is UNKNOWN


# --- the pool


def test_a_process_that_is_killed_is_replaced(task_of: Callable[..., CheckTask]) -> None:
    others = checking_children()
    pool = CheckerPool()
    try:
        assert len(pool.check(task_of(plain_pdf()))) == 2
        [pid] = checking_children() - others
        os.kill(pid, signal.SIGKILL)
        until(lambda: checking_children() == others, "the process has ended")
        [check] = pool.check(task_of(plain_pdf()))
        assert check.status is UNKNOWN
        assert len(pool.check(task_of(plain_pdf()))) == 2
    finally:
        pool.close()
    assert checking_children() == others


def test_more_documents_than_are_checked_are_told_to_come_again(task_of: Callable[..., CheckTask]) -> None:
    pool = CheckerPool(processes=1, wait=0.05)
    task, taken, release = task_of(plain_pdf()), threading.Event(), threading.Event()

    def hold() -> None:
        with pool._place():
            taken.set()
            release.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    taken.wait()
    try:
        with pytest.raises(CheckerBusyError):
            pool.check(task)
    finally:
        release.set()
        holder.join()
    assert len(pool.check(task)) == 2
    pool.close()


def checking_children() -> set[int]:
    """Return this process's living children that check documents."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if int(parent) == os.getpid() and state != "Z" and b"notary.inspection" in line:
                found.add(int(entry.name))
    return found
