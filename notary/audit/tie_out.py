# SPDX-License-Identifier: Apache-2.0
"""A lender's ledger held against the log: what stands in both, in one of them, and what differs.

::

    tie = TieOut(store, lender, size, types)
    for difference in tie.run(read_table(file, COLUMNS)): ...
    tie.matched, tie.sums

A row names its record by the record's id, or by the payment's reference within loan and type. A bit for each entry is
all that is kept in memory.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from notary.audit.bookings import Booking, booking_of, bookings, check_types
from notary.audit.table import TableError, read_amount, read_date
from notary.ports.store import Store
from notary.records.money import format_amount

COLUMNS = ("loan", "type", "id", "reference", "date", "currency", "amount")
"""The header of a ledger. `id` or `reference` may be empty, not both."""

_COMPARED = ("loan", "type", "date", "currency", "amount", "reference")


@dataclass(frozen=True)
class Row:
    """A line of the ledger; `minor` is the amount in smallest units."""

    line: int
    loan: str
    type: str
    id: str
    reference: str
    date: str
    currency: str
    minor: int


@dataclass(frozen=True)
class Difference:
    """What does not tie out; `fields` are (name, in the ledger, in the log) where both have it and differ."""

    kind: Literal["missing in the log", "missing in the ledger", "mismatched"]
    row: Row | None
    booking: Booking | None
    fields: tuple[tuple[str, str, str], ...] = ()

    def members(self) -> dict[str, Any]:
        """Return the difference as a JSON object."""
        row, booking = self.row, self.booking
        return {
            "kind": self.kind,
            "line": row.line if row else None,
            "index": booking.index if booking else None,
            "ledger": _row_members(row) if row else None,
            "log": _booking_members(booking) if booking else None,
            "fields": {name: {"ledger": ledger, "log": log} for name, ledger, log in self.fields},
        }


@dataclass
class Sum:
    """Number and total, in smallest units, on both sides."""

    ledger_count: int = 0
    ledger: int = 0
    log_count: int = 0
    log: int = 0


class TieOut:
    """One ledger against what one lender has in the first `size` entries, of the record types `types`."""

    def __init__(self, store: Store, lender: int, size: int, types: tuple[str, ...]) -> None:
        """Raises `UnbookedTypeError`."""
        check_types(types)
        self._store, self.lender, self.size, self.types = store, lender, size, types
        self._seen = bytearray(size // 8 + 1)
        self._of_loan = lru_cache(maxsize=256)(self._read_loan)
        self.matched = 0
        self.sums: dict[tuple[str, str], Sum] = defaultdict(Sum)

    def run(self, rows: Iterable[tuple[int, dict[str, str]]]) -> Iterator[Difference]:
        """Yield the differences: those of the ledger's lines in their order, then what it lacks, by rising index.

        Raises `TableError` at the first line that cannot be read.
        """
        for line, fields in rows:
            row = self._read(line, fields)
            total = self.sums[row.type, row.currency]
            total.ledger_count += 1
            total.ledger += row.minor
            if difference := self._compare(row):
                yield difference
            else:
                self.matched += 1
        for booking in bookings(self._store, self.size, self.lender, self.types):
            total = self.sums[booking.type, booking.currency]
            total.log_count += 1
            total.log += booking.minor
            if not self._is_seen(booking):
                yield Difference("missing in the ledger", None, booking)

    def _read(self, line: int, fields: dict[str, str]) -> Row:
        if fields["type"] not in self.types:
            raise TableError(line, f"is of type {fields['type'][:40]!r}, none of {', '.join(self.types)}")
        if not fields["id"] and not fields["reference"]:
            raise TableError(line, "has neither id nor reference")
        minor = read_amount(line, fields["amount"], fields["currency"])
        day = read_date(line, fields["date"])
        return Row(
            line, fields["loan"], fields["type"], fields["id"], fields["reference"], day, fields["currency"], minor
        )

    def _compare(self, row: Row) -> Difference | None:
        booking = self._by_id(row) if row.id else self._by_reference(row)
        if booking is None or self._is_seen(booking):
            return Difference("missing in the log", row, None)
        self._seen[booking.index // 8] |= 1 << booking.index % 8
        ledger, log = _row_members(row), _booking_members(booking)
        compared = [name for name in _COMPARED if name != "reference" or row.reference]
        fields = tuple((name, ledger[name], log[name]) for name in compared if ledger[name] != log[name])
        return Difference("mismatched", row, booking, fields) if fields else None

    def _by_id(self, row: Row) -> Booking | None:
        record = self._store.find_records([(self.lender, row.id)]).get((self.lender, row.id))
        if record is None or record.index >= self.size:
            return None
        return booking_of(record.index, self.lender, record.payload, self.types)

    def _by_reference(self, row: Row) -> Booking | None:
        """Return the loan's booking of this type and reference; of several the one that fits best and is not taken."""
        found = [
            item
            for item in self._of_loan(row.loan)
            if (item.type, item.reference) == (row.type, row.reference) and not self._is_seen(item)
        ]
        exact = [
            item for item in found if (item.date, item.currency, item.minor) == (row.date, row.currency, row.minor)
        ]
        return next(iter(exact or found), None)

    def _read_loan(self, loan: str) -> list[Booking]:
        records = (item for item in self._store.loan_records(self.lender, loan) if item.index < self.size)
        found = (booking_of(item.index, self.lender, item.payload, self.types) for item in records)
        return [item for item in found if item]

    def _is_seen(self, booking: Booking) -> bool:
        return bool(self._seen[booking.index // 8] >> booking.index % 8 & 1)


def sums_members(sums: dict[tuple[str, str], Sum]) -> list[dict[str, Any]]:
    """Return the sums of both sides as JSON, by type and currency."""
    return [
        {
            "type": kind,
            "currency": currency,
            "ledger": {"count": item.ledger_count, "amount": format_amount(item.ledger, currency)},
            "log": {"count": item.log_count, "amount": format_amount(item.log, currency)},
            "difference": _signed(item.ledger - item.log, currency),
        }
        for (kind, currency), item in sorted(sums.items())
    ]


def _signed(minor: int, currency: str) -> str:
    return f"{'-' if minor < 0 else ''}{format_amount(abs(minor), currency)}"


def _row_members(row: Row) -> dict[str, str]:
    amount = format_amount(row.minor, row.currency)
    return {"loan": row.loan, "type": row.type, "id": row.id, "reference": row.reference, "date": row.date,
            "currency": row.currency, "amount": amount}  # fmt: skip


def _booking_members(item: Booking) -> dict[str, str]:
    amount = format_amount(item.minor, item.currency)
    return {"loan": item.loan, "type": item.type, "id": item.record_id, "reference": item.reference, "date": item.date,
            "currency": item.currency, "amount": amount}  # fmt: skip
