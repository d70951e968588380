# SPDX-License-Identifier: Apache-2.0
"""The contract of the `AccessLog` port, held against every store of who read what."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from notary.access_log import FIRST, Access, AccessLog, Head, NotedAccess
from notary.stores.sqlite_access_log import SqliteAccessLog
from tests.support.builders import NOW
from tests.support.stores import Opener

LAST = 2**63 - 1
LINE = Access(1, NOW, 2, "key_1", "api-key", "receipt", "loan_aa", "", 7, "", "0" * 32)


@pytest.fixture
def make(database: Opener) -> Callable[[], AccessLog]:
    return database.access_log


@pytest.fixture
def log(make: Callable[[], AccessLog]) -> AccessLog:
    return make()


def check_chain(lines: list[NotedAccess]) -> bytes:
    """Return the newest line's hash, after each was found to go on from the one before; newest first."""
    before = FIRST
    for number, line in enumerate(reversed(lines), 1):
        assert line.number == number
        assert line.hash == line.access.chained(number, before)
        before = line.hash
    return before


def test_lines_are_kept_whole_and_counted_for_each_lender(log: AccessLog) -> None:
    other = replace(LINE, lender=2, reader=None, entry=None, query="state=active", document="document_bb", loan="")
    log.note([LINE, other])
    log.note([replace(LINE, kind="record")])
    assert [(item.number, item.access) for item in log.accesses(1, LAST, 10)] == [
        (2, replace(LINE, kind="record")), (1, LINE),
    ]  # fmt: skip
    assert [(item.number, item.access) for item in log.accesses(2, LAST, 10)] == [(1, other)]
    assert log.accesses(3, LAST, 10) == []


def test_each_line_is_chained_to_the_one_before(log: AccessLog) -> None:
    log.note(replace(LINE, at=NOW + number) for number in range(5))
    lines = log.accesses(1, LAST, 10)
    assert [head.hash for head in log.heads()] == [check_chain(lines)]
    assert len({line.hash for line in lines}) == 5


@pytest.mark.parametrize(
    "change",
    [
        {"at": NOW + 1}, {"reader": 3}, {"reader": None}, {"by": "key_2"}, {"way": "session"}, {"kind": "record"},
        {"loan": "loan_ab"}, {"document": "document_1"}, {"entry": 8}, {"entry": None}, {"query": "type=x"},
        {"trace_id": "1" * 32},
    ],
    ids=str,
)  # fmt: skip
def test_every_part_of_a_line_is_in_its_hash(change: dict[str, object]) -> None:
    assert replace(LINE, **change).chained(1, FIRST) != LINE.chained(1, FIRST)  # type: ignore[arg-type]
    assert LINE.chained(2, FIRST) != LINE.chained(1, FIRST) != LINE.chained(1, bytes(31) + b"1")


def test_pages_and_the_lines_of_some_references(log: AccessLog) -> None:
    loans = ["loan_aa", "loan_bb", "", "loan_aa"]
    log.note(replace(LINE, loan=loan, entry=number) for number, loan in enumerate(loans))
    log.note([replace(LINE, loan="", document="document_1"), replace(LINE, loan="loan_aa", document="document_1")])
    assert [item.number for item in log.accesses(1, LAST, 2)] == [6, 5]
    assert [item.number for item in log.accesses(1, 5, 9)] == [4, 3, 2, 1]
    wanted = ["loan_aa", "document_1"]
    assert [item.number for item in log.accesses(1, LAST, 9, wanted)] == [6, 5, 4, 1]
    assert [item.number for item in log.accesses(1, 5, 1, wanted)] == [4]
    assert [log.count(1, names) for names in (wanted, ["loan_bb"], [], [""])] == [4, 1, 0, 0]
    assert log.count(2, wanted) == 0


def test_nothing_is_kept_of_lines_that_cannot_all_be_noted(log: AccessLog) -> None:
    def lines() -> object:
        yield LINE
        raise InterruptedError

    with pytest.raises(InterruptedError):
        log.note(lines())  # type: ignore[arg-type]
    log.note([])
    assert log.heads() == []
    log.note([LINE])
    assert check_chain(log.accesses(1, LAST, 9)) == log.heads()[0].hash


def test_covered_lines_can_be_forgotten_and_no_others(log: AccessLog) -> None:
    log.note(replace(LINE, at=NOW + number) for number in range(4))
    newest = log.heads()[0].hash
    assert log.heads() == [Head(1, 4, newest, NOW)]
    log.forget(NOW + 100)
    assert len(log.accesses(1, LAST, 9)) == 4
    log.covered(1, 3)
    log.covered(1, 2)
    assert log.heads() == [Head(1, 4, newest, NOW + 3)]
    log.forget(NOW + 2)
    assert [item.number for item in log.accesses(1, LAST, 9)] == [4, 3]
    log.forget(NOW + 100)
    assert [item.number for item in log.accesses(1, LAST, 9)] == [4]
    log.covered(1, 4)
    assert log.heads() == [Head(1, 4, newest, None)]
    log.forget(NOW + 100)
    log.note([LINE])
    [line] = log.accesses(1, LAST, 9)
    assert (line.number, line.hash) == (5, LINE.chained(5, newest))


def test_threads_and_processes_keep_one_chain(make: Callable[[], AccessLog]) -> None:
    logs = [make(), make()]
    logs[0].note([LINE])

    def write(log: AccessLog) -> None:
        for number in range(25):
            log.note([replace(LINE, entry=number)])

    threads = [threading.Thread(target=write, args=(log,)) for log in logs * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = make().accesses(1, LAST, 200)
    assert len(lines) == 101
    check_chain(lines)


def test_a_line_is_in_the_file_when_it_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "accesses.db"
    log = SqliteAccessLog(path)
    log.note([LINE])
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM accesses").fetchone() == (1,)
    log.close()


def test_a_file_that_a_kill_left_half_made_is_made_whole(tmp_path: Path) -> None:
    path = tmp_path / "accesses.db"
    with closing(sqlite3.connect(path)) as half:
        half.execute("PRAGMA journal_mode=WAL")
    log = SqliteAccessLog(path)
    assert log.heads() == []
    log.close()
    SqliteAccessLog(path).note([])
