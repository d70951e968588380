# SPDX-License-Identifier: Apache-2.0
"""Lenders, and the keys that they and their borrowers sign with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from notary.parties.validity import Validity


@dataclass(frozen=True)
class Lender:
    """Who submits records: its number in this notary, its registered name, and the version of its policy (0: none)."""

    number: int
    name: str
    policy: int = 0


@dataclass(frozen=True)
class PartyKey:
    """A public key registered for a lender's loans.

    `party` says whose it is, such as "lender" or "borrower"; `validity` when it counts; `revoked_at` when the lender
    told of its revocation.
    """

    kid: str
    party: str
    jwk: str
    registered_at: int
    validity: Validity
    revoked_at: int | None = None


@dataclass(frozen=True)
class PartyRoot:
    """A CA certificate (DER) whose leaves sign for a party of a lender's loans.

    `fingerprint` is its SHA-256 in hex. It is registered for the leaves of one `organization`, or for all others
    (None). `validity` is that of the registration; the certificates have their own beside it.
    """

    fingerprint: str
    party: str
    certificate: bytes
    organization: str | None
    validity: Validity
    revoked_at: int | None = None


class PartyStore(Protocol):
    """Lenders, and the keys that they and their borrowers sign with. `notary.access` has what they log in with."""

    def lender(self, number: int) -> Lender:
        """Return a lender. Raises `NotFoundError`."""

    def add_key(self, lender: int, key: PartyKey, ends: tuple[str, int] | None = None) -> tuple[PartyKey, bool]:
        """Register a party's key, unless it is there; return what is registered, and whether it is new.

        `ends` names another key of the same party that is to end at a moment, if it does not end before. It stays as it
        is where the first key is there for another party.
        """

    def party_keys(self, lender: int, kids: Sequence[str]) -> dict[str, PartyKey]:
        """Return the lender's registered keys of these ids; what is not there is left out."""

    def list_keys(self, lender: int, party: str | None, after: str, limit: int) -> list[PartyKey]:
        """Return the lender's first keys, of one party or of all, by rising id, whose id is above `after`."""

    def revoke_key(self, lender: int, kid: str, revoked_from: int, now: int) -> PartyKey:
        """Revoke a key from a moment on, unless it is revoked from an earlier one; return it as it is then.

        Raises `NotFoundError`.
        """

    def add_root(self, lender: int, root: PartyRoot) -> tuple[PartyRoot, bool]:
        """Register a CA certificate for an organization, unless it is there; return it, and whether it is new."""

    def roots(self, lender: int) -> list[PartyRoot]:
        """Return the lender's CA certificates, the oldest registration first."""

    def revoke_root(self, lender: int, fingerprint: str, revoked_from: int, now: int) -> list[PartyRoot]:
        """Revoke a CA certificate, as `revoke_key` does a key; return its registrations as they are then, if any."""
