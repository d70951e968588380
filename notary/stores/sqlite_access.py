# SPDX-License-Identifier: Apache-2.0
"""Organisations and what opens doors to them, on SQLite. `sqlite_statements/access.sql` holds the statements."""

from collections.abc import Sequence
from typing import Any

from notary.access import ApiKey, Caller, ClientKey, Grant, LoanPass, Organisation
from notary.errors import NotFoundError
from notary.stores.sqlite_file import STATEMENTS, SqliteFile


class SqliteAccess(SqliteFile):
    """Implements `notary.access.AccessStore` in the same database as `SqliteStore`."""

    def add_organisation(self, name: str, role: str, now: int) -> Organisation:
        with self._transaction() as connection:
            number = connection.execute(STATEMENTS["add_organisation"], (name, role, now)).lastrowid
        assert number is not None
        return Organisation(number, name, role)

    def organisation(self, number: int) -> Organisation:
        if row := self._one("organisation", (number,)):
            return Organisation(*row)
        raise NotFoundError(f"there is no organisation {number}")

    def organisations(self) -> list[Organisation]:
        return [Organisation(*row) for row in self._all("organisations", ())]

    # --- API keys

    def add_api_key(self, key: ApiKey, sha256: bytes) -> None:
        values = (
            sha256, key.id, key.organisation, key.name, " ".join(key.scopes), key.created_at, key.expires_at,
            key.revoked_at, key.last_used_at,
        )  # fmt: skip
        self._do("add_api_key", values)

    def caller_with(self, sha256: bytes) -> tuple[Caller, ApiKey]:
        row = self._one("caller_with", (sha256,))
        if row is None:
            raise NotFoundError("no such API key")
        number, name, role, policy, *rest = row
        key = _api_key(rest)
        return Caller(Organisation(number, name, role), policy, key.id, frozenset(key.scopes)), key

    def api_keys(self, organisation: int) -> list[ApiKey]:
        return [_api_key(row) for row in self._all("api_keys", (organisation,))]

    def api_key(self, organisation: int, key: str) -> ApiKey:
        if row := self._one("api_key", (organisation, key)):
            return _api_key(row)
        raise NotFoundError("you have no API key of this id")

    def end_api_key(self, organisation: int, key: str, *, expires_at: int | None, revoked_at: int | None) -> None:
        self._do(
            "end_api_key",
            {"organisation": organisation, "id": key, "expires_at": expires_at, "revoked_at": revoked_at},
        )

    def used_api_key(self, key: str, now: int) -> None:
        self._do("used_api_key", {"id": key, "now": now})

    # --- grants and passes

    def add_grant(self, grant: Grant) -> None:
        values = (
            grant.id, grant.auditor, grant.lender, grant.loan, grant.began_from, grant.began_until, grant.created_at,
            grant.expires_at, grant.revoked_at,
        )  # fmt: skip
        self._do("add_grant", values)

    def grants(self, *, lender: int | None = None, auditor: int | None = None) -> list[Grant]:
        return [Grant(*row) for row in self._all("grants", {"lender": lender, "auditor": auditor})]

    def revoke_grant(self, grant: str, now: int) -> None:
        self._do("revoke_grant", (now, grant))

    def add_pass(self, loan_pass: LoanPass, sha256: bytes) -> None:
        values = (
            sha256, loan_pass.id, loan_pass.lender, loan_pass.loan, loan_pass.created_at, loan_pass.expires_at,
            loan_pass.revoked_at, loan_pass.last_used_at,
        )  # fmt: skip
        self._do("add_pass", values)

    def pass_with(self, sha256: bytes) -> LoanPass:
        if row := self._one("pass_with", (sha256,)):
            return LoanPass(*row)
        raise NotFoundError("no such loan pass")

    def passes(self, lender: int) -> list[LoanPass]:
        return [LoanPass(*row) for row in self._all("passes", (lender,))]

    def revoke_pass(self, lender: int, loan_pass: str, now: int) -> LoanPass:
        self._do("revoke_pass", (now, lender, loan_pass))
        if row := self._one("pass", (lender, loan_pass)):
            return LoanPass(*row)
        raise NotFoundError("you have no loan pass of this id")

    def used_pass(self, loan_pass: str, now: int) -> None:
        self._do("used_pass", {"id": loan_pass, "now": now})

    # --- keys of OAuth clients

    def add_client_key(self, key: ClientKey) -> bool:
        values = (key.organisation, key.kid, key.jwk, key.created_at, key.revoked_at)
        return self._do("add_client_key", values) == 1

    def client_keys(self, organisation: int) -> list[ClientKey]:
        return [ClientKey(*row) for row in self._all("client_keys", (organisation,))]

    def revoke_client_key(self, organisation: int, kid: str, now: int) -> None:
        if not self._do("revoke_client_key", (now, organisation, kid)):
            raise NotFoundError("you have no client key of this id")

    def use_assertion(self, organisation: int, jti: str, expires_at: int, now: int) -> bool:
        with self._transaction() as connection:
            connection.execute(STATEMENTS["forget_assertions"], (now,))
            return connection.execute(STATEMENTS["use_assertion"], (organisation, jti, expires_at)).rowcount == 1

    def _do(self, statement: str, values: Sequence[Any] | dict[str, Any]) -> int:
        """Run one statement in a transaction of its own; return how many rows it has changed."""
        with self._transaction() as connection:
            return connection.execute(STATEMENTS[statement], values).rowcount


def _api_key(row: Sequence[Any]) -> ApiKey:
    identity, organisation, name, scopes, *rest = row
    return ApiKey(identity, organisation, name, tuple(scopes.split()), *rest)
