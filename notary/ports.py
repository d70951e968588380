# SPDX-License-Identifier: Apache-2.0
"""What the notary needs of a database: the ports that `notary.stores` implements.

Times are milliseconds since 1970, UTC. A lender is named by the number that the store gave it. No method
returns half of a commit. `notary.log.anchors.AnchorStore` is the port of anchoring.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import orjson

from notary.documents.document import DocumentStore
from notary.encoding import b64url
from notary.envelope import Envelope, envelope_from_json
from notary.log.anchors import Anchor, AnchorStore, LogHead
from notary.log.tiles import Tile
from notary.log.timestamps import TimestampStore
from notary.parties.validity import Validity
from notary.privacy.vault import OwnerKeys

UNSIGNED = "[]"
"""The signatures of an envelope without any."""


@dataclass(frozen=True)
class Lender:
    """Who submits records: its number in this notary, its registered name, and the version of its policy (0: none)."""

    number: int
    name: str
    policy: int = 0


@dataclass(frozen=True)
class PolicyVersion:
    """One version of a lender's policy: its number from 1, `notary.policies.policy_text`, when it was set, and by whom.

    `set_by` is the id of the API key.
    """

    version: int
    text: str
    set_at: int
    set_by: str


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


@dataclass(frozen=True)
class Loan:
    """A loan as the log knows it.

    `number` is the lender's own; `records` counts its records so far, which is the next one's sequence; `last_digest`
    is the SHA-256 of the last one's payload; `key` makes its tags. `erasure` is the id of its erasure, or empty; of a
    loan that is erased nothing else is known but its number of records.
    """

    lender: int
    number: str
    key: bytes
    state: str
    records: int
    last_digest: bytes
    erasure: str = ""


@dataclass(frozen=True)
class Hold:
    """A legal hold, which forbids to erase a loan: who set it, the lender or the operator, and when."""

    by: str
    set_at: int


@dataclass(frozen=True)
class ListedLoan:
    """A loan in a list: its number in the store, by which loans rise as they began, and its first and last record.

    `first` and `last` are the records' indexes, `began_at` is when the first was received.
    """

    number: int
    first: int
    began_at: int
    last: int
    loan: Loan


@dataclass(frozen=True)
class StoredRecord:
    """A record in the log: where it stands, what opens its entry, and `signatures`, the envelope's member as JSON.

    `type` stands beside the payload because lists are read by it.
    """

    index: int
    lender: int
    record_id: str
    loan: str
    sequence: int
    received_at: int
    nonce: bytes
    payload: bytes
    signatures: str
    type: str

    @property
    def envelope(self) -> Envelope:
        """The envelope, as it was committed to."""
        return read_envelope(self.payload, self.signatures)


@dataclass(frozen=True)
class SealedRecord:
    """A record's row that does not open: it, or where it stands, was changed, or its loan's keys were."""

    index: int
    sequence: int
    reason: str


@dataclass(frozen=True)
class LoanHistory:
    """All rows of a lender's loan as an audit finds them: its records by rising sequence, each with its entry or None.

    `loan` is None where its keys do not open; `row` names it then. `fault` says what of the loan's own row does not
    open.
    """

    row: str
    lender: int
    loan: Loan | None
    records: Sequence[tuple[StoredRecord | SealedRecord, bytes | None]]
    fault: str = ""


@dataclass(frozen=True)
class Draft:
    """A record that waits for more signatures, up to `expires_at`.

    `signatures` is the envelope's member as JSON, `signers` an object of the parties that made them, by key id.
    """

    lender: int
    record_id: str
    payload: bytes
    signatures: str
    signers: str
    created_at: int
    expires_at: int

    @property
    def signed(self) -> dict[str, str]:
        """The parties that have signed, by key id."""
        signed: dict[str, str] = orjson.loads(self.signers)
        return signed

    @property
    def envelope(self) -> Envelope:
        """The envelope as far as it is signed."""
        return read_envelope(self.payload, self.signatures)


def read_envelope(payload: bytes, signatures: str) -> Envelope:
    """Return the envelope of a payload and of its `signatures`, the envelope's member as JSON."""
    if signatures == UNSIGNED:
        return Envelope(payload)
    return envelope_from_json({"payload": b64url(payload), "signatures": orjson.loads(signatures)})


@dataclass
class Batch:
    """All that one commit adds: entries from `LogHead.size` of the old head on, and what belongs to them."""

    head: LogHead
    entries: list[bytes] = field(default_factory=list)
    records: list[StoredRecord] = field(default_factory=list)
    loans: list[Loan] = field(default_factory=list)
    tiles: dict[Tile, bytes] = field(default_factory=dict)


class KeyStore(Protocol):
    """The keys of organisations."""

    def owner_keys(self, number: int) -> OwnerKeys:
        """Return an organisation's keys. Raises `CorruptLogError` if it has none, as only an unknown one can."""


