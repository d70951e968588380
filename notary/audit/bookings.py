# SPDX-License-Identifier: Apache-2.0
"""Records as a ledger has them: a sum, its currency and day, and how the payment is called."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import orjson

from notary.errors import Fault, InvalidInputError
from notary.ports.records import RecordStore
from notary.records.money import minor_units

BOOKED: dict[str, tuple[str, str]] = {
    "agreement": ("principal", "occurred_at"),
    "disbursement": ("amount", "value_date"),
    "repayment": ("amount", "value_date"),
    "reversal": ("amount", "value_date"),
    "settlement": ("amount", "value_date"),
    "write_off": ("amount", "accounting_date"),
    "recovery": ("amount", "accounting_date"),
}
"""The record types that a ledger books, each with the members that hold the sum and the day."""


class UnbookedTypeError(InvalidInputError):
    """Raised for a type of record that no ledger books."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(Fault("", f"{kind!r} is no type of record that a ledger books; these are {', '.join(BOOKED)}"))


def check_types(types: Iterable[str]) -> None:
    """Raise `UnbookedTypeError` for a type that is not in `BOOKED`."""
    for kind in types:
        if kind not in BOOKED:
            raise UnbookedTypeError(kind)


@dataclass(frozen=True)
class Booking:
    """A record as a ledger has it; `minor` is the sum in smallest units, `date` like `2026-01-31`, UTC.

    `reference` is that of the payment, "" where the record has none.
    """

    index: int
    lender: int
    record_id: str
    loan: str
    type: str
    date: str
    currency: str
    minor: int
    reference: str


def bookings(store: RecordStore, size: int, lender: int, types: Collection[str]) -> Iterator[Booking]:
    """Yield the bookings of a lender among the first `size` entries, of these types, by rising index."""
    for record, _ in store.records():
        if record.index >= size:
            return
        if record.lender == lender and (booking := booking_of(record.index, lender, record.payload, types)):
            yield booking


def booking_of(index: int, lender: int, payload: bytes, types: Collection[str]) -> Booking | None:
    """Read a payload that the notary has taken in; None if it is of no type of `types`."""
    members = orjson.loads(payload)
    kind = members["type"]
    if kind not in types:
        return None
    amount, day = BOOKED[kind]
    return Booking(
        index=index,
        lender=lender,
        record_id=members["id"],
        loan=members["loan"],
        type=kind,
        date=members[day][:10],
        currency=members[amount]["currency"],
        minor=minor_units(members[amount]["amount"]),
        reference=members.get("reference", ""),
    )
