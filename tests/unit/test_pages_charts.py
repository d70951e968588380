# SPDX-License-Identifier: Apache-2.0
"""The numbers that charts are drawn from."""

import re
from datetime import date
from itertools import pairwise

import pytest

from api.pages.charts import HEIGHT, WIDTH, bar_chart, step_chart

JAN, FEB, MAR, APR = (date(2026, month, 1) for month in (1, 2, 3, 4))


def numbers(path: str) -> list[float]:
    return [float(text) for text in re.findall(r"[0-9.]+", path)]


def test_a_balance_falls_in_steps_and_ends_today() -> None:
    chart = step_chart([(JAN, 100), (APR, 0)], [(JAN, 100), (FEB, 50)], MAR)
    assert chart is not None
    assert re.fullmatch(r"M78 14(\.0)?H[0-9.]+V[0-9.]+H[0-9.]+", chart.real.replace("78.0", "78"))
    x, top, february, half, end = numbers(chart.real)
    assert x < february < end == chart.today < WIDTH
    assert half == pytest.approx((top + chart.amounts[0].at) / 2, abs=0.1)
    assert [tick.value for tick in chart.amounts] == [0, 50, 100]
    assert [tick.value for tick in chart.days] == [JAN, date(2026, 2, 15), APR]


def test_all_stays_within_the_chart() -> None:
    chart = step_chart([(FEB, 10), (MAR, 5)], [(JAN, 100), (MAR, -20)], APR)
    assert chart is not None
    assert chart.today is None
    for path in (chart.plan, chart.real):
        assert all(0 <= number <= WIDTH for number in numbers(path))
    # What was paid too much is drawn as nothing owed.
    assert numbers(chart.real)[-2] == chart.amounts[0].at <= HEIGHT


@pytest.mark.parametrize(
    ("plan", "real"), [([], []), ([], [(JAN, 5)]), ([(JAN, 5)], [(JAN, 5)]), ([(JAN, 0)], [(FEB, 0)])]
)
def test_where_there_is_nothing_to_draw_there_is_no_chart(
    plan: list[tuple[date, int]], real: list[tuple[date, int]]
) -> None:
    assert step_chart(plan, real, FEB) is None


def test_a_balance_without_a_plan_is_drawn_alone() -> None:
    chart = step_chart([], [(JAN, 5), (FEB, 0)], FEB)
    assert chart is not None
    assert (chart.plan, bool(chart.real)) == ("", True)


def test_bars_stand_side_by_side_and_are_as_high_as_their_values() -> None:
    bars = bar_chart([("a", 10), ("b", 5), ("c", 0)])
    assert [bar.height for bar in bars] == [bars[0].height, pytest.approx(bars[0].height / 2, abs=0.1), 0]
    assert all(left.x + left.width < right.x for left, right in pairwise(bars))
    assert all(bar.y + bar.height == pytest.approx(bars[0].y + bars[0].height, abs=0.2) for bar in bars)
    assert bars[-1].x + bars[-1].width <= WIDTH
    assert bar_chart([]) == ()
    assert bar_chart([("a", 0)])[0].height == 0
