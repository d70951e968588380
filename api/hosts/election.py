# SPDX-License-Identifier: Apache-2.0
"""One of many: what a single host at a time may do is decided by a lock that its session holds in the database.

The lock lives as long as the session. When its host is killed, or its network is gone, the server ends the session, and
the next host that asks gets the lock: within a second or two of a kill, and in about six seconds of a silent network.
"""

import threading
import time
from contextlib import closing

import psycopg
import structlog

from api.hosts.host import Run
from api.postgres.link import open_session
from api.postgres.locks import try_lock
from notary.errors import UnavailableError
from notary.stores.postgres_connection import Connection

_LOOK_EVERY = 0.5
"""Seconds between two looks whether the lock is to be had, or still held."""

_log = structlog.get_logger()


class Term(threading.Event):
    """The time for which a host holds a lock: set once it is over.

    To ask is to ask the database, so that whoever asks before a step does not take it after the lock has gone.
    """

    def __init__(self, connection: Connection, stop: threading.Event) -> None:
        """Begin with the session that holds the lock; the term is over once `stop` is set, too."""
        super().__init__()
        self._connection, self._stop = connection, stop
        self._asking = threading.Lock()

    def is_set(self) -> bool:
        """Tell whether the term is over."""
        with self._asking:
            if not super().is_set() and (self._stop.is_set() or not self._is_alive()):
                self.set()
            return super().is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the term is over, for so many seconds at most; return whether it is."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self.is_set():
            left = _LOOK_EVERY if deadline is None else deadline - time.monotonic()
            if left <= 0:
                return False
            self._stop.wait(min(left, _LOOK_EVERY))
        return True

    def _is_alive(self) -> bool:
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True


class Election:
    """Lets one host at a time do something, of all that use the database at `dsn`."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    def led(self, part: str, run: Run) -> Run:
        """Return what does `run` while this host holds the lock of a part, as often as it gets it."""

        def lead(stop: threading.Event) -> None:
            while not stop.is_set():
                try:
                    session = open_session(self._dsn)
                except UnavailableError:
                    # Whoever needs the database for a request or a step says so.
                    stop.wait(_LOOK_EVERY)
                    continue
                with closing(session):
                    if _wait_for_lock(session, part, stop):
                        _log.info("this host has taken over", part=part)
                        run(Term(session, stop))
                        _log.info("this host has given up", part=part)

        return lead


def _wait_for_lock(session: Connection, what: str, stop: threading.Event) -> bool:
    """Wait for a lock; False where the session broke, or nobody wants it any more."""
    try:
        while not try_lock(session, what):
            if stop.wait(_LOOK_EVERY):
                return False
    except UnavailableError:
        return False
    return True
