# SPDX-License-Identifier: Apache-2.0
"""Lenders, their parties' keys, and the CA certificates of their parties."""

from collections.abc import Sequence
from typing import Any

from notary.errors import NotFoundError
from notary.parties.validity import Validity
from notary.ports.parties import Lender, PartyKey, PartyRoot
from notary.stores.database import Database


class PartyTables(Database):
    """Implements `notary.ports.parties.PartyStore`."""

    def lender(self, number: int) -> Lender:
        if row := self._rows.one("lender", (number,)):
            return Lender(*row)
        raise NotFoundError(f"there is no lender {number}")

    def add_key(self, lender: int, key: PartyKey, ends: tuple[str, int] | None = None) -> tuple[PartyKey, bool]:
        validity = key.validity
        values = (
            lender, key.kid, key.party, key.jwk, key.registered_at, validity.valid_from, validity.valid_until,
            validity.revoked_from, key.revoked_at,
        )  # fmt: skip
        with self._transaction() as rows:
            new = rows.do("add_key", values) == 1
            stored = _key(rows.one("party_key", (lender, key.kid)))
            if ends is not None and stored.party == key.party:
                kid, until = ends
                rows.do("end_key", {"lender": lender, "kid": kid, "until": until})
        return stored, new

    def party_keys(self, lender: int, kids: Sequence[str]) -> dict[str, PartyKey]:
        found = {}
        for kid in kids:
            if row := self._rows.one("party_key", (lender, kid)):
                found[kid] = _key(row)
        return found

    def list_keys(self, lender: int, party: str | None, after: str, limit: int) -> list[PartyKey]:
        values = {"lender": lender, "party": party, "after": after, "limit": limit}
        return [_key(row) for row in self._rows.all("list_keys", values)]

    def revoke_key(self, lender: int, kid: str, revoked_from: int, now: int) -> PartyKey:
        values = {"lender": lender, "kid": kid, "from": revoked_from, "told": now}
        with self._transaction() as rows:
            rows.do("revoke_key", values)
            row = rows.one("party_key", (lender, kid))
        if row is None:
            raise NotFoundError("you have no key of this id")
        return _key(row)

    def add_root(self, lender: int, root: PartyRoot) -> tuple[PartyRoot, bool]:
        validity = root.validity
        values = (
            lender, root.fingerprint, root.party, root.certificate, root.organization or "", validity.valid_from,
            validity.valid_until, validity.revoked_from, root.revoked_at,
        )  # fmt: skip
        with self._transaction() as rows:
            new = rows.do("add_root", values) == 1
            stored = rows.one("root", (lender, root.fingerprint, root.organization or ""))
        return _root(stored), new

    def roots(self, lender: int) -> list[PartyRoot]:
        return [_root(row) for row in self._rows.all("roots", (lender,))]

    def revoke_root(self, lender: int, fingerprint: str, revoked_from: int, now: int) -> list[PartyRoot]:
        values = {"lender": lender, "fingerprint": fingerprint, "from": revoked_from, "told": now}
        with self._transaction() as rows:
            rows.do("revoke_root", values)
        return [root for root in self.roots(lender) if root.fingerprint == fingerprint]


def _key(row: Sequence[Any]) -> PartyKey:
    kid, party, jwk, registered_at, *validity, revoked_at = row
    return PartyKey(kid, party, jwk, registered_at, Validity(*validity), revoked_at)


def _root(row: Sequence[Any]) -> PartyRoot:
    fingerprint, party, certificate, organization, *validity, revoked_at = row
    return PartyRoot(fingerprint, party, certificate, organization or None, Validity(*validity), revoked_at)
