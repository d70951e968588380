# SPDX-License-Identifier: Apache-2.0
"""Erasing a loan: its keys are destroyed, what holds its values is removed, and the log keeps word of it.

The order is what matters. First the loan takes no more records. Then the log is told which entries lose their openings,
so that nothing is erased without a record of it. Then go the copies that are not sealed with the loan's own keys, and
last the keys. A crash on the way leaves an erasure that `resume` brings to its end.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Protocol

from notary.errors import NotFoundError
from notary.ports.records import Hold, StoredRecord
from notary.records.administration import ADMINISTRATION

LENDER, OPERATOR = "lender", "operator"
HOLDERS = (LENDER, OPERATOR)
"""Who can hold a loan; each lifts its own hold only."""
ENTRIES_A_RECORD = 4096
"""Entries that one record of the log names; a longer loan's erasure takes several."""


@dataclass(frozen=True)
class Erasure:
    """What was erased: the entries that nobody can open any more. `erased_at` is None while it is under way."""

    id: str
    lender: int
    entries: tuple[int, ...]
    erased_at: int | None


class ErasureStore(Protocol):
    """Keeps holds and erasures. All methods but the last raise `NotFoundError` for a loan that is not there."""

    def set_hold(self, lender: int, loan: str, hold: Hold) -> bool:
        """Hold a loan; False where the same has held it before. Raises `ErasedError`."""

    def lift_hold(self, lender: int, loan: str, by: str) -> bool:
        """Take back a hold; False where there is none of this holder."""

    def holds(self, lender: int, loan: str) -> tuple[Hold, ...]:
        """Return the holds of a loan. Raises `ErasedError`."""

    def erasure(self, lender: int, loan: str) -> Erasure | None:
        """Return the erasure of a loan, done or under way, if there is one."""

    def begin_erasure(self, lender: int, loan: str, erasure: str) -> Erasure:
        """Let a loan take no more records; an erasure that was begun before stays. Raises `HeldError`."""

    def finish_erasure(self, lender: int, loan: str, now: int) -> None:
        """Destroy a loan's keys and all that stands of it in the database, its write-ahead log included.

        Raises `UnavailableError` where readers keep the write-ahead log from being emptied: the keys are gone by then,
        and calling again does the rest.
        """

    def loan_records(self, lender: int, loan: str) -> list[StoredRecord]:
        """Return all records of a loan by rising sequence."""

    def unfinished_erasures(self) -> list[tuple[int, str]]:
        """Return lender and loan number of each erasure that is under way."""


class Traces(Protocol):
    """A place beside the database where values of a loan may stand."""

    def forget(self, lender: int, loan: str, records: Sequence[StoredRecord]) -> None:
        """Remove them; harmless to repeat. Raises `UnavailableError`."""


class Note(Protocol):
    """Writes an administrative act of an organisation into the log (`api.access.administration`)."""

    def __call__(
        self, organisation: int, moment: int, act: str, by: str, subject: str, *, entries: tuple[int, ...]
    ) -> None:
        """Write it."""


class Eraser:
    """Erases loans.

    `traces` are the places beside the database; `ready` raises where a lender's loans cannot be erased now; `clock`
    gives milliseconds since 1970.
    """

    def __init__(
        self,
        store: ErasureStore,
        note: Note,
        traces: Sequence[Traces],
        ready: Callable[[int], None],
        clock: Callable[[], int],
    ) -> None:
        self._store = store
        self._note = note
        self._ready = ready
        self._traces = tuple(traces)
        self._clock = clock

    def erase(self, lender: int, loan: str, by: str) -> Erasure:
        """Erase a loan; harmless to repeat. `by` is the id of the API key that asks, or "operator".

        Raises `NotFoundError`, `HeldError`, what `ready` raises, and `UnavailableError`, after which to ask again is to
        go on.
        """
        if loan == ADMINISTRATION:
            raise NotFoundError("your administration is no loan, and is not erased")
        # What is in an erasure's way says nothing of a loan that is not there.
        self._store.erasure(lender, loan)
        self._ready(lender)
        begun = self._store.begin_erasure(lender, loan, "erasure_" + token_hex(16))
        if begun.erased_at is None:
            records = self._store.loan_records(lender, loan)
            for start in range(0, len(begun.entries), ENTRIES_A_RECORD):
                part = begun.entries[start : start + ENTRIES_A_RECORD]
                self._note(lender, self._clock(), "loan.erase", by, begun.id, entries=part)
            for place in self._traces:
                place.forget(lender, loan, records)
        # Also of one that is done: what kept the write-ahead log from being emptied then may be gone.
        self._store.finish_erasure(lender, loan, self._clock())
        done = self._store.erasure(lender, loan)
        if done is None:
            raise NotFoundError("you have no loan of this number")
        return done

    def resume(self, by: str) -> list[Erasure]:
        """Bring to their end the erasures that a crash has interrupted."""
        return [self.erase(lender, loan, by) for lender, loan in self._store.unfinished_erasures()]
