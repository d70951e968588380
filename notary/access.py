# SPDX-License-Identifier: Apache-2.0
"""Who may do what: organisations, API keys, grants to auditors, loan passes; and the port that keeps them.

A lender sees its own loans. An auditor sees the loans that a lender, or the operator, granted it. Whoever holds a loan
pass sees one loan. An operator sees no loan at all: it runs the service. Times are milliseconds since 1970.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from notary.ports.parties import Lender

WRITE_RECORDS, READ_RECORDS = "records:write", "records:read"
WRITE_PARTIES, WRITE_POLICY, WRITE_WEBHOOKS = "parties:write", "policy:write", "webhooks:write"
WRITE_PASSES, WRITE_ACCESS, WRITE_ORGANISATIONS = "passes:write", "access:write", "organisations:write"
RUN_AUDITS = "audits:run"
ERASE, WRITE_HOLDS = "loans:erase", "holds:write"

ROLES: Mapping[str, tuple[str, ...]] = {
    "lender": (
        WRITE_RECORDS, READ_RECORDS, WRITE_PARTIES, WRITE_POLICY, WRITE_WEBHOOKS, WRITE_PASSES, WRITE_ACCESS,
        RUN_AUDITS, ERASE, WRITE_HOLDS,
    ),
    "auditor": (READ_RECORDS, WRITE_ACCESS, RUN_AUDITS),
    "operator": (WRITE_ORGANISATIONS, WRITE_ACCESS, READ_RECORDS, RUN_AUDITS),
}  # fmt: skip
"""The scopes that a key of an organisation of each role can have."""


@dataclass(frozen=True)
class Organisation:
    """Somebody with API keys: its number, its registered name, and its role, one of `ROLES`."""

    number: int
    name: str
    role: str


@dataclass(frozen=True)
class Caller:
    """Who makes a request: the organisation, what its key is called, and what it may do."""

    organisation: Organisation
    policy: int
    key: str
    scopes: frozenset[str]

    @property
    def lender(self) -> Lender:
        """The organisation as the owner of loans."""
        return Lender(self.organisation.number, self.organisation.name, self.policy)


def key_id(sha256: bytes) -> str:
    """Return the id of the API key with this SHA-256: 16 hex digits of it, which tell nothing of the key."""
    return "key_" + sha256.hex()[:16]


@dataclass(frozen=True)
class ApiKey:
    """An API key, of which the store has the SHA-256 only. `id` is `key_id` of that."""

    id: str
    organisation: int
    name: str
    scopes: tuple[str, ...]
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None
    last_used_at: int | None = None

    def refusal(self, now: int) -> str | None:
        """Say why the key opens nothing at this moment; None if it does."""
        if self.revoked_at is not None and self.revoked_at <= now:
            return "was revoked"
        if self.expires_at is not None and self.expires_at <= now:
            return "has expired"
        return None


@dataclass(frozen=True)
class Grant:
    """What an auditor may read of a lender's loans.

    One loan, or all, or those that began (whose first record was received) from `began_from` until `began_until`, the
    end not included: always whole loans, since part of a history proves nothing about the rest. Of a grant for one
    loan, `erasure` is the loan's; once that is done, `loan` is empty, as no loan's number is.
    """

    id: str
    auditor: int
    lender: int
    loan: str | None
    began_from: int | None
    began_until: int | None
    created_at: int
    expires_at: int
    revoked_at: int | None = None
    erasure: str = ""

    def covers_all(self, now: int) -> bool:
        """Tell whether the auditor may read all of the lender's loans at this moment."""
        return self.is_open(now) and self.loan is None and self.began_from is None and self.began_until is None

    def covers(self, loan: str, began: int, now: int) -> bool:
        """Tell whether the auditor may read this loan at this moment."""
        if not self.is_open(now):
            return False
        if self.loan is not None and self.loan != loan:
            return False
        return (self.began_from is None or began >= self.began_from) and (
            self.began_until is None or began < self.began_until
        )

    def is_open(self, now: int) -> bool:
        """Tell whether it has neither ended nor been taken back."""
        return now < self.expires_at and (self.revoked_at is None or now < self.revoked_at)


