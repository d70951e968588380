# SPDX-License-Identifier: Apache-2.0
"""One SQLite file: its schema, its connections, its transactions.

WAL, and every commit on disk before it returns. Each thread has its own connection; readers never wait for the writer.
"""

import sqlite3
import threading
from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Self

from sqlite_utils import Database as Migrated

from notary.errors import CorruptLogError, NotFoundError, UnavailableError
from notary.privacy.vault import Vault
from notary.stores.database import Database, Runner, Values
from notary.stores.sqlite_sealing import seal_clear_rows
from notary.stores.statements import MIGRATIONS, STATEMENTS

_LOCK_WAIT = 10.0


class SqliteFile(Database):
    """A database at `path`, for the adapters that are mixed with this."""

    def __init__(self, path: Path, vault: Vault) -> None:
        """Use the database that `create` has made; `vault` opens the keys in it. Raises `NotFoundError`."""
        super().__init__(vault)
        if not path.is_file():
            raise NotFoundError(f"there is no database at {path}")
        self._path = path
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
                MIGRATIONS.apply(Migrated(connection))
                seal_clear_rows(connection, vault)
            finally:
                connection.close()
        return cls(path, vault)

    def close(self) -> None:
        """Give up what the calling thread holds open."""
        if connection := getattr(self._local, "connection", None):
            connection.close()
            del self._local.connection

    def damage(self) -> list[str]:
        """Return what `PRAGMA integrity_check` finds: a page that cannot be read, an index that leads elsewhere."""
        with translated():
            found = [str(row[0]) for row in self._connection().execute("PRAGMA integrity_check")]
        return [text for text in found if text != "ok"]

    @property
    def _rows(self) -> Runner:
        with translated():
            return _SqliteRunner(self._connection())

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
    def _transaction(self, alone: str = "") -> Iterator[Runner]:  # noqa: ARG002  # all are alone here
        with translated():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield _SqliteRunner(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self) -> Iterator[Runner]:
        # Each statement by itself would take and give back the locks of a reader.
        with translated():
            connection = self._connection()
            connection.execute("BEGIN")
            try:
                yield _SqliteRunner(connection)
            finally:
                connection.execute("COMMIT")

    def _destroyed(self, rows: Runner, tables: Iterable[str]) -> None:
        pass  # `secure_delete` overwrites every row where it stands

    def _sweep(self) -> None:
        # The write-ahead log still holds pages of before.
        with translated():
            busy, *_ = self._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise UnavailableError("the rows are overwritten; the write-ahead log is in use: ask again")


class _SqliteRunner(Runner):
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def version(self) -> Hashable:
        # Both numbers are the connection's own: of what others have changed, and of what it has.
        with translated():
            others = self._connection.execute("PRAGMA data_version").fetchone()[0]
        return self._connection, others, self._connection.total_changes

    def one(self, statement: str, values: Values = ()) -> Any:
        with translated():
            return self._connection.execute(STATEMENTS[statement], values).fetchone()

    def all(self, statement: str, values: Values = ()) -> Iterator[Any]:
        with translated():
            yield from self._connection.execute(STATEMENTS[statement], values)

    def each(self, statement: str, keys: Sequence[Sequence[Any]]) -> list[Any]:
        text = STATEMENTS[statement]
        with translated():
            return [self._connection.execute(text, key).fetchone() for key in keys]

    def do(self, statement: str, values: Values = ()) -> int:
        with translated():
            return self._connection.execute(STATEMENTS[statement], values).rowcount

    def do_each(self, statement: str, rows: Iterable[Sequence[Any]]) -> int:
        with translated():
            return self._connection.executemany(STATEMENTS[statement], rows).rowcount

    def together(self, rows: int) -> AbstractContextManager[None]:  # noqa: ARG002  # there is no server
        return nullcontext()


@contextmanager
def translated() -> Iterator[None]:
    """Turn what SQLite raises into `UnavailableError` (a full disk, a lock, a lost file) or `CorruptLogError`."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise UnavailableError(f"the database cannot be used now: {error}") from error
    except sqlite3.DatabaseError as error:
        raise CorruptLogError(f"the database is damaged, or would be: {error}") from error
    except UnicodeDecodeError as error:
        # What SQLite said of a damaged schema names it, and the name is no text any more.
        raise CorruptLogError(f"the database is damaged: {error}") from error
