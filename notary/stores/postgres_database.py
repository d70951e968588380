# SPDX-License-Identifier: Apache-2.0
"""One PostgreSQL database: its schema, its transactions, and how it forgets."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Self

import psycopg
from psycopg.pq import PipelineStatus, TransactionStatus

from notary.privacy.vault import Vault
from notary.stores.database import Database, Runner, Values
from notary.stores.postgres_connection import Connection, parameters, translated
from notary.stores.postgres_pool import Connections, connections
from notary.stores.postgres_schema import bring_up_to_date, damage
from notary.stores.postgres_sweeping import patiently, sweep
from notary.stores.postgres_transactions import begin, commit, roll_back
from notary.stores.statements import POSTGRES_STATEMENTS

_FEW = 128
"""Rows up to which waiting for the server's answers takes longer than COPY saves."""


class PostgresDatabase(Database):
    """The database at `uri`, for the adapters that are mixed with this.

    A thread has a connection only while it is in a transaction or a statement.
    """

    def __init__(self, uri: str, vault: Vault) -> None:
        """Use the database that `create` has made; `vault` opens the keys in it. Connects to nothing yet.

        Raises `UnavailableError` for what is no URI of PostgreSQL.
        """
        super().__init__(vault)
        parameters(uri)
        self._connections: Connections = connections(uri)
        self._local = threading.local()

    @classmethod
    def create(cls, uri: str, vault: Vault) -> Self:
        """Make the tables, or bring older ones up to date; harmless to repeat.

        Raises `DataKeyError` if another data key has wrapped the keys in it, `UnavailableError` if the database is not
        there, or was made by a newer version.
        """
        database = cls(uri, vault)
        with database._connections.lend() as connection, translated():
            bring_up_to_date(connection)
            sweep(connection)
        for (organisation,) in database._rows.all("first_organisation_with_keys"):
            database.owner_keys(organisation)
        return database

    def close(self) -> None:
        """Give up the process's connections that nobody uses now."""
        self._connections.close()

    def damage(self) -> list[str]:
        """Return what amcheck finds: an index that leads elsewhere, a page that makes no sense.

        Nothing is looked at where the extension is not installed or not this role's to use.
        """
        with self._connections.lend() as connection, translated():
            return damage(connection)

    @property
    def _rows(self) -> Runner:
        return PostgresRunner(self)

    @contextmanager
    def lent(self) -> Iterator[Connection]:
        """Lend the connection of the thread's transaction, or any where it is in none."""
        bound: Connection | None = getattr(self._local, "connection", None)
        if bound is not None:
            yield bound
            return
        with self._connections.lend() as connection:
            yield connection

    @contextmanager
    def _bound(self) -> Iterator[Connection]:
        """Lend a connection that all statements of the thread go through until the end of the block."""
        with self.lent() as connection:
            before = getattr(self._local, "connection", None)
            self._local.connection = connection
            try:
                yield connection
            finally:
                self._local.connection = before

    @contextmanager
    def _transaction(self, alone: str = "") -> Iterator[Runner]:
        with self._bound() as connection, translated():
            try:
                if connection.info.transaction_status == TransactionStatus.IDLE:
                    begin(connection, alone)
                yield PostgresRunner(self)
                commit(connection)
            except BaseException:
                roll_back(connection)
                raise

    @contextmanager
    def _reading(self) -> Iterator[Runner]:
        with self._bound():
            yield PostgresRunner(self)

    def _destroyed(self, rows: Runner, tables: Iterable[str]) -> None:
        rows.do("note_unswept", (sorted(tables),))

    def _sweep(self) -> None:
        with self._connections.lend() as connection, translated():
            patiently(partial(sweep, connection))


class PostgresRunner(Runner):
    """Runs statements on the connection of the thread's transaction, or on any where it is in none."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    def version(self) -> None:
        return None

    def one(self, statement: str, values: Values = ()) -> Any:
        with self._database.lent() as connection, translated():
            return connection.execute(_text(statement), values, binary=True).fetchone()

    def all(self, statement: str, values: Values = ()) -> Iterator[Any]:
        with self._database.lent() as connection, translated():
            return iter(connection.execute(_text(statement), values, binary=True).fetchall())

    def each(self, statement: str, keys: Sequence[Sequence[Any]]) -> list[Any]:
        if not keys:
            return []
        with self._database.lent() as connection, translated():
            found = connection.execute(_text(statement), _columns(keys), binary=True).fetchall()
        # What is not found comes as a row of nothing, so that the others keep their places.
        return [None if row[0] is None else row for row in found]

    def do(self, statement: str, values: Values = ()) -> int:
        with self._database.lent() as connection, translated():
            return connection.execute(_text(statement), values, binary=True).rowcount

    def do_each(self, statement: str, rows: Iterable[Sequence[Any]]) -> int:
        text, many = _text(statement), list(rows)
        if not many:
            return 0
        with self._database.lent() as connection, translated(), connection.cursor() as cursor:
            if text.startswith(b"COPY") and connection.info.pipeline_status != PipelineStatus.OFF:
                # A pipeline cannot copy.
                cursor.execute(_text(f"{statement}_of_few"), _columns(many))
            elif text.startswith(b"COPY"):
                _copy(cursor, text, many)
            elif b"unnest(" in text:
                cursor.execute(text, _columns(many))
            else:
                cursor.executemany(text, many)
            return cursor.rowcount

    @contextmanager
    def together(self, rows: int) -> Iterator[None]:
        if rows > _FEW:
            yield
            return
        with self._database.lent() as connection, translated(), connection.pipeline():
            yield


def _text(statement: str) -> bytes:
    return POSTGRES_STATEMENTS[statement]


def _columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _copy(cursor: psycopg.Cursor[Any], text: bytes, rows: Iterable[Sequence[Any]]) -> None:
    with cursor.copy(text) as copy:
        for row in rows:
            copy.write_row(row)
