# SPDX-License-Identifier: Apache-2.0
"""Half-signed records. They are sealed with their lender's key: a loan may not have one yet."""

from collections.abc import Sequence
from typing import Any

from notary.ports.drafts import Draft
from notary.stores.database import Database
from notary.stores.sealed_rows import draft_row, open_draft, seal_draft


class DraftTable(Database):
    """Implements `notary.ports.drafts.DraftStore`."""

    def draft(self, lender: int, record_id: str, now: int) -> Draft | None:
        row = self._rows.one("draft", (lender, record_id, now))
        return self._draft(row) if row else None

    def drafts(self, lender: int, after: str, limit: int, now: int) -> list[Draft]:
        return [self._draft(row) for row in self._rows.all("drafts", (lender, after, now, limit))]

    def add_draft(self, draft: Draft) -> bool:
        row = draft_row(draft, self.owner_keys(draft.lender))
        with self._transaction() as rows:
            rows.do("purge_drafts", (draft.created_at,))
            return rows.do("add_draft", row) == 1

    def sign_draft(self, before: Draft, after: Draft) -> bool:
        place = (before.lender, before.record_id)
        owner = self.owner_keys(before.lender)
        with self._transaction(f"draft {before.record_id}") as rows:
            row = rows.one("any_draft", place)
            if row is None or open_draft(row, owner).signatures != before.signatures:
                return False
            rows.do("sign_draft", (seal_draft(after, owner), *place))
            return True

    def remove_draft(self, lender: int, record_id: str) -> bool:
        return self._rows.do("remove_draft", (lender, record_id)) == 1

    def _draft(self, row: Sequence[Any]) -> Draft:
        return open_draft(row, self.owner_keys(row[0]))
