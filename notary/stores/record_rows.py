# SPDX-License-Identifier: Apache-2.0
"""Records and loans as rows of tables: a few columns to find them by, all else sealed with the loan's key."""

from collections.abc import Sequence
from typing import Any

import orjson

from notary.log.entries import SECRET_SIZE
from notary.ports.records import Loan, StoredRecord
from notary.privacy.vault import LoanKeys, Vault
from notary.stores.packing import pack, unpack
from notary.stores.record_ids import id_text

RECORD_COLUMNS = 10
LOAN_COLUMNS = 6


def open_record(vault: Vault, row: Sequence[Any]) -> StoredRecord:
    """Return the record of a row: the columns of `records` but its loan's number in the store, then `loans.lender`,
    `loans.number_index`, `loan_keys.wrapped`. Raises `CorruptLogError`.
    """
    index, lender, record_id, sequence, received_at, kind, sealed, *keys = row
    loan: LoanKeys = vault.loan(*keys)
    opened = loan.open_record(lender, index, sequence, received_at, record_id, kind, sealed)
    written = id_text(record_id)
    nonce, packed = opened[:SECRET_SIZE], opened[SECRET_SIZE:]
    signatures, payload = unpack(packed, kind, written, loan.number)
    return StoredRecord(
        index, lender, written, loan.number, sequence, received_at, nonce, payload, signatures.decode(), kind
    )


def record_to_row(
    record: StoredRecord, record_id: bytes | None, loan_id: int, keys: LoanKeys, seal_nonce: bytes = b""
) -> tuple[Any, ...]:
    """Return the values that the statement `add_record` takes.

    `record_id` is the record's id as `id_bytes` reads it; `seal_nonce` as `Cipher.seal` takes it.
    """
    assert record_id is not None, "registration takes no other ids"
    index, lender, written, _, sequence, received_at, nonce, payload, signatures, kind = record
    plain = nonce + pack(signatures.encode(), payload, kind, written, keys.number)
    sealed = keys.seal_record(lender, index, sequence, received_at, record_id, kind, plain, seal_nonce)
    return index, lender, record_id, loan_id, sequence, received_at, kind, sealed


def open_loan(vault: Vault, row: Sequence[Any]) -> Loan:
    """Return the loan of a row: `lender`, `number_index`, `wrapped`, `records`, `sealed`, `erasure`.

    The row of a loan that is erased says no number. Raises `CorruptLogError`.
    """
    lender, index, wrapped, records, sealed, erasure = row
    if not sealed:
        return Loan(lender, "", b"", "", records, b"", erasure)
    keys: LoanKeys = vault.loan(lender, index, wrapped)
    return reopen_loan(Loan(lender, keys.number, keys.tag_key, "", 0, b"", erasure), keys, records, sealed)


def reopen_loan(loan: Loan, keys: LoanKeys, records: int, sealed: bytes) -> Loan:
    """Return a loan as its row says now that it stands. Raises `CorruptLogError`."""
    state, digest = orjson.loads(keys.open_state(records, sealed))
    return loan._replace(state=state, records=records, last_digest=bytes.fromhex(digest))


def seal_loan(loan: Loan, keys: LoanKeys, nonce: bytes = b"") -> bytes:
    """Return the column `sealed` of a loan's row; `nonce` as `Cipher.seal` takes it."""
    return keys.seal_state(loan.records, orjson.dumps([loan.state, loan.last_digest.hex()]), nonce)
