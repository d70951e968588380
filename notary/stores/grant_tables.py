# SPDX-License-Identifier: Apache-2.0
"""Grants to auditors and loan passes."""

from collections.abc import Sequence
from typing import Any

from notary.access import Grant, LoanPass
from notary.errors import NotFoundError
from notary.stores.database import Database
from notary.stores.sealed_rows import grant_row, open_grant, open_pass, pass_row


class GrantTables(Database):
    """Implements the part of `notary.access.AccessStore` that is about loans."""

    def add_grant(self, grant: Grant) -> None:
        self._rows.do("add_grant", grant_row(grant, self.owner_keys(grant.lender)))

    def grants(self, *, lender: int | None = None, auditor: int | None = None) -> list[Grant]:
        return [self._grant(row) for row in self._rows.all("grants", {"lender": lender, "auditor": auditor})]

    def revoke_grant(self, grant: str, now: int) -> None:
        self._rows.do("revoke_grant", (now, grant))

    def add_pass(self, loan_pass: LoanPass, sha256: bytes) -> None:
        self._rows.do("add_pass", pass_row(loan_pass, sha256, self.owner_keys(loan_pass.lender)))

    def pass_with(self, sha256: bytes) -> LoanPass:
        if row := self._rows.one("pass_with", (sha256,)):
            return self._pass(row)
        raise NotFoundError("no such loan pass")

    def passes(self, lender: int) -> list[LoanPass]:
        return [self._pass(row) for row in self._rows.all("passes", (lender,))]

    def revoke_pass(self, lender: int, loan_pass: str, now: int) -> LoanPass:
        self._rows.do("revoke_pass", (now, lender, loan_pass))
        if row := self._rows.one("pass", (lender, loan_pass)):
            return self._pass(row)
        raise NotFoundError("you have no loan pass of this id")

    def used_pass(self, loan_pass: str, now: int) -> None:
        self._rows.do("used_pass", {"id": loan_pass, "now": now})

    def _grant(self, row: Sequence[Any]) -> Grant:
        return open_grant(row, self.owner_keys(row[2]))

    def _pass(self, row: Sequence[Any]) -> LoanPass:
        return open_pass(row, self.owner_keys(row[1]))
