# SPDX-License-Identifier: Apache-2.0
"""Entries: their bytes, and the keyed hashes in them."""

import hashlib
import hmac

import pytest

from notary.errors import CorruptLogError
from notary.log.entries import RecordEntry, commit, genesis_entry, loan_tag, parse_record_entry


def test_the_bytes_of_a_record_entry() -> None:
    entry = RecordEntry(b"\x0a" * 32, b"\x0b" * 32)
    assert entry.encode() == b"\x01" + b"\x0a" * 32 + b"\x0b" * 32
    assert parse_record_entry(entry.encode()) == entry


@pytest.mark.parametrize(
    "data", [b"", b"\x01", b"\x01" + bytes(63), b"\x01" + bytes(65), b"\x00" + bytes(64), b"\x02" + bytes(64)]
)
def test_what_is_no_record_entry(data: bytes) -> None:
    with pytest.raises(CorruptLogError, match="is not a record's"):
        parse_record_entry(data)


def test_the_bytes_of_a_genesis_entry() -> None:
    assert genesis_entry("notary.example/log", "2026-01-01T00:00:00.000Z") == (
        b'\x00{"created":"2026-01-01T00:00:00.000Z","format":"loan-notary/1","origin":"notary.example/log"}'
    )


def test_the_commitment_is_an_hmac() -> None:
    # RFC 4231 section 4.3 (test case 2).
    assert commit(b"Jefe", b"what do ya want for nothing?").hex() == (
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )


@pytest.mark.parametrize("sequence", [0, 1, 255, 256, 2**32, 2**64 - 1])
def test_the_tag_is_an_hmac_over_label_and_sequence(sequence: int) -> None:
    key = bytes(range(32))
    message = b"loan-notary/1 tag" + bytes.fromhex(f"{sequence:016x}")
    assert loan_tag(key, sequence) == hmac.new(key, message, hashlib.sha256).digest()


def test_tags_of_one_loan_have_nothing_in_common() -> None:
    tags = {loan_tag(bytes([key]) * 32, sequence) for key in range(10) for sequence in range(10)}
    assert len(tags) == 100
