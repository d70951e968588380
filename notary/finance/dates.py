# SPDX-License-Identifier: Apache-2.0
"""Calendar arithmetic of loans: months, coupon dates, business days."""

from calendar import isleap, monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, timedelta
from typing import Literal

from notary.finance.errors import PeriodError, ScheduleError

BusinessDay = Literal["none", "following", "modified_following", "preceding", "modified_preceding"]
"""Where a date goes that is no business day (ISDA 2006 Definitions, section 4.12)."""

Calendar = Callable[[date], bool]
"""The port to a holiday calendar: is this day a business day? It answers the same for a day every time, and knows of
at least one business day in any 60 days."""

_LONGEST_CLOSURE = 60
ONE_DAY = timedelta(days=1)


def is_month_end(day: date) -> bool:
    """Tell whether a day is the last one of its month."""
    return day.day == monthrange(day.year, day.month)[1]


def months_later(day: date, months: int, *, end_of_month: bool = False) -> date:
    """Return the same day of a later (or, below zero, an earlier) month, or that month's last day.

    With `end_of_month`, the last day of a month leads to the last day of the other month.

    Raises:
        ScheduleError: the result is outside the years 1 to 9999.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not MINYEAR <= year <= MAXYEAR:
        raise ScheduleError(f"{months} months from {day} is outside the calendar")
    length = monthrange(year, month + 1)[1]
    return date(year, month + 1, length if end_of_month and is_month_end(day) else min(day.day, length))


def months_between(start: date, end: date) -> tuple[int, int]:
    """Return the whole months from `start` to a later day, and the days that are left after `start`.

    Months are counted back from `end`, as directive 2014/17/EU (annex I, I (c)) and Regulation Z (appendix J,
    (b)(5)) ask. From a day to the same day, or from month's end to month's end, no days are left; where a month is too
    short to have the day, its last day stands for it.
    """
    months = (end.year - start.year) * 12 + end.month - start.month
    for end_of_month in (False, True):
        if months_later(start, months, end_of_month=end_of_month) == end:
            return months, 0
    if months_later(end, -months) < start:
        months -= 1
    return months, (months_later(end, -months) - start).days


def leap_days(start: date, end: date) -> int:
    """Count the 29ths of February in the days from `start` (included) to `end` (excluded).

    `end` before `start` counts none.
    """
    years = filter(isleap, range(start.year, end.year + 1))
    return sum(start <= date(year, 2, 29) < end for year in years)


@dataclass(frozen=True)
class Coupons:
    """Regular payment dates without beginning or end: `anchor`, and every `months` before and after it.

    Dates are counted from the anchor, never from one another, so that the 31st comes back after each short month. With
    `end_of_month`, an anchor at its month's end makes all of them ends of months.
    """

    anchor: date
    months: int
    end_of_month: bool = False

    def __post_init__(self) -> None:
        if self.months < 1:
            raise ScheduleError(f"{self.months} months between payments")

    def nth(self, number: int) -> date:
        """Return the date `number` places after the anchor."""
        return months_later(self.anchor, number * self.months, end_of_month=self.end_of_month)

    def periods(self, start: date, end: date) -> Iterator[tuple[date, date]]:
        """Yield the first and last date of every period that shares a day with `start` to `end`, in order."""
        elapsed = (start.year - self.anchor.year) * 12 + start.month - self.anchor.month
        number = elapsed // self.months
        # In a month of a payment, `start` may be before its date.
        first = self.nth(number)
        if first > start:
            number -= 1
            first = self.nth(number)
        while first < end:
            number += 1
            second = self.nth(number)
            yield first, second
            first = second


def adjusted(day: date, rule: BusinessDay, calendar: Calendar) -> date:
    """Move a day to a business day by a rule (ISDA 2006 Definitions, section 4.12).

    `modified_following` goes back when the next business day is in another month, `modified_preceding` the other way.

    Raises:
        ScheduleError: the calendar knows no business day within 60 days.
    """
    if rule == "none" or calendar(day):
        return day
    step = 1 if rule in ("following", "modified_following") else -1
    moved = _next_business_day(day, step, calendar)
    if rule.startswith("modified") and moved.month != day.month:
        return _next_business_day(day, -step, calendar)
    return moved


def business_days(start: date, end: date, calendar: Calendar) -> int:
    """Count the business days from `start` (included) to `end` (excluded)."""
    if end < start:
        raise PeriodError(start, end)
    return sum(calendar(start + timedelta(days=number)) for number in range((end - start).days))


def due_dates(
    coupons: Coupons, count: int, *, first: int = 0, rule: BusinessDay = "none", calendar: Calendar = lambda day: True
) -> tuple[date, ...]:
    """Return the dates of `count` payments, each moved to a business day.

    The first is `first` places after the anchor: one after, where the anchor is the day of the disbursement.
    """
    return tuple(adjusted(coupons.nth(number), rule, calendar) for number in range(first, first + count))


def _next_business_day(day: date, step: int, calendar: Calendar) -> date:
    for distance in range(1, _LONGEST_CLOSURE + 1):
        moved = day + timedelta(days=step * distance)
        if calendar(moved):
            return moved
    raise ScheduleError(f"the calendar has no business day within {_LONGEST_CLOSURE} days of {day}")
