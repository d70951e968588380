# SPDX-License-Identifier: Apache-2.0
"""One SQLite file: its schema, its connections, its transactions. The adapters of the ports build on it.

WAL, and every commit on disk before it returns. Each thread has its own connection; readers never wait for the writer.
In `sqlite_statements`, `NNNN_*.sql` are the migrations in their order, and the other files hold the statements by name.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from sqlite_utils import Database

from notary.errors import CorruptLogError, NotFoundError, UnavailableError
from notary.privacy.vault import OwnerKeys, Vault
from notary.stores.sqlite_sealing import seal_clear_rows
from notary.stores.statements import MIGRATIONS, STATEMENTS

_LOCK_WAIT = 10.0


class SqliteFile:
    """A database at `path`, for the adapters that derive from this."""

    def __init__(self, path: Path, vault: Vault) -> None:
        """Use the database that `create` has made; `vault` opens the keys in it. Raises `NotFoundError`."""
        if not path.is_file():
            raise NotFoundError(f"there is no database at {path}")
        self._path = path
        self._vault = vault
        self._owners: dict[int, OwnerKeys] = {}
        self._local = threading.local()

    @classmethod
    def create(cls, path: Path, vault: Vault) -> Self:
        """Make the database, or bring one of an older version up to date; harmless to repeat.

        Raises `DataKeyError` if another data key has wrapped the keys in it.
        """
        with translated():
            connection = sqlite3.connect(path, timeout=_LOCK_WAIT)
            try:
                # Set here once: workers that start together and all set it can find the database locked.
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA secure_delete=ON")
                MIGRATIONS.apply(Database(connection))
                seal_clear_rows(connection, vault)
            finally:
                connection.close()
        return cls(path, vault)

    def close(self) -> None:
        """Give up what the calling thread holds open."""
        if connection := getattr(self._local, "connection", None):
            connection.close()
            del self._local.connection

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=_LOCK_WAIT, isolation_level=None)
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            # What is deleted is overwritten: a page that is free keeps nothing.
            connection.execute("PRAGMA secure_delete=ON")
            self._local.connection = connection
        return connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with translated():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def owner_keys(self, number: int) -> OwnerKeys:
        """Return an organisation's keys. Raises `CorruptLogError` if it has none, as only an unknown one can."""
        keys = self._owners.get(number)
        if keys is None:
            row = self._one("owner_keys", (number,))
            if row is None:
                raise CorruptLogError(f"organisation {number} has no keys")
            keys = self._owners[number] = self._vault.owner(number, row[0])
        return keys

    def _index(self, lender: int, loan: str) -> bytes:
        """Return the blind index of a loan number; of an unknown lender's, one that is no loan's."""
        try:
            return self.owner_keys(lender).loan(loan)
        except CorruptLogError:
            return b""

    def _do(self, statement: str, values: Sequence[Any] | Mapping[str, Any]) -> int:
        """Run one statement in a transaction of its own; return how many rows it has changed."""
        with self._transaction() as connection:
            return connection.execute(STATEMENTS[statement], values).rowcount

    def _one(self, statement: str, values: Sequence[Any] = ()) -> Any:
        with translated():
            return self._connection().execute(STATEMENTS[statement], values).fetchone()

    def _each(self, statement: str, keys: Iterable[Sequence[Any]]) -> list[Any]:
        """Return the row that a statement finds for each key, None where it finds none; all as of one moment."""
        text = STATEMENTS[statement]
        with self._reading() as connection:
            return [connection.execute(text, key).fetchone() for key in keys]

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Read as of one moment; each statement by itself would take and give back the locks of a reader."""
        with translated():
            connection = self._connection()
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("COMMIT")

    def _all(self, statement: str, values: Sequence[Any] | Mapping[str, Any]) -> Iterator[Any]:
        with translated():
            yield from self._connection().execute(STATEMENTS[statement], values)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what SQLite raises into `UnavailableError` (a full disk, a lock, a lost file) or `CorruptLogError`."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise UnavailableError(f"the database cannot be used now: {error}") from error
    except sqlite3.DatabaseError as error:
        raise CorruptLogError(f"the database is damaged, or would be: {error}") from error
