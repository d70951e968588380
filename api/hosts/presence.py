# SPDX-License-Identifier: Apache-2.0
"""Whether a host is alone: what a service that ended has left behind is tidied up only while no other one runs."""

import threading
from collections.abc import Callable
from contextlib import closing

import psycopg

from api.postgres.link import open_session
from api.postgres.locks import LOCKS, try_lock
from notary.errors import UnavailableError
from notary.stores.postgres_connection import Connection, translated

_PRESENT = "present"
_LOOK_EVERY = 1.0


_COUNT = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND classid::bigint = %s AND objid::bigint = hashtext(%s)::bigint & 4294967295
"""


def hosts_present(dsn: str) -> int:
    """Return how many hosts that write are present. Raises `UnavailableError`."""
    with closing(open_session(dsn)) as session, translated():
        [(count,)] = session.execute(_COUNT, (LOCKS, _PRESENT)).fetchall()
    return int(str(count))


class Presence:
    """A lock that all hosts hold together, and that one which is alone can have for itself."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._session: Connection | None = None

    def enter(self, when_alone: Callable[[], None]) -> None:
        """Be present from now on; if nobody else is, call `when_alone` first. Raises `UnavailableError`."""
        session = self._session = open_session(self._dsn)
        alone = try_lock(session, _PRESENT)
        if alone:
            when_alone()
        with translated():
            session.execute("SELECT pg_advisory_lock_shared(%s::int, hashtext(%s))", (LOCKS, _PRESENT))
            if alone:
                session.execute("SELECT pg_advisory_unlock(%s::int, hashtext(%s))", (LOCKS, _PRESENT))

    def run(self, stop: threading.Event) -> None:
        """Stay present until told to stop, also where the connection breaks."""
        while not stop.wait(_LOOK_EVERY):
            try:
                if self._session is None:
                    self.enter(lambda: None)
                else:
                    self._session.execute("SELECT 1")
            except (UnavailableError, psycopg.Error):
                self.leave()
        self.leave()

    def leave(self) -> None:
        """Be gone."""
        if self._session is not None:
            self._session.close()
            self._session = None
