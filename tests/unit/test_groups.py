# SPDX-License-Identifier: Apache-2.0
"""Work that coroutines bring, done in groups."""

import asyncio
import threading

import pytest

from api.serving.groups import Groups


class Worker:
    """Doubles numbers once it is let; notes the groups, fails on a negative number."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.gate = threading.Semaphore(0)

    async def __call__(self, items: list[int]) -> list[int]:
        self.groups.append(items)
        while not self.gate.acquire(blocking=False):
            await asyncio.sleep(0)
        if min(items) < 0:
            raise ValueError(items)
        return [2 * item for item in items]


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
def groups(worker: Worker) -> Groups[int, int]:
    return Groups(worker, limit=3)


def run(groups: Groups[int, int], worker: Worker, *items: int) -> list[int | BaseException]:
    """Bring all items before any group is done, then let them be done."""

    async def bring() -> list[int | BaseException]:
        tasks = [asyncio.create_task(groups.do(item)) for item in items]
        await asyncio.sleep(0)
        worker.gate.release(len(items))
        return await asyncio.gather(*tasks, return_exceptions=True)

    return asyncio.run(asyncio.wait_for(bring(), 30))


def test_a_lone_item_waits_for_nobody(groups: Groups[int, int], worker: Worker) -> None:
    assert run(groups, worker, 4) == [8]
    assert worker.groups == [[4]]


def test_what_comes_meanwhile_goes_together_in_order_and_within_the_limit(
    groups: Groups[int, int], worker: Worker
) -> None:
    assert run(groups, worker, *range(8)) == [0, 2, 4, 6, 8, 10, 12, 14]
    assert worker.groups == [[0], [1, 2, 3], [4, 5, 6], [7]]


def test_those_who_were_answered_come_again_into_one_group(worker: Worker) -> None:
    groups = Groups(worker, limit=9, patience=3600)

    async def bring() -> list[int]:
        first = asyncio.create_task(groups.do(1))
        others = [asyncio.create_task(groups.do(item)) for item in (2, 3)]
        await asyncio.sleep(0)
        worker.gate.release(2)
        return [await first, await groups.do(4), *await asyncio.gather(*others)]

    assert asyncio.run(asyncio.wait_for(bring(), 30)) == [2, 8, 4, 6]
    assert worker.groups == [[1], [2, 3, 4]]


def test_a_full_group_waits_for_nobody(worker: Worker) -> None:
    groups = Groups(worker, limit=2, patience=3600)

    async def bring() -> list[int]:
        tasks = [asyncio.create_task(groups.do(item)) for item in range(6)]
        await asyncio.sleep(0)
        worker.gate.release(4)
        return [*await asyncio.gather(*tasks[:5]), await groups.do(6), await tasks[5]]

    assert asyncio.run(asyncio.wait_for(bring(), 30)) == [0, 2, 4, 6, 8, 12, 10]
    assert worker.groups == [[0], [1, 2], [3, 4], [5, 6]]


def test_a_group_that_is_just_full_waits_for_nobody_either(worker: Worker) -> None:
    groups = Groups(worker, limit=2, patience=3600)
    assert run(groups, worker, 0, 1, 2) == [0, 2, 4]
    assert worker.groups == [[0], [1, 2]]


def test_nobody_waits_for_those_who_do_not_come_again(worker: Worker) -> None:
    groups = Groups(worker, limit=9, patience=0)

    async def bring() -> list[int]:
        first, second, third = (asyncio.create_task(groups.do(item)) for item in (1, 2, 3))
        await asyncio.sleep(0)
        worker.gate.release(3)
        found = [await first, await second, await third]
        for _ in range(50):
            await asyncio.sleep(0)
        return [*found, await groups.do(4)]

    assert asyncio.run(asyncio.wait_for(bring(), 30)) == [2, 4, 6, 8]
    assert worker.groups == [[1], [2, 3], [4]]


def test_who_waited_for_others_does_so_once(worker: Worker) -> None:
    groups = Groups(worker, limit=9, patience=0.01)

    async def bring() -> list[int]:
        first, second, third = (asyncio.create_task(groups.do(item)) for item in (1, 2, 3))
        await asyncio.sleep(0)
        worker.gate.release()
        found = [await first]
        fourth = asyncio.create_task(groups.do(4))
        await asyncio.sleep(0.05)  # longer than 2 and 3 would have waited for it
        last = [asyncio.create_task(groups.do(item)) for item in (5, 6)]
        await asyncio.sleep(0)
        worker.gate.release(2)
        return found + await asyncio.gather(second, third, fourth, *last)

    assert asyncio.run(asyncio.wait_for(bring(), 30)) == [2, 4, 6, 8, 10, 12]
    assert worker.groups == [[1], [2, 3, 4], [5, 6]]


def test_one_after_the_other_waits_for_nobody(worker: Worker) -> None:
    groups = Groups(worker, limit=9, patience=3600)

    async def bring() -> list[int]:
        worker.gate.release(3)
        return [await groups.do(item) for item in (1, 2, 3)]

    assert asyncio.run(asyncio.wait_for(bring(), 30)) == [2, 4, 6]


def test_an_error_is_that_of_its_group_alone(groups: Groups[int, int], worker: Worker) -> None:
    first, second, third, fourth, fifth = run(groups, worker, 1, 2, -3, 4, 5)
    assert (first, fifth) == (2, 10)
    assert [type(item) for item in (second, third, fourth)] == [ValueError] * 3
    assert run(groups, worker, 6) == [12]


def test_who_does_not_wait_any_longer_spoils_nothing(groups: Groups[int, int], worker: Worker) -> None:
    async def bring() -> list[int]:
        kept = asyncio.create_task(groups.do(1))
        left = asyncio.create_task(groups.do(2))
        other = asyncio.create_task(groups.do(3))
        await asyncio.sleep(0)
        left.cancel()
        worker.gate.release(2)
        return [await kept, await other]

    assert asyncio.run(asyncio.wait_for(bring(), 30)) == [2, 6]
