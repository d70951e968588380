# SPDX-License-Identifier: Apache-2.0
"""Records as rows of a table."""

from collections.abc import Sequence
from typing import Any

from notary.ports import StoredRecord
from notary.stores.sqlite_ids import id_bytes, id_text


def record_from_row(row: Sequence[Any]) -> StoredRecord:
    """Return the record of a row with the columns in the order of `StoredRecord`'s members."""
    index, lender, record_id, *rest = row
    return StoredRecord(index, lender, id_text(record_id), *rest)


def record_to_row(record: StoredRecord) -> tuple[Any, ...]:
    """Return the values that the statement `add_record` takes; it finds the loan by lender and number."""
    return (
        record.index, record.lender, id_bytes(record.record_id), record.lender, record.loan, record.sequence,
        record.received_at, record.nonce, record.payload, record.signatures,
    )  # fmt: skip
