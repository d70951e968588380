# SPDX-License-Identifier: Apache-2.0
"""The connections of one process to one database, shared by all adapters and threads: a few do for many threads."""

import select
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakValueDictionary

from psycopg.pq import TransactionStatus

from notary.errors import UnavailableError
from notary.stores.postgres_connection import Connection, connect

MOST = 8
_PATIENCE = 5.0


class Connections:
    """At most `MOST` connections to the database at `uri`; made when they are needed, and kept."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._permits = threading.BoundedSemaphore(MOST)
        self._idle: deque[Connection] = deque()

    @contextmanager
    def lend(self) -> Iterator[Connection]:
        """Lend a connection that is in no transaction. Raises `UnavailableError`.

        One that the server has closed meanwhile is replaced; one that breaks, or is left in a transaction, is dropped.
        """
        if not self._permits.acquire(timeout=_PATIENCE):
            raise UnavailableError(f"the database cannot be used now: all {MOST} connections of the process are in use")
        try:
            connection = self._taken()
            try:
                yield connection
            finally:
                if connection.info.transaction_status == TransactionStatus.IDLE:
                    self._idle.append(connection)
                else:
                    connection.close()
        finally:
            self._permits.release()

    def close(self) -> None:
        """Close the connections that nobody uses now."""
        while self._idle:
            try:
                self._idle.pop().close()
            except IndexError:
                return  # another thread was quicker

    def __del__(self) -> None:
        self.close()

    def _taken(self) -> Connection:
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:
                break  # another thread was quicker
            if not _spoke(connection):
                return connection
            connection.close()
        return connect(self._uri)


_POOLS: WeakValueDictionary[str, Connections] = WeakValueDictionary()
_LOCK = threading.Lock()


def connections(uri: str) -> Connections:
    """Return the process's connections to a database."""
    with _LOCK:
        pool = _POOLS.get(uri)
        if pool is None:
            pool = _POOLS[uri] = Connections(uri)
        return pool


def _spoke(connection: Connection) -> bool:
    """Return whether the server has said something unasked: that it goes away, more often than not."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
