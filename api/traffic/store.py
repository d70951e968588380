# SPDX-License-Identifier: Apache-2.0
"""What the processes share about traffic: a port, and the file that those of one host share.

`traffic.sql` holds the statements.
"""

import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from notary.errors import UnavailableError

_TEXT = Path(__file__).with_name("traffic.sql").read_text("utf-8")
STATEMENTS = dict(re.findall(r"-- name: (\w+)\n(.*?);\n", _TEXT, re.DOTALL))
_LOCK_WAIT = 5.0


class TrafficStore(Protocol):
    """Counts and answers for any number of processes and threads. All methods raise `UnavailableError`."""

    def one(self, statement: str, **values: Any) -> Any:
        """Run a statement and return its first row, if it has any."""

    def one_for_good(self, statement: str, **values: Any) -> Any:
        """Do as `one` does, and wait until a power cut takes nothing of it back."""

    def forget(self, statement: str, bound: int) -> None:
        """Run a statement that forgets what is older than a moment, or of a tenant."""

    def sweep(self) -> None:
        """Leave nothing on the disk of rows that were deleted."""


class TrafficFile:
    """Implements `TrafficStore` in a SQLite file."""

    def __init__(self, path: Path) -> None:
        """Use the file at `path`; it is made if need be."""
        self._path = path
        self._local = threading.local()

    def one(self, statement: str, **values: Any) -> Any:
        with _translated():
            return self._connection().execute(STATEMENTS[statement], values).fetchone()

    def one_for_good(self, statement: str, **values: Any) -> Any:
        with _translated():
            connection = self._connection()
            connection.execute("PRAGMA synchronous=FULL")
            try:
                return connection.execute(STATEMENTS[statement], values).fetchone()
            finally:
                connection.execute("PRAGMA synchronous=NORMAL")

    def forget(self, statement: str, bound: int) -> None:
        with _translated():
            self._connection().execute(STATEMENTS[statement], {"bound": bound})

    def sweep(self) -> None:
        # Deleted rows stand on in the write-ahead log until it is emptied.
        with _translated():
            busy, *_ = self._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise UnavailableError("the write-ahead log of what the processes share is in use; try again")

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=_LOCK_WAIT, isolation_level=None)
            connection.execute("PRAGMA journal_mode=WAL")
            # A power cut takes the last requests' counts and answers, but leaves the file whole.
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA secure_delete=ON")
            for name in ("create_windows", "drop_clear_answers", "drop_answers_without_seed", "create_answers"):
                connection.execute(STATEMENTS[name])
            self._local.connection = connection
        return connection


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise UnavailableError(f"what the processes share cannot be used now: {error}") from error
