# SPDX-License-Identifier: Apache-2.0
"""Who read what, in an SQLite file of its own. `sqlite_statements/access_log.sql` holds the statements.

A line is in the file before its read is answered. The file is not brought to disk each time (`synchronous=NORMAL`): a
kill of the process loses nothing, a power cut may lose the lines of the last moments, and a read costs no wait for the
disk. The next line goes on from what is left, so the chain of hashes holds.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import orjson

from notary.access_log import FIRST, Access
from notary.stores.access_lines import AccessLines, line_row
from notary.stores.sqlite_file import translated
from notary.stores.statements import STATEMENTS

_LOCK_WAIT = 10.0
_CREATE = ("create_access_heads", "create_accesses", "index_accesses_of_loans", "index_accesses_of_documents")


class SqliteAccessLog(AccessLines):
    """Implements `notary.access_log.AccessLog`; for any number of processes and threads."""

    def __init__(self, path: Path) -> None:
        """Use the file at `path`, which is made where it is not there.

        Processes that make it at the same moment can find it locked: `loan-notary run` makes it before it starts them.
        """
        self._path = path
        self._local = threading.local()
        with translated(), closing(sqlite3.connect(path, timeout=_LOCK_WAIT)) as connection:
            # By what is made last: a kill can leave a file without its tables.
            if connection.execute(STATEMENTS["access_log_is_made"]).fetchone() is None:
                connection.execute("PRAGMA journal_mode=WAL")
                for name in _CREATE:
                    connection.execute(STATEMENTS[name])

    def note(self, accesses: Iterable[Access]) -> None:
        with self._transaction() as connection:
            for access in accesses:
                row = connection.execute(STATEMENTS["access_head"], (access.lender,)).fetchone()
                last, before = row or (0, FIRST)
                number = last + 1
                hashed = access.chained(number, before)
                connection.execute(STATEMENTS["add_access"], line_row(number, access, hashed))
                connection.execute(STATEMENTS["save_access_head"], (access.lender, number, hashed))

    def close(self) -> None:
        """Give up what the calling thread holds open."""
        if connection := getattr(self._local, "connection", None):
            connection.close()
            del self._local.connection

    def _rows(self, statement: str, values: dict[str, Any]) -> list[Any]:
        with translated():
            return self._connection().execute(STATEMENTS[statement], values).fetchall()

    def _change(self, statement: str, values: tuple[Any, ...]) -> None:
        with self._transaction() as connection:
            connection.execute(STATEMENTS[statement], values)

    @staticmethod
    def _list(references: Sequence[str]) -> str:
        return orjson.dumps(references).decode()

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

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=_LOCK_WAIT, isolation_level=None)
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA secure_delete=ON")
            self._local.connection = connection
        return connection
