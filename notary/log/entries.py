# SPDX-License-Identifier: Apache-2.0
"""Entries: the bytes that the log holds.

A record's entry is `0x01 || tag || commitment`, 65 bytes that tell a stranger nothing. Index 0 of every log is the
genesis entry `0x00 || JCS({"created", "format", "origin"})`.
"""

from dataclasses import dataclass
from typing import NamedTuple

from notary.canonical import canonical_json, parse_canonical
from notary.errors import CorruptLogError, MalformedJsonError
from notary.hashing import HASH_SIZE, hmac_sha256

FORMAT = "loan-notary/1"
GENESIS = b"\x00"
RECORD = b"\x01"
ENTRY_SIZE = 1 + 2 * HASH_SIZE
SECRET_SIZE = 32
"""Bytes of a nonce and of a loan key, both random."""

_GENESIS_LIMIT = 4096
_TAG_LABEL = b"loan-notary/1 tag"


class RecordEntry(NamedTuple):
    """What the log holds of one record: 32 bytes of tag, 32 of commitment."""

    tag: bytes
    commitment: bytes

    def encode(self) -> bytes:
        """Return `0x01 || tag || commitment`."""
        return RECORD + self.tag + self.commitment


def parse_record_entry(entry: bytes) -> RecordEntry:
    """Read an entry of kind 0x01. Raises `CorruptLogError` for any other."""
    if len(entry) != ENTRY_SIZE or entry[:1] != RECORD:
        raise CorruptLogError(f"an entry of {len(entry)} bytes and kind {entry[:1].hex()} is not a record's")
    return RecordEntry(entry[1 : 1 + HASH_SIZE], entry[1 + HASH_SIZE :])


def genesis_entry(origin: str, created: str) -> bytes:
    """Return entry 0 of a log: its format and origin, and when it began (RFC 3339)."""
    return GENESIS + canonical_json({"created": created, "format": FORMAT, "origin": origin})


@dataclass(frozen=True)
class Genesis:
    """What entry 0 says: the log's origin, and when it began (RFC 3339)."""

    origin: str
    created: str


def parse_genesis_entry(entry: bytes) -> Genesis:
    """Read an entry of kind 0x00. Raises `CorruptLogError` for any other."""
    if entry[:1] != GENESIS:
        raise CorruptLogError(f"an entry of kind {entry[:1].hex()} does not begin a log")
    try:
        value = parse_canonical(entry[1:], limit=_GENESIS_LIMIT)
    except MalformedJsonError as error:
        raise CorruptLogError(f"the genesis entry is damaged: {error}") from error
    if not isinstance(value, dict) or value.keys() != {"created", "format", "origin"} or value["format"] != FORMAT:
        raise CorruptLogError(f"the genesis entry is not that of a {FORMAT} log")
    return Genesis(str(value["origin"]), str(value["created"]))


def commit(nonce: bytes, envelope: bytes) -> bytes:
    """Return HMAC-SHA256(nonce, envelope): binds the notary to the envelope's canonical bytes and hides them."""
    return hmac_sha256(nonce, envelope)


def loan_tag(loan_key: bytes, sequence: int) -> bytes:
    """Return HMAC-SHA256(loan_key, "loan-notary/1 tag" || uint64(sequence)).

    Who has the loan's key finds all of its records and sees that none is missing; nobody else can link two of them.
    """
    return hmac_sha256(loan_key, _TAG_LABEL + sequence.to_bytes(8))
