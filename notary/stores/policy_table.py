# SPDX-License-Identifier: Apache-2.0
"""Lenders' own policies."""

from notary.errors import NotFoundError
from notary.ports.policies import PolicyVersion
from notary.stores.database import Database


class PolicyTable(Database):
    """Implements `notary.ports.policies.PolicyStore`."""

    def policy(self, lender: int, version: int) -> PolicyVersion:
        if row := self._rows.one("policy", (lender, version)):
            return PolicyVersion(*row)
        raise NotFoundError(f"lender {lender} has no policy {version}")

    def policy_at(self, lender: int, moment: int) -> PolicyVersion | None:
        row = self._rows.one("policy_at", (lender, moment))
        return PolicyVersion(*row) if row else None

    def set_policy(self, lender: int, text: str, set_at: int, set_by: str) -> PolicyVersion:
        with self._transaction(f"policy of {lender}") as rows:
            row = rows.one("newest_policy", (lender,))
            newest = PolicyVersion(*row) if row else PolicyVersion(0, "", 0, "")
            if newest.text == text:
                return newest
            # A clock that was set back does not bring an older version back into force.
            added = PolicyVersion(newest.version + 1, text, max(set_at, newest.set_at), set_by)
            rows.do("add_policy", (lender, added.version, text, added.set_at, set_by))
            rows.do("use_policy", (added.version, lender))
            return added
