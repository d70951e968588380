# SPDX-License-Identifier: Apache-2.0
"""Work that many coroutines bring and one thread does for all: what each brings costs less in company.

What comes while a group is under way makes the next one. So groups grow with the load, and a lone item waits for
nobody.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Groups(Generic[Item, Result]):
    """Does work for the coroutines of one event loop, a group of at most `limit` items at a time.

    `work` gets the items of a group, in a thread of its own, and returns their results in the same order.
    """

    def __init__(self, work: Callable[[list[Item]], Sequence[Result]], limit: int) -> None:
        self._work = work
        self._limit = limit
        self._thread = ThreadPoolExecutor(1, "group")
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._under_way = False

    async def do(self, item: Item) -> Result:
        """Return the result for one item. Raises what `work` has raised for its group."""
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if not self._under_way:
            self._begin()
        return await done

    def close(self) -> None:
        """End the thread, once it has done what it has in hand."""
        self._thread.shutdown()

    def _begin(self) -> None:
        group = self._waiting[: self._limit]
        del self._waiting[: self._limit]
        self._under_way = True
        items = [item for item, _ in group]
        work = asyncio.get_running_loop().run_in_executor(self._thread, self._work, items)
        work.add_done_callback(partial(self._settle, group))

    def _settle(
        self, group: "list[tuple[Item, asyncio.Future[Result]]]", work: "asyncio.Future[Sequence[Result]]"
    ) -> None:
        # The next group goes before the answers are written: what the work waits for is idle now.
        if self._waiting:
            self._begin()
        else:
            self._under_way = False
        error = work.exception()
        for number, (_, done) in enumerate(group):
            if done.done():
                continue  # whoever brought it waits no longer
            if error is None:
                done.set_result(work.result()[number])
            else:
                done.set_exception(error)
