# SPDX-License-Identifier: Apache-2.0
"""The stores on SQLite, all in one file."""

from contextlib import AbstractContextManager, nullcontext

from notary.log.anchors import LogHead
from notary.stores.session_table import SessionTable
from notary.stores.sqlite_file import SqliteFile
from notary.stores.store_tables import StoreTables
from notary.stores.webhook_tables import WebhookTables


class SqliteStore(StoreTables, SqliteFile):
    """Implements `notary.ports.store.Store`."""

    def turn(self, known: LogHead | None) -> AbstractContextManager[LogHead | None]:
        # The lock of the data folder lets in one writer, and `commit` looks for others.
        return nullcontext(known)


class SqliteWebhooks(WebhookTables, SqliteFile):
    """Implements `notary.webhooks.WebhookStore`."""


class SqliteSessions(SessionTable, SqliteFile):
    """Implements `notary.sessions.SessionStore`."""
