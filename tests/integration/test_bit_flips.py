# SPDX-License-Identifier: Apache-2.0
"""Bits of the database file are flipped, one at a time: the audit finds whatever changes what is stored.

A flip is *harmless* where every row of every table still reads the same: in pages that are not used, and in the slack
of others. What changes a row of a table that the log proves nothing about and that is not kept twice
(`0013_twice.sql`) may go unnoticed; none of these is evidence.
"""

import random
import sqlite3
from collections import Counter
from contextlib import closing
from typing import Any

import pytest

from notary.errors import CorruptLogError
from notary.receipts.report import Verdict
from tests.integration.test_migrations import counts, value
from tests.support.audited import AuditedLog, make_log

PAGE = 4096
TWICE = ("organisations", "api_keys", "party_keys", "roots", "policies", "client_keys")
EVIDENCE = {*TWICE, "head", "entries", "tiles", "records", "loans", "loan_keys", "organisation_keys", ""}
"""What no flip may change unnoticed; the empty name stands for a file that cannot be read."""


class Flips:
    """A copy of a database, to be flipped and mended again and again."""

    def __init__(self, log: AuditedLog) -> None:
        self._log = log
        self.data = log.database.read_bytes()
        self._rows = self._read()
        self.size = len(self.data)

    def flip(self, place: int, bit: int) -> tuple[set[str], bool]:
        """Flip a bit; return which tables have changed ("" for a file that cannot be read), and if it was found."""
        data = bytearray(self.data)
        data[place] ^= 1 << bit
        self._log.database.write_bytes(data)
        try:
            now = self._read()
            changed = {name for name in now.keys() | self._rows.keys() if now.get(name) != self._rows.get(name)}
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            changed = {""}
        try:
            # Of a row that cannot be read the audit may say that it cannot tell.
            found = self._log.audit().verdict is not Verdict.VALID
        except CorruptLogError:
            found = True
        finally:
            self._log.database.write_bytes(self.data)
        return changed, found

    def content(self, table: str) -> list[int]:
        """Return the places of bytes in the first page of a table that belong to its rows, or to finding them."""
        with closing(sqlite3.connect(self._log.database)) as connection:
            query = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
            [(page,)] = connection.execute(query, (table,))
        start = (page - 1) * PAGE
        head = int.from_bytes(self.data[start + 5 : start + 7])
        return list(range(start + head, start + PAGE))

    def _read(self) -> dict[str, Any]:
        with closing(sqlite3.connect(self._log.database)) as connection:
            connection.text_factory = bytes
            query = "SELECT name, sql FROM sqlite_schema ORDER BY name"
            schema = connection.execute(query).fetchall()
            names = [name.decode() for name, sql in schema if sql and sql.startswith(b"CREATE TABLE")]
            rows = {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}
            return {**rows, "schema": schema}


@pytest.fixture(scope="module")
def flips(tmp_path_factory: pytest.TempPathFactory) -> Flips:
    folder = tmp_path_factory.mktemp("flips")
    made = make_log(folder / "made", signed_records=4, plain=300)
    with closing(sqlite3.connect(made.database)) as connection, connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        empty = [
            name for name, rows in counts(connection).items() if not rows and name not in ("anchors", "anchor_changes")
        ]
        for table in empty:
            columns = [row for row in connection.execute(f"PRAGMA table_xinfo({table})") if row[6] == 0]
            names, marks = ", ".join(row[1] for row in columns), ", ".join("?" for _ in columns)
            values = [value(row[1], row[2], 1) for row in columns]
            connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)
    # A copy of SQLite's own making: one file, without a log beside it.
    log = made.copy(folder / "copy")
    assert log.audit().verdict is Verdict.VALID
    return Flips(log)


def flipped(flips: Flips, places: list[tuple[int, int]]) -> Counter[str]:
    """Flip each and count what came of it; nothing that changes evidence may go unnoticed."""
    outcomes: Counter[str] = Counter()
    for place, bit in places:
        changed, found = flips.flip(place, bit)
        assert found or not changed & EVIDENCE, (place, bit, changed)
        outcomes["found" if found else "passing" if changed else "harmless"] += 1
    return outcomes


def test_flips_anywhere_are_found_or_harmless(flips: Flips) -> None:
    chosen = random.Random(7)
    outcomes = flipped(flips, [(chosen.randrange(flips.size), chosen.randrange(8)) for _ in range(30)])
    assert outcomes["found"] >= 5, outcomes


@pytest.mark.parametrize("table", [*TWICE, "head", "loans"])
def test_flips_in_small_tables_are_found(flips: Flips, table: str) -> None:
    chosen = random.Random(table)
    outcomes = flipped(flips, [(chosen.choice(flips.content(table)), chosen.randrange(8)) for _ in range(4)])
    assert outcomes["found"] >= 3, outcomes


def test_a_damaged_schema_ended_the_audit_by_an_error_of_pythons(flips: Flips) -> None:
    place = flips.data.index(b"CREATE TABLE records")
    assert flips.flip(place + 3, 7) == ({""}, True)


@pytest.mark.slow
def test_many_flips_anywhere_are_found_or_harmless(flips: Flips) -> None:
    chosen = random.Random(8)
    outcomes = flipped(flips, [(chosen.randrange(flips.size), chosen.randrange(8)) for _ in range(1_500)])
    assert outcomes["found"] > 500, outcomes
