# SPDX-License-Identifier: Apache-2.0
"""The stores on PostgreSQL, all in one database."""

from collections.abc import Iterator
from contextlib import contextmanager

from notary.log.anchors import LogHead
from notary.stores.postgres_connection import translated
from notary.stores.postgres_database import PostgresDatabase
from notary.stores.postgres_transactions import begin_reading, roll_back
from notary.stores.session_table import SessionTable
from notary.stores.statements import POSTGRES_STATEMENTS
from notary.stores.store_tables import StoreTables
from notary.stores.webhook_tables import WebhookTables


class PostgresStore(StoreTables, PostgresDatabase):
    """Implements `notary.ports.store.Store`; any number of processes on any number of machines may use one database."""

    @contextmanager
    def turn(self, known: LogHead | None) -> Iterator[LogHead | None]:  # noqa: ARG002  # others may have gone on since
        with self._bound() as connection, translated():
            try:
                row = begin_reading(connection, "log", POSTGRES_STATEMENTS["head"])
                yield LogHead(*row) if row else None
            finally:
                roll_back(connection)


class PostgresWebhooks(WebhookTables, PostgresDatabase):
    """Implements `notary.webhooks.WebhookStore`."""


class PostgresSessions(SessionTable, PostgresDatabase):
    """Implements `notary.sessions.SessionStore`."""
