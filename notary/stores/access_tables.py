# SPDX-License-Identifier: Apache-2.0
"""Organisations and what opens doors to them."""

from collections.abc import Sequence
from typing import Any

from notary.access import ApiKey, Caller, ClientKey, Organisation
from notary.errors import CorruptLogError, NotFoundError
from notary.stores.grant_tables import GrantTables


class AccessTables(GrantTables):
    """Implements `notary.access.AccessStore` in the same database as the store."""

    def add_organisation(self, name: str, role: str, now: int, *, once: bool = False) -> Organisation:
        with self._transaction("organisations") as rows:
            if once and (row := rows.one("organisation_added", (name, role, now))):
                return Organisation(*row)
            (number,) = rows.one("add_organisation", (name, role, now))
            rows.do("add_owner_keys", (number, self._vault.new_owner(number)))
        return Organisation(number, name, role)

    def organisation(self, number: int) -> Organisation:
        if row := self._rows.one("organisation", (number,)):
            return Organisation(*row)
        raise NotFoundError(f"there is no organisation {number}")

    def organisations(self) -> list[Organisation]:
        return [Organisation(*row) for row in self._rows.all("organisations", ())]

    # --- API keys

    def add_api_key(self, key: ApiKey, sha256: bytes) -> None:
        values = (
            sha256, key.id, key.organisation, key.name, " ".join(key.scopes), key.created_at, key.expires_at,
            key.revoked_at, key.last_used_at,
        )  # fmt: skip
        if not self._rows.do("add_api_key", values) and all(
            known.id != key.id for known in self.api_keys(key.organisation)
        ):
            raise CorruptLogError("an API key of another organisation has this hash")

    def caller_with(self, sha256: bytes) -> tuple[Caller, ApiKey]:
        row = self._rows.one("caller_with", (sha256,))
        if row is None:
            raise NotFoundError("no such API key")
        number, name, role, policy, *rest = row
        key = _api_key(rest)
        return Caller(Organisation(number, name, role), policy, key.id, frozenset(key.scopes)), key

    def api_keys(self, organisation: int) -> list[ApiKey]:
        return [_api_key(row) for row in self._rows.all("api_keys", (organisation,))]

    def api_key(self, organisation: int, key: str) -> ApiKey:
        if row := self._rows.one("api_key", (organisation, key)):
            return _api_key(row)
        raise NotFoundError("you have no API key of this id")

    def end_api_key(self, organisation: int, key: str, *, expires_at: int | None, revoked_at: int | None) -> None:
        self._rows.do(
            "end_api_key",
            {"organisation": organisation, "id": key, "expires_at": expires_at, "revoked_at": revoked_at},
        )

    def used_api_key(self, key: str, now: int) -> None:
        self._rows.do("used_api_key", {"id": key, "now": now})

    # --- keys of OAuth clients

    def add_client_key(self, key: ClientKey) -> bool:
        values = (key.organisation, key.kid, key.jwk, key.created_at, key.revoked_at)
        return self._rows.do("add_client_key", values) == 1

    def client_keys(self, organisation: int) -> list[ClientKey]:
        return [ClientKey(*row) for row in self._rows.all("client_keys", (organisation,))]

    def revoke_client_key(self, organisation: int, kid: str, now: int) -> None:
        if not self._rows.do("revoke_client_key", (now, organisation, kid)):
            raise NotFoundError("you have no client key of this id")

    def use_assertion(self, organisation: int, jti: str, expires_at: int, now: int) -> bool:
        with self._transaction() as rows:
            rows.do("forget_assertions", (now,))
            return rows.do("use_assertion", (organisation, jti, expires_at)) == 1


def _api_key(row: Sequence[Any]) -> ApiKey:
    identity, organisation, name, scopes, *rest = row
    return ApiKey(identity, organisation, name, tuple(scopes.split()), *rest)
