# SPDX-License-Identifier: Apache-2.0
"""Connections to PostgreSQL beside those of the store: for locks, and for what waits for no disk."""

import threading
from collections.abc import Mapping
from typing import Any

import psycopg

from notary.errors import UnavailableError
from notary.stores.postgres_connection import Connection, connect, translated

_SESSION = (
    "SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 3;"
    " SET tcp_user_timeout = 5000; SET lock_timeout = 0; SET statement_timeout = '60s'"
)
"""The server, too, finds out within seconds that this side is gone, and frees what it has locked."""


def open_session(dsn: str) -> Connection:
    """Open a connection of one's own, which holds locks as long as it lives. Raises `UnavailableError`."""
    session = connect(dsn)
    try:
        with translated():
            session.execute(_SESSION)
    except UnavailableError:
        session.close()
        raise
    return session


class Link:
    """One connection for all threads of a process: opened when it is needed, and anew after it broke."""

    def __init__(self, dsn: str, setup: str = "") -> None:
        """Use the database at `dsn`; `setup` is run on each connection first."""
        self._dsn, self._setup = dsn, setup
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def one(self, statement: str, values: Mapping[str, Any] | None = None) -> Any:
        """Run a statement and return its first row, if it has any. Raises `UnavailableError`."""
        with self._lock, translated():
            connection = self._opened()
            try:
                cursor = connection.execute(statement.encode(), values)
                return cursor.fetchone() if cursor.description else None
            except psycopg.Error:
                self._connection = None
                connection.close()
                raise

    def close(self) -> None:
        """Give up the connection."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def __del__(self) -> None:
        self.close()

    def _opened(self) -> Connection:
        if self._connection is None:
            connection = connect(self._dsn)
            try:
                if self._setup:
                    connection.execute(self._setup.encode())
            except psycopg.Error:
                connection.close()
                raise
            self._connection = connection
        return self._connection
