# SPDX-License-Identifier: Apache-2.0
"""Work that threads bring and one of them does: everybody gets his own result, and nobody is left waiting."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from api.together import Together
from notary.errors import LogBusyError, UnavailableError


class Desk:
    """Does work when it is let; it keeps the groups it got."""

    def __init__(self, answer: Callable[[list[int]], list[str]], limit: int) -> None:
        self.groups: list[list[int]] = []
        self.entered, self.let = threading.Semaphore(0), threading.Semaphore(0)
        self.together = Together(self.work, lambda item: item, limit)
        self._answer = answer

    def work(self, items: list[int]) -> list[str]:
        self.groups.append(items)
        self.entered.release()
        assert self.let.acquire(timeout=60)
        return self._answer(items)

    def bring(self, pool: ThreadPoolExecutor, *items: int) -> list[Future[str]]:
        """Bring items in this order, each in a thread of its own, while others are worked on."""
        waiting = self.together._waiting
        brought = []
        for item in items:
            before = len(waiting)
            brought.append(pool.submit(self.together.do, item))
            while len(waiting) == before:
                pass
        return brought


def named(items: list[int]) -> list[str]:
    return [f"result of {item}" for item in items]


def test_what_comes_while_others_are_at_work_goes_together() -> None:
    desk = Desk(named, 100)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(desk.together.do, 1)
        assert desk.entered.acquire(timeout=60)
        others = desk.bring(pool, 2, 3, 4)
        desk.let.release(2)
        assert [first.result(), *(item.result() for item in others)] == named([1, 2, 3, 4])
    assert desk.groups == [[1], [2, 3, 4]]


def test_a_group_weighs_no_more_than_the_limit_and_what_is_too_heavy_goes_alone() -> None:
    desk = Desk(named, 10)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(desk.together.do, 1)
        assert desk.entered.acquire(timeout=60)
        others = desk.bring(pool, 4, 6, 99, 10, 1)
        desk.let.release(10)
        assert [item.result() for item in others] == named([4, 6, 99, 10, 1])
        assert [first.result()] == named([1])
    assert desk.groups == [[1], [4, 6], [99], [10], [1]]


def test_an_error_is_its_group_s_alone() -> None:
    def fail(items: list[int]) -> list[str]:
        if 2 in items:
            raise LogBusyError("too much")
        return named(items)

    desk = Desk(fail, 5)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(desk.together.do, 1)
        assert desk.entered.acquire(timeout=60)
        two, three, four = desk.bring(pool, 2, 3, 4)
        desk.let.release(3)
        assert [first.result(), four.result()] == named([1, 4])
        for item in (two, three):
            with pytest.raises(LogBusyError):
                item.result()


def test_a_fault_of_ours_leaves_nobody_waiting() -> None:
    def fail(items: list[int]) -> list[str]:
        if 2 in items:
            raise ZeroDivisionError
        return named(items)

    desk = Desk(fail, 5)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(desk.together.do, 1)
        assert desk.entered.acquire(timeout=60)
        leading, led, after = desk.bring(pool, 2, 3, 4)
        desk.let.release(3)
        assert [first.result(), after.result()] == named([1, 4])
        with pytest.raises(ZeroDivisionError):
            leading.result()
        with pytest.raises(UnavailableError):
            led.result()
