# SPDX-License-Identifier: Apache-2.0
"""History receipts: all records of one loan in one document, numbered without gaps, each with what opens its entry.

The loan's key is in it: whoever has the file can tell the loan's entries from all others of the log, and sees that no
number between the first and the last is missing.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from notary.encoding import b64url
from notary.errors import Fault, ReceiptError
from notary.log.entries import loan_tag
from notary.receipts.fields import Secret, read_shape
from notary.receipts.receipt import Receipt, RecordShape
from notary.receipts.sealed import SealedDocument, SealedShape

FORMAT = "loan-notary/history@1"
MAX_HISTORY = 32 * 1024 * 1024
MAX_RECORDS = 10_000


@dataclass(frozen=True, kw_only=True)
class HistoryReceipt(SealedDocument):
    """What a history receipt holds; the place of a record in `records` is its number in the loan (`sequence`)."""

    format = FORMAT

    loan_key: bytes
    records: tuple[Receipt, ...]

    def members(self) -> dict[str, Any]:
        """Return the JSON members without the seal."""
        records = [record.record_members() for record in self.records]
        return {**super().members(), "loan_key": b64url(self.loan_key), "records": records}


def history_from_json(value: Any) -> HistoryReceipt:
    """Read a history receipt from its parsed JSON; nothing in it is verified. Raises `InvalidInputError`.

    Each record's tag is computed from the loan's key and its place.
    """
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise ReceiptError(Fault("/format", f"only history receipts of the format {FORMAT} are known here"))
    shape = read_shape(_HistoryShape, value)
    common = shape.common()
    shared = {**common, "anchors": (), "seal": None}
    records = tuple(
        Receipt(tag=loan_tag(shape.loan_key, number), **shared, **item.record(f"/records/{number}"))
        for number, item in enumerate(shape.records)
    )
    history = HistoryReceipt(loan_key=shape.loan_key, records=records, **common)
    shape.check_state(history)
    return history


class _HistoryShape(SealedShape):
    loan_key: Secret
    records: Annotated[tuple[RecordShape, ...], Field(strict=False, min_length=1, max_length=MAX_RECORDS)]
