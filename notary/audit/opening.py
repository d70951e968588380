# SPDX-License-Identifier: Apache-2.0
"""One record and its entry: that the record opens the entry, and what it says.

This runs for every record of an audit, beside the signature that it takes most of the time to verify. So what fits is
found out by comparing the bytes that were computed with those that are stored; only where they differ is the entry
taken apart, to say what is wrong with it.
"""

from hashlib import sha256
from typing import Any
from unicodedata import is_normalized

import orjson

from notary.canonical import canonical_json, parse_canonical
from notary.envelope import MAX_PAYLOAD, Envelope, signatures_from_json
from notary.errors import CorruptLogError
from notary.log.entries import RECORD, commit, loan_tag, parse_record_entry
from notary.ports.records import Loan, StoredRecord
from notary.records import Record, parse_record

_MAX_SIGNATURES = 192 * 1024


def open_record(
    record: StoredRecord, encoded: str, entry: bytes | None, loan: Loan, previous: StoredRecord | None
) -> Record:
    """Open an entry with its record, and read that; `encoded` is its payload in base64url, `previous` the loan's record
    before it.

    Raises `NotaryError`, which says what is wrong.
    """
    if entry is None:
        raise CorruptLogError(f"is missing, and is that of record {record.record_id}")
    # The canonical envelope, put together of parts that are canonical if the commitment is to them.
    text = f'{{"payload":"{encoded}","signatures":{record.signatures}}}'
    commitment = commit(record.nonce, text.encode())
    if record.sequence < 0 or entry != RECORD + loan_tag(loan.key, record.sequence) + commitment:
        _refuse_entry(entry, commitment, record, loan)
    value = parse_record(_canonical(record.payload, MAX_PAYLOAD))
    if value.id != record.record_id or value.loan != loan.number or record.lender != loan.lender:
        raise CorruptLogError(
            f"is record {value.id} of loan {value.loan}, stored as {record.record_id} of {loan.number}"
        )
    if value.sequence is not None and value.sequence != record.sequence:
        raise CorruptLogError(f"says that it is number {value.sequence} of its loan, and is number {record.sequence}")
    if value.previous is not None and (previous is None or value.previous != sha256(previous.payload).hexdigest()):
        raise CorruptLogError("says that it comes after another record than it does")
    return value


def open_envelope(record: StoredRecord, encoded: str) -> Envelope:
    """Return the envelope of a record, of which the payload is at hand in both forms. Raises `NotaryError`."""
    items = _canonical(record.signatures.encode(), _MAX_SIGNATURES)
    envelope = Envelope(record.payload, signatures_from_json(items, "/signatures"))
    vars(envelope)["encoded_payload"] = encoded
    return envelope


def _refuse_entry(entry: bytes, commitment: bytes, record: StoredRecord, loan: Loan) -> None:
    """Raise what is wrong with an entry that is not the one computed for its record."""
    if parse_record_entry(entry).commitment != commitment:
        raise CorruptLogError(f"does not commit to record {record.record_id}")
    raise CorruptLogError(f"has not the tag of number {record.sequence} of loan {loan.number}")


def _canonical(data: bytes, limit: int) -> Any:
    """Read canonical JSON. orjson is ten times faster than the strict parser, and takes more.

    What it takes beyond that parser it does not write again in the same way, or it is no value of any member.
    """
    try:
        value = orjson.loads(data)
        if canonical_json(value) == data and (data.isascii() or is_normalized("NFC", data.decode())):
            return value
    except orjson.JSONDecodeError:
        pass
    return parse_canonical(data, limit=limit)
