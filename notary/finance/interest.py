# SPDX-License-Identifier: Apache-2.0
"""Interest of a balance over a period: exact until one rounding at the end."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from notary.finance.dates import ONE_DAY, Calendar, Coupons
from notary.finance.day_count import DayCount, counted_days, year_fraction
from notary.finance.errors import PeriodError
from notary.finance.rounding import Rounding, rounded

Unit = Literal["per_annum", "per_day"]
"""What a rate is a fraction for."""

Compounding = Literal["none", "daily", "weekly", "monthly", "quarterly", "semi_annual", "annual"]
"""How often interest becomes principal."""


@dataclass(frozen=True)
class InterestTerms:
    """How interest runs: a rate, as a fraction, and the agreement's words on days, compounding and rounding.

    `coupons`, `maturity` and `calendar` are for the day counts that ask for them (`year_fraction`). A rate `per_day` is
    for each day that the convention counts: 30 of them in each month of 30/360.
    """

    rate: Decimal
    day_count: DayCount
    unit: Unit = "per_annum"
    compounding: Compounding = "none"
    rounding: Rounding = "half_up"
    coupons: Coupons | None = None
    maturity: date | None = None
    calendar: Calendar | None = None


def growth(terms: InterestTerms, start: date, end: date) -> Fraction:
    """Return what one unit of the balance, taken at `start`, has become at `end`, exactly.

    Compounding periods are counted from `start`; the days after the last whole one earn simple interest on what is
    there by then.

    Raises:
        PeriodError: `end` is before `start`.
        DayCountError: the day count needs coupons or a calendar.
    """
    if end < start:
        raise PeriodError(start, end)
    # Equal factors are raised to a power at once: ten years of days have a handful of different ones.
    factors = Counter(_simple(terms, first, second) for first, second in _compounding_periods(terms, start, end))
    product = Fraction(1)
    for part, times in factors.items():
        product *= (1 + part) ** times
    return product


def exact_interest(balance: int, terms: InterestTerms, start: date, end: date) -> Fraction:
    """Return the interest of a balance from `start` to `end` in smallest units, exactly; raises as `growth` does."""
    return balance * (growth(terms, start, end) - 1)


def accrued_interest(balance: int, terms: InterestTerms, start: date, end: date) -> int:
    """Return the interest of a balance from `start` to `end`, rounded once; raises as `growth` does."""
    return rounded(exact_interest(balance, terms, start, end), terms.rounding)


def _simple(terms: InterestTerms, start: date, end: date) -> Fraction:
    """Return the simple interest of one unit."""
    if terms.unit == "per_day":
        days = counted_days(terms.day_count, start, end, maturity=terms.maturity, calendar=terms.calendar)
        return Fraction(terms.rate) * days
    return Fraction(terms.rate) * year_fraction(
        terms.day_count, start, end, coupons=terms.coupons, maturity=terms.maturity, calendar=terms.calendar
    )


_MONTHS: dict[Compounding, int] = {"monthly": 1, "quarterly": 3, "semi_annual": 6, "annual": 12}
_DAYS: dict[Compounding, int] = {"daily": 1, "weekly": 7}


def _compounding_periods(terms: InterestTerms, start: date, end: date) -> Iterator[tuple[date, date]]:
    if terms.compounding == "none":
        yield start, end
    elif terms.compounding in _MONTHS:
        for first, second in Coupons(start, _MONTHS[terms.compounding]).periods(start, end):
            yield first, min(second, end)
    else:
        step, first = _DAYS[terms.compounding] * ONE_DAY, start
        while first < end:
            yield first, min(first + step, end)
            first += step
