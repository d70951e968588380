# SPDX-License-Identifier: Apache-2.0
"""Which loans are due to be erased: settled, and nothing has happened to them for as long as their lender says.

Nothing is erased by itself. Whoever is responsible asks what is due, and says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from notary.lifecycle import LoanState
from notary.ports.lists import ListStore
from notary.ports.records import Hold, RecordStore

DAY = 86_400_000
_PAGE = 200
_ENDED = "settled"


@dataclass(frozen=True)
class Due:
    """A loan whose time has come at `due_at`, `last_record_at` being when its last record was received, and its holds.

    Moments are milliseconds since 1970.
    """

    loan: str
    last_record_at: int
    due_at: int
    holds: tuple[Hold, ...]


class RetentionStore(ListStore, RecordStore, Protocol):
    """Where loans are listed."""


def due_loans(store: RetentionStore, lender: int, days: int, moment: int) -> Iterator[Due]:
    """Yield the loans that are due by a moment, in the order in which they began."""
    start = 0
    while page := store.lender_loans(lender, start, _PAGE):
        for listed in page:
            if LoanState.decode(listed.loan.state).stage == _ENDED:
                last = store.record_at(listed.last).received_at
                if last + days * DAY <= moment:
                    holds = store.holds(lender, listed.loan.number)
                    yield Due(listed.loan.number, last, last + days * DAY, holds)
        start = page[-1].number + 1
