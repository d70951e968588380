# SPDX-License-Identifier: Apache-2.0
"""Empty databases of each kind, for tests that hold the same contract against every store."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from notary.stores.postgres import PostgresSessions, PostgresStore, PostgresWebhooks
from notary.stores.postgres_access_log import PostgresAccessLog
from notary.stores.sqlite import SqliteSessions, SqliteStore, SqliteWebhooks
from notary.stores.sqlite_access_log import SqliteAccessLog
from tests.support.builders import VAULT
from tests.support.postgres import PostgresServer

KINDS = ("sqlite", "postgres")


class SqliteOpener:
    """Opens the stores in one SQLite file, as often as they are wanted."""

    def __init__(self, path: Path) -> None:
        self._path = path
        SqliteStore.create(path, VAULT).close()

    def store(self) -> SqliteStore:
        return SqliteStore(self._path, VAULT)

    def webhooks(self) -> SqliteWebhooks:
        return SqliteWebhooks(self._path, VAULT)

    def sessions(self) -> SqliteSessions:
        return SqliteSessions(self._path, VAULT)

    def access_log(self) -> SqliteAccessLog:
        return SqliteAccessLog(self._path.with_name("accesses.db"))


class PostgresOpener:
    """Opens the stores in one PostgreSQL database, as often as they are wanted."""

    def __init__(self, uri: str) -> None:
        self.uri = uri

    def store(self) -> PostgresStore:
        return PostgresStore(self.uri, VAULT)

    def webhooks(self) -> PostgresWebhooks:
        return PostgresWebhooks(self.uri, VAULT)

    def sessions(self) -> PostgresSessions:
        return PostgresSessions(self.uri, VAULT)

    def access_log(self) -> PostgresAccessLog:
        return PostgresAccessLog(self.uri)


Opener = SqliteOpener | PostgresOpener


class PostgresTables:
    """A database with all tables, which one test after the other has to itself: quicker than one database for each."""

    def __init__(self, server: PostgresServer, name: str) -> None:
        self._server, self._name = server, name
        self.opener = PostgresOpener(server.dsn(name))
        self._kept = PostgresStore.create(self.opener.uri, VAULT)
        with server.superuser(name) as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            numbers = connection.execute("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'").fetchall()
        # Foreign keys and triggers do not count for whoever replays.
        self._script = "SET session_replication_role = replica;"
        self._script += "".join(f'DELETE FROM "{table}";' for (table,) in tables if table != "migrations")
        self._script += "".join(f'ALTER SEQUENCE "{sequence}" RESTART;' for (sequence,) in numbers)

    def clear(self) -> None:
        """Make it as it was."""
        self._kept.close()
        with self._server.superuser(self._name) as connection:
            connection.execute(self._script.encode())


@contextmanager
def prepared(server: PostgresServer) -> Iterator[PostgresTables]:
    """Make a database with tables and nothing in them, and drop it at the end."""
    with server.database() as name:
        tables = PostgresTables(server, name)
        yield tables
        tables.clear()
