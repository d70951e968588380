# SPDX-License-Identifier: Apache-2.0
"""What the notary needs of a database: the ports that `notary.stores` implements.

Times are milliseconds since 1970, UTC. A lender is named by the number that the store gave it. No method
returns half of a commit. `notary.anchors.AnchorStore` is the port of anchoring.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import orjson

from notary.anchors import Anchor, AnchorStore, LogHead
from notary.encoding import b64url
from notary.envelope import Envelope, envelope_from_json
from notary.tiles import Tile


@dataclass(frozen=True)
class Lender:
    """Who submits records: its number in this notary, its registered name, and the version of its policy (0: none)."""

    number: int
    name: str
    policy: int = 0


@dataclass(frozen=True)
class PolicyVersion:
    """One version of a lender's policy: its number from 1, `notary.policies.policy_text`, when it was set, and by whom.

    `set_by` names the API key: the first 16 hex digits of its SHA-256.
    """

    version: int
    text: str
    set_at: int
    set_by: str


@dataclass(frozen=True)
class PartyKey:
    """A public key registered for a lender's loans; `party` says whose it is, such as "lender" or "borrower"."""

    kid: str
    party: str
    jwk: str
    registered_at: int


@dataclass(frozen=True)
class Loan:
    """A loan as the log knows it.

    `number` is the lender's own; `records` counts its records so far, which is the next one's sequence; `last_digest`
    is the SHA-256 of the last one's payload; `key` makes its tags.
    """

    lender: int
    number: str
    key: bytes
    state: str
    records: int
    last_digest: bytes


@dataclass(frozen=True)
class StoredRecord:
    """A record in the log: where it stands, what opens its entry, and `signatures`, the envelope's member as JSON."""

    index: int
    lender: int
    record_id: str
    loan: str
    sequence: int
    received_at: int
    nonce: bytes
    payload: bytes
    signatures: str

    @property
    def envelope(self) -> Envelope:
        """The envelope, as it was committed to."""
        if self.signatures == "[]":
            return Envelope(self.payload)
        return envelope_from_json({"payload": b64url(self.payload), "signatures": orjson.loads(self.signatures)})


@dataclass
class Batch:
    """All that one commit adds: entries from `LogHead.size` of the old head on, and what belongs to them."""

    head: LogHead
    entries: list[bytes] = field(default_factory=list)
    records: list[StoredRecord] = field(default_factory=list)
    loans: list[Loan] = field(default_factory=list)
    tiles: dict[Tile, bytes] = field(default_factory=dict)


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

    def records(self) -> Iterator[tuple[StoredRecord, Loan]]:
        """Yield every record with its loan, by rising index."""

    def loan_numbers(self, lender: int) -> Iterator[str]:
        """Yield the numbers of a lender's loans in the order in which they began."""

    def anchor_over(self, index: int) -> Anchor | None:
        """Return the anchor that covers an entry: the smallest final one, else the smallest mined one, else None."""

    def newest_anchor(self) -> Anchor | None:
        """Return the anchor of the largest size that is mined or final, if there is one."""


class PartyStore(Protocol):
    """Lenders, the API keys they log in with, and the keys that they and their borrowers sign with."""

    def add_lender(self, name: str, api_key_hash: bytes, now: int) -> Lender:
        """Register a lender with its first API key, of which only the SHA-256 is kept."""

    def lender_by_api_key(self, api_key_hash: bytes) -> Lender:
        """Return whose API key has this SHA-256. Raises `NotFoundError`."""

    def lender(self, number: int) -> Lender:
        """Return a lender. Raises `NotFoundError`."""

    def add_key(self, lender: int, key: PartyKey) -> bool:
        """Register a party's key; return False where it was there already, for the same party.

        Raises `InvalidKeyError` if it is registered for another party.
        """

    def party_keys(self, lender: int, kids: Sequence[str]) -> dict[str, PartyKey]:
        """Return the lender's registered keys of these ids; what is not there is left out."""


class PolicyStore(Protocol):
    """Lenders' own policies; every version is kept."""

    def policy(self, lender: int, version: int) -> PolicyVersion:
        """Return one version. Raises `NotFoundError`."""

    def policy_at(self, lender: int, moment: int) -> PolicyVersion | None:
        """Return the newest version that was set by a moment, if there was one."""

    def set_policy(self, lender: int, text: str, set_at: int, set_by: str) -> PolicyVersion:
        """Put a policy in force as the lender's next version; return the current one where its text is the same."""


class Store(LogStore, RecordStore, PartyStore, PolicyStore, AnchorStore, Protocol):
    """A whole database."""

    def close(self) -> None:
        """Give up what the calling thread holds open."""
