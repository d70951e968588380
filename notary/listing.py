# SPDX-License-Identifier: Apache-2.0
"""Lists of a lender's records and loans, page by page, each list as of one size of the log.

::

    place = lists.begin(lender, wanted, now)
    page = lists.records(lender, wanted, place, limit, sees)
    page.items, page.following       # the next page's place, None behind the last

What is written after the first page is not in the list, and a record that is anchored meanwhile, or a loan that grows,
stays in it as it was: nothing comes twice, and nothing is left out. A page looks at a limited number of rows, so that
where a filter fits few of them a page can hold fewer items than asked for, or none, and the list still goes on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, Protocol, TypeVar

import orjson

from notary.history import Book, Case, Policy, findings, read_events
from notary.lifecycle import LoanState
from notary.log.anchors import AnchorState
from notary.ports.lists import ListedLoan, ListStore
from notary.ports.log import LogStore
from notary.ports.parties import Lender
from notary.ports.records import RecordStore, StoredRecord
from notary.records.administration import ADMINISTRATION

RECORDED = "recorded"
STATES = (RECORDED, AnchorState.MINED.value, AnchorState.FINAL.value)
"""How far a record can have come, the last word being the chain's."""

_LOOKED_AT, _JUDGED = 10_000, 200
"""Rows that one page looks at, and loans whose findings it computes."""
_CHUNK = 200
_ALWAYS = 2**62

T = TypeVar("T")
R = TypeVar("R")
Sees = Callable[[str], bool]
"""Tells whether whoever asks may read a loan."""


class Wanted(NamedTuple):
    """What a list holds; None is no condition.

    `state` is one of `STATES` for records, a stage of the life cycle for loans. The period, whose end is not part of
    it, is that in which a record, or a loan's first one, was received. `type` is for records, `code` for loans: of a
    finding.
    """

    loan: str | None = None
    type: str | None = None
    state: str | None = None
    received_from: int | None = None
    received_until: int | None = None
    code: str | None = None

    def fits(self, received_at: int) -> bool:
        """Tell whether a moment is in the period."""
        from_, until = self.received_from, self.received_until
        return (from_ is None or received_at >= from_) and (until is None or received_at < until)


class Place(NamedTuple):
    """Where a list is: the log when it began, and what comes next.

    Attributes:
        size: entries of the log then.
        final, mined: the sizes that anchors covered then.
        as_of: the moment then, in milliseconds since 1970.
        start, stop: records of the indexes [start, stop), or loans from the number `start` on, are still to come.
    """

    size: int
    final: int
    mined: int
    as_of: int
    start: int
    stop: int

    def state(self, index: int) -> str:
        """Return how far the record of an index had come."""
        if index < self.final:
            return AnchorState.FINAL.value
        return AnchorState.MINED.value if index < self.mined else RECORDED


@dataclass(frozen=True)
class Page(Generic[T]):
    """Part of a list, and where the next part begins; None behind the last."""

    items: list[T]
    following: Place | None


class LoanLine(NamedTuple):
    """A loan in a list: its number and stage, how many records it had, and when the first one was received."""

    loan: str
    state: str
    records: int
    began_at: int


class ReadingStore(LogStore, RecordStore, ListStore, Protocol):
    """What lists are read from."""


class Lists:
    """Reads lists."""

    def __init__(self, store: ReadingStore) -> None:
        self._store = store

    def begin_records(self, lender: Lender, wanted: Wanted, moment: int) -> Place:
        """Return where a list of records begins that is asked for now."""
        place = self.begin_loans(moment)
        low, high = {
            None: (0, place.size),
            STATES[0]: (place.mined, place.size),
            STATES[1]: (place.final, place.mined),
            STATES[2]: (0, place.final),
        }[wanted.state]
        if wanted.received_from is not None or wanted.received_until is not None:
            until = _ALWAYS if wanted.received_until is None else wanted.received_until
            first, end = self._store.received_span(lender.number, wanted.received_from or 0, until)
            low, high = max(low, first), min(high, end)
        return place._replace(start=low, stop=high)

    def begin_loans(self, moment: int) -> Place:
        """Return where a list of loans begins that is asked for now."""
        # The anchors first: of what they cover nothing is behind the size.
        final, mined = self._store.anchored_sizes()
        head = self._store.head()
        size = head.size if head else 0
        return Place(size, final, max(final, mined), moment, 0, size)

    def records(self, lender: Lender, wanted: Wanted, place: Place, limit: int, sees: Sees) -> Page[StoredRecord]:
        """Return one page of records by rising index."""

        def fetch(start: int, rows: int) -> list[StoredRecord]:
            return self._store.lender_records(
                lender.number, start, place.stop, rows, loan=wanted.loan, record_type=wanted.type
            )

        def pick(row: StoredRecord) -> StoredRecord | None:
            if not wanted.fits(row.received_at) or not sees(row.loan):
                return None
            # The store looks at the type where no loan is named.
            if wanted.loan is not None and wanted.type and orjson.loads(row.payload)["type"] != wanted.type:
                return None
            return row

        return _scan(place, fetch, lambda row: row.index, pick, limit, _LOOKED_AT)

    def loans(
        self, lender: Lender, wanted: Wanted, place: Place, limit: int, sees: Sees, policy: Policy
    ) -> Page[LoanLine]:
        """Return one page of loans in the order in which they began; `policy` is what findings are measured with."""

        def fetch(start: int, rows: int) -> list[ListedLoan]:
            listed = self._store.lender_loans(lender.number, start, rows)
            return [item for item in listed if item.first < place.size]

        def pick(row: ListedLoan) -> LoanLine | None:
            if row.loan.number == ADMINISTRATION or not wanted.fits(row.began_at) or not sees(row.loan.number):
                return None
            line = self._line(row, place)
            if wanted.state is not None and line.state != wanted.state:
                return None
            if wanted.code is not None and not self._has_finding(row, place, wanted.code, policy):
                return None
            return line

        budget = _LOOKED_AT if wanted.code is None else _JUDGED
        return _scan(place, fetch, lambda row: row.number, pick, limit, budget)

    def _line(self, row: ListedLoan, place: Place) -> LoanLine:
        loan = row.loan
        if row.last < place.size:
            return LoanLine(loan.number, LoanState.decode(loan.state).stage, loan.records, row.began_at)
        # It has grown since the list began.
        known = self._known(row, place)
        return LoanLine(loan.number, Book.of(read_events(known), _ALWAYS).state.stage, len(known), row.began_at)

    def _has_finding(self, row: ListedLoan, place: Place, code: str, policy: Policy) -> bool:
        book = Book.of(read_events(self._known(row, place)), place.as_of)
        return any(item.code == code for item in findings(Case(book, policy)))

    def _known(self, row: ListedLoan, place: Place) -> Sequence[StoredRecord]:
        records = self._store.loan_records(row.loan.lender, row.loan.number)
        return [record for record in records if record.index < place.size]


def _scan(
    place: Place,
    fetch: Callable[[int, int], list[R]],
    position: Callable[[R], int],
    pick: Callable[[R], T | None],
    limit: int,
    budget: int,
) -> Page[T]:
    """Look at rows until there are `limit` items, `budget` rows were looked at, or none are left."""
    items: list[T] = []
    start = place.start
    while budget > 0:
        asked = min(_CHUNK, budget)
        rows = fetch(start, asked)
        for row in rows:
            item = pick(row)
            if item is not None:
                if len(items) == limit:
                    return Page(items, place._replace(start=position(row)))
                items.append(item)
            start = position(row) + 1
        if len(rows) < asked:
            return Page(items, None)
        budget -= asked
    return Page(items, place._replace(start=start))
