# SPDX-License-Identifier: Apache-2.0
"""Opening what a data folder's notary keeps its rows in: a SQLite file there, or a PostgreSQL database.

What knows PostgreSQL is imported only where it is used: most notaries have neither it nor its driver.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from api.hold import Hold
from api.keys.data_keys import DataKeys
from api.settings import DataFolder
from api.traffic.store import TrafficFile, TrafficStore
from notary.access_log import AccessLog
from notary.errors import NotFoundError, UnavailableError
from notary.privacy.vault import Vault
from notary.sessions import SessionStore
from notary.stores.sqlite import SqliteSessions, SqliteStore, SqliteWebhooks
from notary.stores.sqlite_access_log import SqliteAccessLog
from notary.webhooks import WebhookStore

if TYPE_CHECKING:
    from notary.stores.postgres import PostgresStore
    from notary.stores.postgres_replica import PostgresReplica

AnyStore: TypeAlias = "SqliteStore | PostgresStore"
"""A whole database, with organisations and erasures."""


def database_url(folder: DataFolder) -> str | None:
    """Return the URL of the notary's PostgreSQL database; None where its rows are in a file. Raises `SettingsError`."""
    return folder.settings().database if folder.has_settings else None


def open_vault(folder: DataFolder) -> Vault:
    """Load the data key. Raises `DataKeyError`."""
    return Vault(DataKeys(folder.keys))


def create_database(folder: DataFolder) -> None:
    """Make the database, or bring one of an older version up to date; harmless to repeat.

    Raises `DataKeyError` if another data key has wrapped the keys in it, and `UnavailableError`.
    """
    vault = open_vault(folder)
    if (dsn := database_url(folder)) is None:
        SqliteStore.create(folder.database, vault)
    else:
        with driver():
            from notary.stores.postgres import PostgresStore

            PostgresStore.create(dsn, vault)


def open_store(folder: DataFolder) -> AnyStore:
    """Open the notary's database. Raises `NotFoundError` and `UnavailableError`."""
    if (dsn := database_url(folder)) is None:
        return SqliteStore(folder.database, _vault_of_file(folder))
    with driver():
        from notary.stores.postgres import PostgresStore

        if folder.settings().writes_at is not None:
            return open_replica(folder)
        return PostgresStore(dsn, open_vault(folder))


def open_replica(folder: DataFolder) -> "PostgresReplica":
    """Open the replica that a host which only reads reads from.

    Raises `NotFoundError` on a host that writes, and `UnavailableError`.
    """
    settings = folder.settings()
    if settings.database is None or settings.writes_at is None:
        raise NotFoundError("this host writes: it reads from no replica")
    with driver():
        from notary.stores.postgres_replica import PostgresReplica

        return PostgresReplica(settings.database, open_vault(folder), settings.writes_at)


def open_webhooks(folder: DataFolder) -> WebhookStore:
    """Open the webhooks in the notary's database. Raises `NotFoundError` and `UnavailableError`."""
    if (dsn := database_url(folder)) is None:
        return SqliteWebhooks(folder.database, _vault_of_file(folder))
    with driver():
        from notary.stores.postgres import PostgresWebhooks
        from notary.stores.postgres_replica import PostgresReplicaWebhooks

        if (writes_at := folder.settings().writes_at) is not None:
            return PostgresReplicaWebhooks(dsn, open_vault(folder), writes_at)
        return PostgresWebhooks(dsn, open_vault(folder))


def open_sessions(folder: DataFolder) -> SessionStore:
    """Open the sessions in the notary's database. Raises `NotFoundError` and `UnavailableError`."""
    if (dsn := database_url(folder)) is None:
        return SqliteSessions(folder.database, _vault_of_file(folder))
    with driver():
        from notary.stores.postgres import PostgresSessions
        from notary.stores.postgres_replica import PostgresReplicaSessions

        if (writes_at := folder.settings().writes_at) is not None:
            return PostgresReplicaSessions(dsn, open_vault(folder), writes_at)
        return PostgresSessions(dsn, open_vault(folder))


def open_access_log(folder: DataFolder) -> AccessLog:
    """Open who read what: on all hosts that write, or in a file of the folder what one that only reads was asked.

    Raises `UnavailableError`.
    """
    if (dsn := database_url(folder)) is None or folder.settings().writes_at is not None:
        return SqliteAccessLog(folder.accesses)
    with driver():
        from notary.stores.postgres_access_log import PostgresAccessLog

        return PostgresAccessLog(dsn)


def open_traffic(folder: DataFolder) -> TrafficStore:
    """Open what is counted and kept of requests: of all hosts together, but for one that only reads."""
    if (dsn := database_url(folder)) is None or folder.settings().writes_at is not None:
        return TrafficFile(folder.traffic)
    with driver():
        from api.traffic.tables import TrafficTables

        return TrafficTables(dsn)


def hold_of(folder: DataFolder) -> Hold:
    """Return the hold on the notary's log."""
    if (dsn := database_url(folder)) is None:
        return folder.hold
    with driver():
        from api.postgres.shared import SharedHold, SharedValues

        return SharedHold(SharedValues(dsn))


@contextmanager
def driver() -> Iterator[None]:
    """Turn a missing package into `UnavailableError`."""
    try:
        yield
    except ImportError as error:
        raise UnavailableError("a PostgreSQL database needs the packages of the extra `postgres`") from error


def _vault_of_file(folder: DataFolder) -> Vault:
    # A folder that is none is told from one that has lost its key.
    if not folder.database.is_file():
        raise NotFoundError(f"there is no database at {folder.database}")
    return open_vault(folder)
