# SPDX-License-Identifier: Apache-2.0
"""Unit-periods: how Regulation Z measures time (12 CFR 1026, appendix J, paragraphs (b)(3) to (b)(5))."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from notary.finance.dates import months_between, months_later

Kind = Literal["days", "semimonths", "months"]


@dataclass(frozen=True)
class UnitPeriod:
    """A standard interval of time, of `count` days, semimonths or months; weeks are seven days each."""

    kind: Kind
    count: int

    @property
    def a_year(self) -> Fraction:
        """How many of them make a year."""
        if self.kind == "days":
            return Fraction(365) if self.count % 7 else Fraction(52 * 7, self.count)
        return Fraction(24 if self.kind == "semimonths" else 12, self.count)

    def between(self, start: date, end: date) -> Fraction:
        """Return how many lie between two days (paragraph (b)(5)); the whole ones are counted back from the later."""
        if self.kind == "days":
            return Fraction((end - start).days, self.count)
        months, days = months_between(start, end)
        if self == YEAR and days:
            # (b)(5)(v): whole years, and after them days over 365 where they are not whole months.
            years = months // 12
            return years + Fraction((months_later(end, -12 * years) - start).days, 365)
        return Fraction(months * 30 + days, self.count * (15 if self.kind == "semimonths" else 30))

    @property
    def length(self) -> Fraction:
        """How many days it has on average, to be compared with others."""
        return (
            self.count * {"days": Fraction(1), "semimonths": Fraction(365, 24), "months": Fraction(365, 12)}[self.kind]
        )


YEAR = UnitPeriod("months", 12)
_WEEKS = tuple(UnitPeriod("days", 7 * count) for count in range(1, 53))
_MONTHS = tuple(UnitPeriod("months", count) for count in range(1, 13))
STANDARD = (UnitPeriod("days", 1), UnitPeriod("semimonths", 1), *_WEEKS, *_MONTHS)
"""The standard intervals of paragraph (b)(3)(iii)."""


def unit_period(days: Sequence[date]) -> UnitPeriod:
    """Choose the unit-period of a transaction with money moving on these days, in order (paragraph (b)(4)(i)).

    It is the most frequent interval up to a year, the smaller of equally frequent ones; where none occurs twice, the
    standard interval nearest to the average.
    """
    after_next = [months_between(first, third) for first, third in zip(days[1:], days[3:], strict=False)]
    if after_next and all(interval == (1, 0) for interval in after_next):
        return UnitPeriod("semimonths", 1)
    intervals = [_interval(first, second) for first, second in pairwise(days)]
    common = Counter(interval for interval in intervals if interval is not None)
    if common and max(common.values()) > 1:
        return min(common, key=lambda interval: (-common[interval], interval.length))
    average = Fraction((days[-1] - days[0]).days, len(intervals))
    return min(STANDARD, key=lambda interval: (abs(interval.length - average), interval.length))


def _interval(first: date, second: date) -> UnitPeriod | None:
    """Name the interval between two days, if it is a standard one."""
    months, rest = months_between(first, second)
    days = (second - first).days
    named = UnitPeriod("months", months) if not rest else UnitPeriod("days", days)
    return named if named in STANDARD else None
