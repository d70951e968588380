# SPDX-License-Identifier: Apache-2.0
"""Copies the rows of SQLite files into an empty PostgreSQL database, as they are: what is sealed stays sealed.

All rows come in one transaction, together with a mark that a move is under way; so a move that was cut short has left
nothing, or rows with the mark, which the next one begins by removing.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any
from urllib.parse import quote

from psycopg import sql
from sqlite_utils import Database as Migrated

from notary.errors import MoveError
from notary.stores.postgres_connection import Connection, connect, translated
from notary.stores.sqlite_file import translated as sqlite_translated
from notary.stores.statements import MIGRATIONS

MOVING = "moving"
"""The name of the mark among `shared_values`."""
_OWN = frozenset({"migrations", "unswept", "shared_values", "windows"})
"""Tables of PostgreSQL's own."""
_LENDER = "(SELECT lender FROM loans WHERE loans.loan_id = {table}.loan_id) AS lender"
"""What stands in a column `lender` that SQLite has not: what belongs to a loan has its lender beside it there."""
_TYPES = {"bigint": "int8", "bytea": "bytea", "text": "text"}


@dataclass(frozen=True)
class _Table:
    """A table of the target: its columns with their types, and those among them that number themselves."""

    name: str
    columns: Mapping[str, str]
    numbered: Sequence[str]


def move_rows(files: Sequence[Path], uri: str) -> dict[str, int]:
    """Copy all rows of `files`, each table from the first that has it; return how many each table has.

    The mark stays until `remove_mark`. Raises `MoveError`, changing nothing, for a target that holds something,
    `UnavailableError` and `CorruptLogError`.
    """
    with closing(connect(uri)) as target, translated(), sqlite_translated(), _opened(files) as sources:
        target.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
        with target.transaction():
            tables = list(_tables(target))
            _empty(target, tables)
            target.execute("INSERT INTO shared_values (name, value) VALUES (%s, '')", (MOVING,))
            found = ((_having(sources, table.name), table) for table in tables)
            return {table.name: _copy(source, target, table) for source, table in found if source}


def is_marked(uri: str) -> bool:
    """Tell whether a move into the database has not come to its end. Raises `UnavailableError`."""
    with closing(connect(uri)) as target, translated():
        return target.execute("SELECT 1 FROM shared_values WHERE name = %s", (MOVING,)).fetchone() is not None


def remove_mark(uri: str) -> None:
    """Let the database be used. Raises `UnavailableError`."""
    with closing(connect(uri)) as target, translated():
        target.execute("DELETE FROM shared_values WHERE name = %s", (MOVING,))


@contextmanager
def _opened(files: Sequence[Path]) -> Iterator[list[sqlite3.Connection]]:
    found: list[sqlite3.Connection] = []
    try:
        found.extend(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True) for path in files)
        if pending := MIGRATIONS.pending(Migrated(found[0])):
            raise MoveError(f"{files[0]} is of an older version, without {pending[0].name}: `loan-notary init` first")
        yield found
    finally:
        for connection in found:
            connection.close()


def _tables(target: Connection) -> Iterator[_Table]:
    """Yield the tables of the target, each after those that it refers to."""
    graph = {
        str(name): set[str]()
        for (name,) in target.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    }
    for table, other in target.execute(
        "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f'"
        " AND connamespace = current_schema()::regnamespace"
    ):
        graph[str(table)].add(str(other))
    for name in TopologicalSorter(graph).static_order():
        if name in _OWN:
            continue
        rows = target.execute(
            "SELECT column_name, data_type, is_identity FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND table_name = %s AND is_generated = 'NEVER'"
            " ORDER BY ordinal_position",
            (name,),
        ).fetchall()
        columns = {str(column): _TYPES[str(kind)] for column, kind, _ in rows}
        yield _Table(name, columns, [str(column) for column, _, identity in rows if identity == "YES"])


def _empty(target: Connection, tables: Sequence[_Table]) -> None:
    """Make sure that nothing is there; remove what a move has left that was cut short."""
    names = sql.SQL(", ").join(sql.Identifier(table.name) for table in tables)
    target.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(names))
    if target.execute("DELETE FROM shared_values WHERE name = %s", (MOVING,)).rowcount:
        target.execute(sql.SQL("TRUNCATE {}").format(names))
        return
    for name in (*(table.name for table in tables), "shared_values"):
        if target.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(name))).fetchone():
            raise MoveError(f"the database is not empty: there are {name} in it")


def _having(sources: Sequence[sqlite3.Connection], table: str) -> sqlite3.Connection | None:
    known = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    return next((source for source in sources if source.execute(known, (table,)).fetchone()), None)


def _copy(source: sqlite3.Connection, target: Connection, table: _Table) -> int:
    theirs = {row[1] for row in source.execute(f'PRAGMA table_info("{table.name}")')}
    if unknown := theirs - table.columns.keys():
        raise MoveError(f"{table.name} has columns that the database has not: {', '.join(sorted(unknown))}")
    wanted = ", ".join(f'"{name}"' if name in theirs else _LENDER.format(table=table.name) for name in table.columns)
    into = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, table.columns))
    )
    rows = 0
    with target.cursor() as cursor, cursor.copy(into) as copy:
        copy.set_types(list(table.columns.values()))
        for row in source.execute(f'SELECT {wanted} FROM "{table.name}"'):  # noqa: S608 - names of our own tables
            copy.write_row(row)
            rows += 1
    for column in table.numbered:
        target.execute(
            sql.SQL("SELECT setval(pg_get_serial_sequence(%s, %s), max({column})) FROM {table}").format(
                column=sql.Identifier(column), table=sql.Identifier(table.name)
            ),
            (table.name, column),
        )
    _check_count(target, table.name, rows)
    return rows


def _check_count(target: Connection, table: str, rows: int) -> None:
    found: Any = target.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    if found[0] != rows:
        raise MoveError(f"{table} has {found[0]} rows in the database, and {rows} were copied")
