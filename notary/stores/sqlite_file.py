# SPDX-License-Identifier: Apache-2.0
"""One SQLite file: its schema, its connections, its transactions. The adapters of the ports build on it.

WAL, and every commit on disk before it returns. Each thread has its own connection; readers never wait for the writer.
In `sqlite_statements`, `NNNN_*.sql` are the migrations in their order, and the other files hold the statements by name.
"""

import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from sqlite_utils import Database, Migrations

from notary.errors import CorruptLogError, NotFoundError, UnavailableError

_SQL = Path(__file__).parent / "sqlite_statements"
_LOCK_WAIT = 10.0
_MIGRATIONS = Migrations("loan-notary")


def _add_migration(script: Path) -> None:
    @_MIGRATIONS(name=script.stem)
    def migrate(db: Database) -> None:
        for statement in script.read_text("utf-8").split(";\n"):
            db.execute(statement)


for _script in sorted(_SQL.glob("[0-9]*.sql")):
    _add_migration(_script)

STATEMENTS = {
    name: text
    for path in _SQL.glob("[a-z]*.sql")
    for name, text in re.findall(r"-- name: (\w+)\n(.*?);\n", path.read_text("utf-8"), re.DOTALL)
}
"""The statements by name."""


class SqliteFile:
    """A database at `path`, for the adapters that derive from this."""

    def __init__(self, path: Path) -> None:
        """Use the database that `create` has made. Raises `NotFoundError` if it is not there."""
        if not path.is_file():
            raise NotFoundError(f"there is no database at {path}")
        self._path = path
        self._local = threading.local()

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make the database, or bring one of an older version up to date; harmless to repeat."""
        with translated():
            connection = sqlite3.connect(path, timeout=_LOCK_WAIT)
            try:
                # Set here once: workers that start together and all set it can find the database locked.
                connection.execute("PRAGMA journal_mode=WAL")
                _MIGRATIONS.apply(Database(connection))
            finally:
                connection.close()
        return cls(path)

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

    def _one(self, statement: str, values: Sequence[Any] = ()) -> Any:
        with translated():
            return self._connection().execute(STATEMENTS[statement], values).fetchone()

    def _each(self, statement: str, keys: Iterable[Sequence[Any]]) -> list[Any]:
        """Return the row that a statement finds for each key, None where it finds none; all as of one moment."""
        with translated():
            connection, text = self._connection(), STATEMENTS[statement]
            # One transaction: each statement by itself would take and give back the locks of a reader.
            connection.execute("BEGIN")
            try:
                return [connection.execute(text, key).fetchone() for key in keys]
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
