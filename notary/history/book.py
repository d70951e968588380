# SPDX-License-Identifier: Apache-2.0
"""A loan's records read as one history: its state and its terms up to a moment. Pure, no I/O.

Moments are milliseconds since 1970, UTC; sums are integers of the currency's smallest unit.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple, TypeVar, cast

import orjson

from notary.lifecycle import LoanState, advance
from notary.once import once
from notary.ports.records import StoredRecord
from notary.records import Agreement, Amendment, Record, parse_record

T = TypeVar("T", bound=Record)


class Event(NamedTuple):
    """A record in its loan, and when the notary received it."""

    sequence: int
    received_at: int
    record: Record

    @property
    def received(self) -> datetime:
        """When it was received, UTC."""
        return datetime.fromtimestamp(self.received_at / 1000, UTC)


@dataclass(frozen=True)
class Book:
    """The history of one loan up to `as_of`.

    `balances` holds the principal outstanding before each event, by sequence.
    """

    events: tuple[Event, ...]
    as_of: int
    state: LoanState
    balances: tuple[int, ...]
    by_type: Mapping[type[Record], list[tuple[Event, Record]]]

    @classmethod
    def of(cls, events: Iterable[Event], as_of: int) -> "Book":
        """Read events, by rising sequence from 0, up to the first that was received after `as_of`.

        Raises `RefusedError` if they are not a legal history.
        """
        known: list[Event] = []
        state, balances, by_type = LoanState(), [], defaultdict[type[Record], list[tuple[Event, Record]]](list)
        for event in events:
            _, received_at, record = event
            if received_at > as_of:
                break
            known.append(event)
            balances.append(state.balance)
            by_type[type(record)].append((event, record))
            state = advance(state, record.type, record.facts())
        return cls(tuple(known), as_of, state, tuple(balances), by_type)

    @once
    def day(self) -> date:
        """The day of `as_of`, UTC."""
        return datetime.fromtimestamp(self.as_of / 1000, UTC).date()

    @property
    def currency(self) -> str:
        """The loan's currency, "" before a record fixed it."""
        return self.state.currency

    def all(self, kind: type[T]) -> list[tuple[Event, T]]:
        """Return the events whose record is of a type, with the record."""
        # Nothing else stands under a type than records of it.
        return cast(list[tuple[Event, T]], self.by_type.get(kind, []))

    def last(self, kind: type[T], before: int | None = None) -> tuple[Event, T] | None:
        """Return the last event of a type, or the last one whose sequence is below `before`."""
        found = self.all(kind)
        if before is not None:
            found = [(event, record) for event, record in found if event.sequence < before]
        return found[-1] if found else None

    @once
    def terms(self) -> Agreement | None:
        """The agreement with all amendments in it."""
        found = self.last(Agreement)
        if found is None:
            return None
        changes: dict[str, object] = {}
        for _, amendment in self.all(Amendment):
            changes |= amendment.changes()
        return found[1].model_copy(update=changes) if changes else found[1]


def read_events(stored: Iterable[StoredRecord]) -> tuple[Event, ...]:
    """Read stored records of one loan; what the notary took in once is not checked for canonical form again."""
    return tuple(Event(item.sequence, item.received_at, parse_record(orjson.loads(item.payload))) for item in stored)
