# SPDX-License-Identifier: Apache-2.0
"""The stores on a hot standby of PostgreSQL: they read, and refuse to write before the server has to.

A standby that is promoted takes writes. So that no host which only reads ever makes one, its sessions say so to the
server, too.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from notary.errors import ReadOnlyError, UnavailableError
from notary.ports.replica import Standing
from notary.privacy.vault import Vault
from notary.stores.database import Runner, Values
from notary.stores.postgres import PostgresSessions, PostgresStore, PostgresWebhooks
from notary.stores.postgres_connection import parameters, translated
from notary.stores.postgres_database import PostgresDatabase, PostgresRunner

_STANDING = b"""
SELECT pg_is_in_recovery(),
  EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status IS NULL OR status = 'streaming'),
  CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() END,
  greatest(0, pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()))::bigint,
  greatest(0, extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()))::float8
"""
"""Whoever may not read all statistics sees of a receiver that there is one, and not its status."""


def reading_only(uri: str) -> str:
    """Return connection parameters whose sessions write nothing. Raises `UnavailableError` for what is no URI.

    It must name one server: two replicas stand at two moments, and what was read of both would be of neither.
    """
    given = parameters(uri)
    if "," in given.get("host", "") + given.get("hostaddr", "") + given.get("port", ""):
        raise UnavailableError("a host that only reads reads from one server: name one in the database's address")
    options = str(conninfo_to_dict(uri).get("options") or "")
    return make_conninfo(uri, options=f"{options} -c default_transaction_read_only=on".strip())


class _ReplicaDatabase(PostgresDatabase):
    """The replica at `uri`; `writes_at` is where whoever would write is sent."""

    def __init__(self, uri: str, vault: Vault, writes_at: str) -> None:
        super().__init__(reading_only(uri), vault)
        self.writes_at = writes_at

    @property
    def _rows(self) -> Runner:
        return _ReadingRunner(self)

    @contextmanager
    def _transaction(self, alone: str = "") -> Iterator[Runner]:  # noqa: ARG002 - none begins
        raise ReadOnlyError(self.writes_at)
        yield


class PostgresReplica(_ReplicaDatabase, PostgresStore):
    """Implements what reads of `notary.ports.store.Store`, and `notary.ports.replica.Replica`.

    What would write raises `ReadOnlyError`. That a key or a pass was used is not written down: the access log of the
    host that reads has each read.
    """

    def used_api_key(self, key: str, now: int) -> None:
        """Write nothing."""

    def used_pass(self, loan_pass: str, now: int) -> None:
        """Write nothing."""

    def standing(self) -> Standing:
        """Return how far the replica has come. Raises `UnavailableError`."""
        with self.lent() as connection, translated():
            row: Any = connection.execute(_STANDING).fetchone()
        follows, connected, paused, waiting, age = row
        if not follows:
            return Standing(follows=False, connected=False, paused=False, behind_bytes=0, behind_seconds=0)
        return Standing(follows, connected, paused, waiting, 0 if connected and waiting == 0 else age)


class PostgresReplicaWebhooks(_ReplicaDatabase, PostgresWebhooks):
    """Implements what reads of `notary.webhooks.WebhookStore`."""


class PostgresReplicaSessions(_ReplicaDatabase, PostgresSessions):
    """Implements what reads of `notary.sessions.SessionStore`: of the sessions that hosts which write have opened."""


class _ReadingRunner(PostgresRunner):
    def __init__(self, database: _ReplicaDatabase) -> None:
        super().__init__(database)
        self._writes_at = database.writes_at

    def do(self, statement: str, values: Values = ()) -> int:  # noqa: ARG002 - nothing is run
        raise ReadOnlyError(self._writes_at)

    def do_each(self, statement: str, rows: Iterable[Sequence[Any]]) -> int:  # noqa: ARG002 - nothing is run
        raise ReadOnlyError(self._writes_at)
