# SPDX-License-Identifier: Apache-2.0
"""Records and loans, as the log knows them, for those who read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import orjson

from notary.encoding import b64url
from notary.envelope import Envelope, envelope_from_json
from notary.log.anchors import Anchor

UNSIGNED = "[]"
"""The signatures of an envelope without any."""


class Loan(NamedTuple):
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


class StoredRecord(NamedTuple):
    """A record in the log: where it stands, what opens its entry, and `signatures`, the envelope's member as JSON.

    `type` stands beside the payload because lists are read by it.
    """

    index: int  # type: ignore[assignment]  # of the entry; nobody looks for a value in a record
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


def read_envelope(payload: bytes, signatures: str) -> Envelope:
    """Return the envelope of a payload and of its `signatures`, the envelope's member as JSON."""
    if signatures == UNSIGNED:
        return Envelope(payload)
    return envelope_from_json({"payload": b64url(payload), "signatures": orjson.loads(signatures)})


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

    def loan_of_reference(self, lender: int, reference: str) -> str | None:
        """Return the number of the loan that is so named; None for an erased one, and one that is not there."""

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
