# SPDX-License-Identifier: Apache-2.0
"""Work that many coroutines bring and one of them does for all: what each brings costs less in company.

What comes while a group is under way makes the next one, together with those that were just answered and come again at
once. So groups grow with the load, and a lone item waits for nobody.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

Work = Callable[[list[Item]], Coroutine[Any, Any, Sequence[Result]]]

PATIENCE = 0.005
"""Seconds, from when a group is answered, for which the next one waits to be as many again."""


class Groups(Generic[Item, Result]):
    """Does work for the coroutines of one event loop, a group of at most `limit` items at a time.

    `work` gets the items of a group, and returns their results in the same order.
    """

    def __init__(self, work: Work[Item, Result], limit: int, patience: float = PATIENCE) -> None:
        self._work = work
        self._limit = limit
        self._patience = patience
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        # So many make a group that begins at once: one when nothing is under way, and none while something is.
        self._enough = 1
        self._timer: asyncio.Handle | None = None
        # Kept, because a loop itself does not keep its tasks.
        self._under_way: asyncio.Task[Sequence[Result]] | None = None

    async def do(self, item: Item) -> Result:
        """Return the result for one item. Raises what `work` has raised for its group."""
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if len(self._waiting) == self._enough:
            self._begin()
        return await done

    def _begin(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        group = self._waiting[: self._limit]
        del self._waiting[: self._limit]
        self._enough = 0
        items = [item for item, _ in group]
        self._under_way = asyncio.get_running_loop().create_task(self._work(items))
        self._under_way.add_done_callback(partial(self._settle, group))

    def _settle(
        self, group: "list[tuple[Item, asyncio.Future[Result]]]", work: "asyncio.Task[Sequence[Result]]"
    ) -> None:
        if len(self._waiting) >= self._limit:
            # The next group goes before the answers are written: what the work waits for is idle now.
            self._begin()
        else:
            # A lone one finds nobody to wait for: it is enough by itself.
            self._enough = min(len(self._waiting) + len(group), self._limit)
        error = work.exception()
        for number, (_, done) in enumerate(group):
            if done.done():
                continue  # whoever brought it waits no longer
            if error is None:
                done.set_result(work.result()[number])
            else:
                done.set_exception(error)
        if self._enough > 1:
            # Not before the answers are written: nobody comes again sooner.
            self._timer = asyncio.get_running_loop().call_soon(self._wait)

    def _wait(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._patience, self._wait_no_longer)

    def _wait_no_longer(self) -> None:
        if self._waiting:
            self._begin()
        else:
            self._enough = 1
