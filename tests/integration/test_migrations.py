# SPDX-License-Identifier: Apache-2.0
"""Databases of every schema there ever was, with rows in every table that is not sealed: all of it is still there."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from notary.stores.sqlite import SqliteStore
from notary.stores.statements import MIGRATIONS
from tests.support.builders import VAULT

SCRIPTS = [item.name for item in MIGRATIONS.pending(Database(memory=True))]
ROWS = 3
SEALED = {
    "loans", "records", "drafts", "deliveries", "grants", "passes", "organisation_keys", "loan_keys", "documents",
    "document_attachments", "unpacked",
}  # fmt: skip
"""Tables whose rows are sealed, or go with the loans': the tests of sealing and packing have real ones of before."""


def database_of(path: Path, version: int) -> None:
    """Make a database as the first `version` migrations make it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        stop = SCRIPTS[version] if version < len(SCRIPTS) else None
        MIGRATIONS.apply(Database(connection), **({"stop_before": stop} if stop else {}))


def fill(path: Path) -> dict[str, int]:
    """Put rows into every table and return how many each has; values are made up after their columns' types."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        for table in (name for name in tables(connection) if name.removeprefix("clear_") not in SEALED):
            columns = [
                row
                for row in connection.execute(f"PRAGMA table_xinfo({table})")
                if row[6] == 0 and not row[1].startswith("_")
            ]
            names = ", ".join(row[1] for row in columns)
            marks = ", ".join("?" for _ in columns)
            for number in range(1, 2 if table == "head" else ROWS + 1):
                values = [value(row[1], row[2], number) for row in columns]
                connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)
        return counts(connection)


def value(name: str, kind: str, number: int) -> Any:
    if name in ("lender", "organisation", "auditor", "entry_index", "loan_id", "number") and kind == "INTEGER":
        return number
    if name == "payload":
        return b'{"type":"repayment"}'
    if kind == "INTEGER":
        return number
    # A moment that a trigger or a query compares with is a number; all else tells table rows apart.
    return f"{name}-{number}" if kind == "TEXT" else f"{name}-{number}".encode()


def tables(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    return [name for (name,) in rows if not name.startswith(("sqlite_", "_"))]


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables(connection)}


def schema(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
        return [(name, re.sub(r"\s+", " ", sql)) for name, sql in rows if not name.startswith(("sqlite_", "_"))]


@pytest.mark.parametrize("version", range(1, len(SCRIPTS) + 1))
def test_a_database_of_any_version_comes_up_to_date_with_all_its_rows(tmp_path: Path, version: int) -> None:
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    database_of(old, version)
    before = fill(old)
    store = SqliteStore.create(old, VAULT)
    assert store.damage() == []
    store.close()
    SqliteStore.create(new, VAULT).close()
    assert schema(old) == schema(new)
    with closing(sqlite3.connect(old)) as connection:
        after = counts(connection)
    renamed = {"lenders": "organisations"}
    for table, rows in ((name, rows) for name, rows in before.items() if not name.startswith(("clear_", "unpacked"))):
        assert after[renamed.get(table, table)] >= rows, table
    # Harmless to repeat.
    SqliteStore.create(old, VAULT).close()
    with closing(sqlite3.connect(old)) as connection:
        assert counts(connection) == after
