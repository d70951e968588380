# SPDX-License-Identifier: Apache-2.0
"""What is brought to the sequencer, and what it answers."""

from typing import NamedTuple

from notary.parties.signatures import PartyOfKey


class Submission(NamedTuple):
    """A record that was checked and waits for its place.

    `facts` is what its type's `notary.records.Record.facts` says, encoded; the sequencer reads no payload. `sequence`
    and `previous` (SHA-256 of the payload before it) are the lender's own claim of that place, if he makes one.
    `commitment` is over the whole envelope; `payload_digest` is the payload's SHA-256. `keys` are those that the
    signatures were verified with, in their order; they go into the receipt and not to the sequencer.
    """

    lender: int
    record_id: str
    loan: str
    type: str
    facts: str
    sequence: int | None
    previous: bytes | None
    payload: bytes
    payload_digest: bytes
    signatures: str
    nonce: bytes
    commitment: bytes
    received_at: int
    prove: bool
    keys: tuple[PartyOfKey, ...] = ()


class Placed(NamedTuple):
    """Where a record stands. `fresh` is False for one that was in the log before, with the same bytes.

    `checkpoint` is the signed note that covers it; `tag` and `proof` (inclusion hashes, leaf to root) are filled in for
    a fresh record whose submission asked for a proof.
    """

    index: int  # type: ignore[assignment]  # of the entry; nobody looks for a value in a place
    sequence: int
    checkpoint: str
    fresh: bool
    tag: bytes = b""
    proof: tuple[bytes, ...] = ()
