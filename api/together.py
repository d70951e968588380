# SPDX-License-Identifier: Apache-2.0
"""Work that many threads bring and one of them does for all: what each brings costs less in company.

Whoever finds nobody at work leads, and takes along what the others have brought meanwhile. So groups grow with the
load, and a lone thread waits for nobody.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from notary.errors import NotaryError, UnavailableError

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass
class _Brought(Generic[Item, Result]):
    """What one thread brings. Its `turn` is released when it has its `outcome`, or when it is to lead."""

    item: Item
    turn: threading.Lock = field(default_factory=threading.Lock)
    outcome: Result | NotaryError | None = None


class Together(Generic[Item, Result]):
    """Does work for any number of threads, one group at a time.

    `work` gets the items of a group and returns their results in the same order. A group's items together weigh at most
    `limit`, by `weigh`; one that weighs more goes alone.
    """

    def __init__(
        self, work: Callable[[list[Item]], Sequence[Result]], weigh: Callable[[Item], int], limit: int
    ) -> None:
        self._work = work
        self._weigh = weigh
        self._limit = limit
        self._mutex = threading.Lock()
        self._waiting: list[_Brought[Item, Result]] = []
        self._led = False

    def do(self, item: Item) -> Result:
        """Return the result for one item. Raises the `NotaryError` that `work` raised for its group."""
        mine: _Brought[Item, Result] = _Brought(item)
        mine.turn.acquire()
        with self._mutex:
            self._waiting.append(mine)
            leads, self._led = not self._led, True
        if not leads:
            mine.turn.acquire()
        if mine.outcome is None:
            self._lead()
        if isinstance(mine.outcome, NotaryError):
            raise mine.outcome
        assert mine.outcome is not None
        return mine.outcome

    def _lead(self) -> None:
        with self._mutex:
            group = self._take_group()
        nothing = UnavailableError("the work that was done together came to nothing")
        outcomes: Sequence[Result | NotaryError] = [nothing] * len(group)
        try:
            outcomes = self._work([brought.item for brought in group])
        except NotaryError as error:
            outcomes = [error] * len(group)
        finally:
            # Whatever happens here, nobody is left waiting for a leader; and he begins before the answers are handed
            # out, because what the work waits for is idle now.
            self._hand_over()
            for brought, outcome in zip(group, outcomes, strict=True):
                brought.outcome = outcome
                brought.turn.release()

    def _hand_over(self) -> None:
        with self._mutex:
            self._led = bool(self._waiting)
            if self._waiting:
                self._waiting[0].turn.release()

    def _take_group(self) -> list[_Brought[Item, Result]]:
        weight, count = 0, 0
        for brought in self._waiting:
            weight += self._weigh(brought.item)
            if count and weight > self._limit:
                break
            count += 1
        group = self._waiting[:count]
        del self._waiting[:count]
        return group