class LogStore(Protocol):
    """The log and the records behind it. Only one process calls `commit`: the writer."""

    def head(self) -> LogHead | None:
        """Return the newest checkpoint, or None for a database that no log was begun in."""

    def read_tiles(self, tiles: Sequence[Tile]) -> list[bytes]:
        """Return the tiles as they are stored. Raises `NotFoundError` if one is not there."""

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the entries of the indexes [start, stop), as far as there are any."""

    def find_records(self, keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], StoredRecord]:
        """Return the records with these (lender, record id); what is not there is left out."""

    def find_loans(self, keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Loan]:
        """Return the loans with these (lender, loan number); what is not there is left out."""

    def commit(self, expected: LogHead | None, batch: Batch) -> None:
        """Add a batch on top of `expected`, all or nothing, and on disk when this returns.

        Raises `ForkError`, changing nothing, if the stored head is another one.
        """


class RecordStore(Protocol):
    """The records, for those who read."""

    def record_at(self, index: int) -> StoredRecord:
        """Return the record of an entry. Raises `NotFoundError`."""

    def loan_records(self, lender: int, loan: str) -> list[StoredRecord]:
        """Return all records of a loan by rising sequence; none for a loan that is not there."""

    def erasure_of_record(self, lender: int, record_id: str) -> str:
        """Return the id of the erasure that a record has gone with; empty for any other."""

    def holds(self, lender: int, loan: str) -> tuple[Hold, ...]:
        """Return the legal holds of a loan. Raises `NotFoundError` and `ErasedError`."""

    def loan_reference(self, lender: int, loan: str) -> str:
        """Return by what a loan is named where its number must not stand: the same always, and a guess to nobody."""

    def loan_began(self, lender: int, loan: str) -> int | None:
        """Return when a loan's first record was received, None for a loan that is not there."""

    def records(self) -> Iterator[tuple[StoredRecord, Loan]]:
        """Yield every record with its loan, by rising index."""

    def loan_numbers(self, lender: int) -> Iterator[str]:
        """Yield the numbers of a lender's loans in the order in which they began."""

    def anchor_over(self, index: int) -> Anchor | None:
        """Return the anchor that covers an entry: the smallest final one, else the smallest mined one, else None."""

    def newest_anchor(self) -> Anchor | None:
        """Return the anchor of the largest size that is mined or final, if there is one."""


class ListStore(Protocol):
    """Records and loans a page at a time, in the order of the log. Each page costs what it holds, wherever it is."""

    def lender_records(
        self, lender: int, start: int, stop: int, limit: int, *, loan: str | None = None, record_type: str | None = None
    ) -> list[StoredRecord]:
        """Return the lender's first records of the indexes [start, stop): of one loan, or of one type, or all.

        Where a loan is named, the type is not looked at.
        """

    def received_span(self, lender: int, received_from: int, received_until: int) -> tuple[int, int]:
        """Return the indexes [start, stop) between which all the lender's records are that were received in a period.

        Others may be there too. The end of the period is not part of it; (0, 0) if there is no such record.
        """

    def lender_loans(self, lender: int, start: int, limit: int) -> list[ListedLoan]:
        """Return the lender's first loans from the number `start` of the store on."""

    def anchored_sizes(self) -> tuple[int, int]:
        """Return the largest size with a final anchor, and with one that is mined or final; 0 for none."""


class AuditStore(LogStore, Protocol):
    """All that is stored, for the audit: every row as it stands, contradictions included.

    Loans are numbered by the store, from 1, in the order in which they came.
    """

    def numbered_entries(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """Yield index and bytes of the entries that are there of the indexes [start, stop)."""

    def last_loan(self) -> int:
        """Return the highest number of a loan, 0 if there is none."""

    def loan_histories(self, start: int, stop: int) -> Iterator[LoanHistory]:
        """Yield the loans numbered [start, stop) with their records; an erased loan has none, and is left out."""

    def damage(self) -> list[str]:
        """Return what the database itself finds wrong with how it is stored; nothing for one that is whole.

        The log says nothing of such damage: an index that leads elsewhere than its table, a page that cannot be read.
        """

    def entries_without_record(self, start: int, stop: int) -> Iterator[int]:
        """Yield the indexes within [start, stop) of entries that no loan has a record for."""


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


class BatchStore(Protocol):
    """The ids of batches that were signed as one."""

    def claim_batch(self, lender: int, batch_id: str, statement: bytes) -> bool:
        """Note the statement (SHA-256) that a lender's batch id (UUID) stands for; False if that is another one.

        What an id stands for never changes.
        """


class DraftStore(Protocol):
    """Half-signed records. Whoever reads says what time it is: a draft that has expired by then is not there."""

    def draft(self, lender: int, record_id: str, now: int) -> Draft | None:
        """Return the draft of a record, if there is one."""

    def drafts(self, lender: int, after: str, limit: int, now: int) -> list[Draft]:
        """Return the lender's first drafts, by rising id, whose id is above `after`."""

    def add_draft(self, draft: Draft) -> bool:
        """Keep a draft; return False, changing nothing, where there is one of its lender and id.

        All drafts that have expired at its `created_at` are removed first.
        """

    def sign_draft(self, before: Draft, after: Draft) -> bool:
        """Give a draft the signatures of `after`; return False, changing nothing, if it has not those of `before`."""

    def remove_draft(self, lender: int, record_id: str) -> bool:
        """Remove a draft; return whether there was one."""


class PolicyStore(Protocol):
    """Lenders' own policies; every version is kept."""

    def policy(self, lender: int, version: int) -> PolicyVersion:
        """Return one version. Raises `NotFoundError`."""

    def policy_at(self, lender: int, moment: int) -> PolicyVersion | None:
        """Return the newest version that was set by a moment, if there was one."""

    def set_policy(self, lender: int, text: str, set_at: int, set_by: str) -> PolicyVersion:
        """Put a policy in force as the lender's next version; return the current one where its text is the same."""


class Store(
    KeyStore,
    AuditStore,
    RecordStore,
    ListStore,
    PartyStore,
    BatchStore,
    DraftStore,
    PolicyStore,
    DocumentStore,
    AnchorStore,
    TimestampStore,
    Protocol,
):
    """A whole database."""

    def close(self) -> None:
        """Give up what the calling thread holds open."""
