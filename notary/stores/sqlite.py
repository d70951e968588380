# SPDX-License-Identifier: Apache-2.0
"""The stores on SQLite, all in one file."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from notary.log.anchors import LogHead
from notary.ports.records import StoredRecord
from notary.stores.record_ids import id_text, ids_bytes
from notary.stores.session_table import SessionTable
from notary.stores.sqlite_file import SqliteFile
from notary.stores.store_tables import StoreTables
from notary.stores.webhook_tables import WebhookTables


class SqliteStore(StoreTables, SqliteFile):
    """Implements `notary.ports.store.Store`."""

    def turn(self, known: LogHead | None) -> AbstractContextManager[LogHead | None]:
        # The lock of the data folder lets in one writer, and `commit` looks for others.
        return nullcontext(known)

    def find_records(self, keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], StoredRecord]:
        # Nearly none of them is there: one statement asks for all, where `each` would take one for each.
        return super().find_records(self._known(keys))

    def _known(self, keys: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
        ids: dict[int, list[bytes]] = {}
        read = ids_bytes([record_id for _, record_id in keys])
        for (lender, _), data in zip(keys, read, strict=True):
            if data is not None:
                ids.setdefault(lender, []).append(data)
        return [
            (lender, id_text(data))
            for lender, wanted in ids.items()
            for (data,) in self._rows.all("known_records", {"lender": lender, "ids": b"".join(wanted)})
        ]


class SqliteWebhooks(WebhookTables, SqliteFile):
    """Implements `notary.webhooks.WebhookStore`."""


class SqliteSessions(SessionTable, SqliteFile):
    """Implements `notary.sessions.SessionStore`."""
