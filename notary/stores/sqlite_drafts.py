# SPDX-License-Identifier: Apache-2.0
"""Half-signed records, on SQLite."""

from notary.ports import Draft
from notary.stores.sqlite_file import STATEMENTS, SqliteFile


class DraftTable(SqliteFile):
    """Implements `notary.ports.DraftStore`."""

    def draft(self, lender: int, record_id: str, now: int) -> Draft | None:
        row = self._one("draft", (lender, record_id, now))
        return Draft(*row) if row else None

    def drafts(self, lender: int, after: str, limit: int, now: int) -> list[Draft]:
        return [Draft(*row) for row in self._all("drafts", (lender, after, now, limit))]

    def add_draft(self, draft: Draft) -> bool:
        values = (
            draft.lender, draft.record_id, draft.payload, draft.signatures, draft.signers, draft.created_at,
            draft.expires_at,
        )  # fmt: skip
        with self._transaction() as connection:
            connection.execute(STATEMENTS["purge_drafts"], (draft.created_at,))
            return connection.execute(STATEMENTS["add_draft"], values).rowcount == 1

    def sign_draft(self, before: Draft, after: Draft) -> bool:
        values = {
            "lender": before.lender, "id": before.record_id, "before": before.signatures,
            "signatures": after.signatures, "signers": after.signers,
        }  # fmt: skip
        with self._transaction() as connection:
            return connection.execute(STATEMENTS["sign_draft"], values).rowcount == 1

    def remove_draft(self, lender: int, record_id: str) -> bool:
        with self._transaction() as connection:
            return connection.execute(STATEMENTS["remove_draft"], (lender, record_id)).rowcount == 1
