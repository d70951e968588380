# SPDX-License-Identifier: Apache-2.0
"""Work that many threads bring and one of them does for all: what each brings costs less in company.

Whoever finds nobody at work leads, and takes along what the others have brought meanwhile. So groups grow with the
load, and a lone thread waits for nobody.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Generic, TypeVar

from notary.errors import NotaryError, UnavailableError

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass
class _Brought(Generic[Item, Result]):
    """What one thread brings. Its `turn` is released when it has its `outcome`, or when it is to lead.

    `follower` is who is woken after it: woken all at once, the threads of a group would stand in each other's way.
    """

    item: Item
    turn: threading.Lock = field(default_factory=threading.Lock)
    outcome: Result | NotaryError | None = None
    follower: "_Brought[Item, Result] | None" = None


class Together(Generic[Item, Result]):
    """Does work for any number of threads, one group at a time.

    `work` gets the items of a group and returns their results in the same order. A group's items together weigh at most
    `limit`, by `weigh`; one that weighs more goes alone.
    """

    def __init__(
        self,
        work: Callable[[list[Item]], Sequence[Result]],
        weigh: Callable[[Item], int],
        limit: int,
    ) -> None:
        self._work = work
        self._weigh = weigh
        self._limit = limit
        self._mutex = threading.Lock()
        self._waiting: list[_Brought[Item, Result]] = []
        self._led = False

    @property
    def burden(self) -> int:
        """How many wait, and one more if a group is at work; of a moment ago."""
        return len(self._waiting) + self._led

    def do(self, item: Item) -> Result:
        """Return the result for one item. Raises the `NotaryError` that was raised for its group."""
        mine: _Brought[Item, Result] = _Brought(item)
        mine.turn.acquire()
        with self._mutex:
            self._waiting.append(mine)
            leads, self._led = not self._led, True
        if not leads:
            mine.turn.acquire()
        try:
            if mine.outcome is None:
                self._lead()
        finally:
            if mine.follower is not None:
                mine.follower.turn.release()
        if isinstance(mine.outcome, NotaryError):
            raise mine.outcome
        assert mine.outcome is not None
        return mine.outcome

    def _lead(self) -> None:
        """Do the work of a group, the first of which is the leader's own."""
        with self._mutex:
            group = self._take_group()
        try:
            try:
                results = self._work([brought.item for brought in group])
            finally:
                # The next leader begins before these go on: what the work waits for is idle now.
                self._hand_over()
            for brought, result in zip(group, results, strict=True):
                brought.outcome = result
        except NotaryError as error:
            _give_up(group, error)
        finally:
            # Whatever happens here, nobody is left waiting.
            _give_up(group, UnavailableError("the work that was done together came to nothing"))
            for before, after in pairwise(group):
                before.follower = after

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


def _give_up(group: Sequence[_Brought[Item, Result]], error: NotaryError) -> None:
    """End with an error for all who have no outcome yet."""
    for brought in group:
        if brought.outcome is None:
            brought.outcome = error
