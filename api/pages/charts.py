# SPDX-License-Identifier: Apache-2.0
"""Charts as numbers for `charts.html`, which draws them as SVG: nothing is computed in the browser.

Every chart says in words what it shows, and stands beside the numbers it is made of.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 640, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 78, 14, 14, 34

Steps = Sequence[tuple[date, int]]
"""What holds from a day on, by rising days."""


@dataclass(frozen=True)
class Tick:
    """A line of the grid: where, and what it stands for."""

    at: float
    value: date | int


@dataclass(frozen=True)
class StepChart:
    """Two lines of steps over time, as SVG paths; `today` is where today is, None outside."""

    plan: str
    real: str
    days: tuple[Tick, ...]
    amounts: tuple[Tick, ...]
    today: float | None


@dataclass(frozen=True)
class Mark:
    """Where a number stands on an axis."""

    at: float
    value: int


@dataclass(frozen=True)
class GrowthChart:
    """A line of steps that only rises, with a dot for each of its points; moments are seconds since 1970."""

    path: str
    dots: tuple[tuple[float, float], ...]
    moments: tuple[Mark, ...]
    counts: tuple[Mark, ...]


@dataclass(frozen=True)
class Bar:
    """One bar, its label and its value."""

    x: float
    y: float
    width: float
    height: float
    label: str
    value: int


def step_chart(plan: Steps, real: Steps, today: date) -> StepChart | None:
    """Return the chart of what was planned and what came; None where there is nothing to draw."""
    points = [*plan, *real]
    if len(points) < 2:
        return None
    first, last = min(day for day, _ in points), max(day for day, _ in points)
    top = max(value for _, value in points)
    if first == last or top <= 0:
        return None
    span = (last - first).days

    def x(day: date) -> float:
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * (day - first).days / span, 1)

    def y(value: int) -> float:
        return round(_TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - max(0, value) / top), 1)

    def path(steps: Steps, until: date) -> str:
        if not steps:
            return ""
        parts = [f"M{x(steps[0][0])} {y(steps[0][1])}"]
        parts += [f"H{x(day)}V{y(value)}" for day, value in steps[1:]]
        return "".join([*parts, f"H{x(until)}"])

    middle = date.fromordinal((first.toordinal() + last.toordinal()) // 2)
    until = min(max(today, real[-1][0] if real else first), last)
    return StepChart(
        plan=path(plan, plan[-1][0]) if plan else "",
        real=path(real, until),
        days=tuple(Tick(x(day), day) for day in (first, middle, last)),
        amounts=tuple(Tick(y(value), value) for value in (0, top // 2, top)),
        today=x(today) if first <= today <= last else None,
    )


def growth_chart(points: Sequence[tuple[int, int]]) -> GrowthChart | None:
    """Return the chart of a count over time from (seconds since 1970, count), both rising; None for less than two."""
    if len(points) < 2 or points[0][0] == points[-1][0]:
        return None
    (first, _), (last, top) = points[0], points[-1]

    def x(moment: float) -> float:
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * (moment - first) / (last - first), 1)

    def y(count: float) -> float:
        return round(_TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - count / top), 1)

    dots = tuple((x(moment), y(count)) for moment, count in points)
    path = f"M{dots[0][0]} {dots[0][1]}" + "".join(f"H{at}V{height}" for at, height in dots[1:])
    moments = (first, (first + last) // 2, last)
    return GrowthChart(
        path=path,
        dots=dots,
        moments=tuple(Mark(x(moment), moment) for moment in moments),
        counts=tuple(Mark(y(count), count) for count in (0, top // 2, top)),
    )


def bar_chart(values: Sequence[tuple[str, int]]) -> tuple[Bar, ...]:
    """Return bars, side by side, the highest as high as the chart."""
    top = max((value for _, value in values), default=0) or 1
    room = WIDTH / max(1, len(values))
    width = min(room * 0.7, 72.0)
    height = HEIGHT - _TOP - _BOTTOM - 10
    return tuple(
        Bar(
            round(place * room + (room - width) / 2, 1),
            round(_TOP + 10 + height * (1 - value / top), 1),
            round(width, 1),
            round(height * value / top, 1),
            label,
            value,
        )
        for place, (label, value) in enumerate(values)
    )