@dataclass(frozen=True)
class LoanPass:
    """What opens one loan to whoever holds its secret, the borrower; the store has the secret's SHA-256 only.

    `erasure` is the loan's; once that is done, `loan` is empty.
    """

    id: str
    lender: int
    loan: str
    created_at: int
    expires_at: int
    revoked_at: int | None = None
    last_used_at: int | None = None
    erasure: str = ""

    def refusal(self, now: int) -> str | None:
        """Say why the pass opens nothing at this moment; None if it does."""
        if self.revoked_at is not None and self.revoked_at <= now:
            return "was withdrawn by the lender"
        return "has expired" if self.expires_at <= now else None


@dataclass(frozen=True)
class ClientKey:
    """A public key with which an organisation asks for access tokens (RFC 7523); `kid` is its thumbprint."""

    organisation: int
    kid: str
    jwk: str
    created_at: int
    revoked_at: int | None = None


class AccessStore(Protocol):
    """Keeps organisations and what opens doors. Secrets come and stay as SHA-256."""

    def add_organisation(self, name: str, role: str, now: int, *, once: bool = False) -> Organisation:
        """Register an organisation; `once`: unless one of this name and role was at this moment. Return it."""

    def organisation(self, number: int) -> Organisation:
        """Return an organisation. Raises `NotFoundError`."""

    def organisations(self) -> list[Organisation]:
        """Return all organisations by rising number."""

    def add_api_key(self, key: ApiKey, sha256: bytes) -> None:
        """Keep a new API key; harmless to repeat."""

    def caller_with(self, sha256: bytes) -> tuple[Caller, ApiKey]:
        """Return whose API key has this SHA-256, and the key. Raises `NotFoundError`."""

    def api_keys(self, organisation: int) -> list[ApiKey]:
        """Return an organisation's API keys, oldest first."""

    def api_key(self, organisation: int, key: str) -> ApiKey:
        """Return an API key. Raises `NotFoundError`."""

    def end_api_key(self, organisation: int, key: str, *, expires_at: int | None, revoked_at: int | None) -> None:
        """Let an API key end; an end that is set stays where it is earlier."""

    def used_api_key(self, key: str, now: int) -> None:
        """Note that a key was used."""

    def add_grant(self, grant: Grant) -> None:
        """Keep a new grant; harmless to repeat."""

    def grants(self, *, lender: int | None = None, auditor: int | None = None) -> list[Grant]:
        """Return the grants of a lender's loans, or those to an auditor, or both, oldest first."""

    def revoke_grant(self, grant: str, now: int) -> None:
        """End a grant now, unless it has ended."""

    def add_pass(self, loan_pass: LoanPass, sha256: bytes) -> None:
        """Keep a new loan pass; harmless to repeat."""

    def pass_with(self, sha256: bytes) -> LoanPass:
        """Return the loan pass whose secret has this SHA-256. Raises `NotFoundError`."""

    def passes(self, lender: int) -> list[LoanPass]:
        """Return a lender's loan passes, oldest first."""

    def revoke_pass(self, lender: int, loan_pass: str, now: int) -> LoanPass:
        """End a pass now, unless it has ended. Raises `NotFoundError`."""

    def used_pass(self, loan_pass: str, now: int) -> None:
        """Note that a pass was used."""

    def add_client_key(self, key: ClientKey) -> bool:
        """Keep a client key; False if it is there."""

    def client_keys(self, organisation: int) -> list[ClientKey]:
        """Return an organisation's client keys, oldest first."""

    def revoke_client_key(self, organisation: int, kid: str, now: int) -> None:
        """End a client key now. Raises `NotFoundError`."""

    def use_assertion(self, organisation: int, jti: str, expires_at: int, now: int) -> bool:
        """Note the id of a client's assertion until it expires; False if it was used before (RFC 7523 section 3)."""
