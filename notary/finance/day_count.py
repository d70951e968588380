# SPDX-License-Identifier: Apache-2.0
"""Day count conventions: how the days of a period become a fraction of a year, exactly.

Periods contain their first day and not their last. "2006 4.16" is that section of the 2006 ISDA Definitions, "ICMA 251"
is Rule 251 of the ICMA Rule Book.
"""

from calendar import isleap
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from notary.finance.dates import ONE_DAY, Calendar, Coupons, business_days, is_month_end, leap_days, months_later
from notary.finance.errors import DayCountError, PeriodError

DayCount = Literal[
    "ACT/360", "ACT/364", "ACT/365.FIXED", "ACT/365L", "ACT/ACT.AFB", "ACT/ACT.ICMA", "ACT/ACT.ISDA",
    "30/360", "30E/360", "30E/360.ISDA", "CAL/252", "1/1",
]  # fmt: skip
"""How days become years (FINOS CDM DayCountFractionEnum)."""


@dataclass(frozen=True)
class _Period:
    """A period, and what the conventions may ask about the loan that it belongs to."""

    convention: DayCount
    start: date
    end: date
    coupons: Coupons | None
    maturity: date | None
    calendar: Calendar | None

    @property
    def days(self) -> int:
        return (self.end - self.start).days


def year_fraction(
    convention: DayCount,
    start: date,
    end: date,
    *,
    coupons: Coupons | None = None,
    maturity: date | None = None,
    calendar: Calendar | None = None,
) -> Fraction:
    """Return the part of a year from `start` (included) to `end` (excluded); of an empty period, 0.

    `coupons`, the regular interest dates, is needed by ACT/ACT.ICMA and ACT/365L; `calendar` by CAL/252. `maturity` is
    the loan's last day, which 30E/360.ISDA treats in its own way when it is the end of February; without it, no
    period is the last one.

    Raises:
        PeriodError: `end` is before `start`.
        DayCountError: the convention needs what was not given.
    """
    if end < start:
        raise PeriodError(start, end)
    if end == start:
        return Fraction(0)
    return _FRACTIONS[convention](_Period(convention, start, end, coupons, maturity, calendar))


def counted_days(
    convention: DayCount,
    start: date,
    end: date,
    *,
    maturity: date | None = None,
    calendar: Calendar | None = None,
) -> int:
    """Return the days that a convention counts in a period, for rates by the day.

    Months of 30 days in the 30/360 family, business days in CAL/252, in all others the days of the calendar.

    Raises:
        PeriodError: `end` is before `start`.
        DayCountError: CAL/252 without a calendar.
    """
    if end < start:
        raise PeriodError(start, end)
    period = _Period(convention, start, end, None, maturity, calendar)
    return _DAYS[convention](period) if convention in _DAYS else period.days


def _days_30_360(period: _Period) -> int:
    """2006 4.16(f), Bond Basis: the 31st becomes the 30th; at the end, only if the start is on the 30th or 31st."""
    first = min(period.start.day, 30)
    last = min(period.end.day, 30) if first == 30 else period.end.day
    return _months_of_30(period, first, last)


def _days_30e_360(period: _Period) -> int:
    """2006 4.16(g), Eurobond Basis: the 31st becomes the 30th."""
    return _months_of_30(period, min(period.start.day, 30), min(period.end.day, 30))


def _days_30e_360_isda(period: _Period) -> int:
    """2006 4.16(h): the last day of a month becomes the 30th, but not maturity at the end of February."""
    first = 30 if is_month_end(period.start) else period.start.day
    february_maturity = period.end == period.maturity and period.end.month == 2
    last = 30 if is_month_end(period.end) and not february_maturity else period.end.day
    return _months_of_30(period, first, last)


def _months_of_30(period: _Period, first: int, last: int) -> int:
    months = (period.end.year - period.start.year) * 12 + period.end.month - period.start.month
    return months * 30 + last - first


def _business_days(period: _Period) -> int:
    """FINOS CDM CAL/252: business days, the first day included and the last excluded."""
    if period.calendar is None:
        raise DayCountError(period.convention, "a business calendar")
    return business_days(period.start, period.end, period.calendar)


def _act_act_isda(period: _Period) -> Fraction:
    """2006 4.16(b): days in leap years over 366, the others over 365."""
    fraction, day = Fraction(0), period.start
    while day < period.end:
        following = min(period.end, date(day.year + 1, 1, 1)) if day.year < period.end.year else period.end
        fraction += Fraction((following - day).days, 366 if isleap(day.year) else 365)
        day = following
    return fraction


def _act_act_icma(period: _Period) -> Fraction:
    """ICMA 251.1 (iii), 2006 4.16(c): in each regular period, its part of the days, over the periods of a year."""
    if period.coupons is None:
        raise DayCountError(period.convention, "the regular interest dates")
    fraction = Fraction(0)
    for first, second in period.coupons.periods(period.start, period.end):
        days = (min(second, period.end) - max(first, period.start)).days
        fraction += Fraction(days * period.coupons.months, (second - first).days * 12)
    return fraction


def _act_365l(period: _Period) -> Fraction:
    """ICMA 251.1 (i) part 2, 2006 4.16(i): by the interest period, 365 or 366 days.

    With yearly interest 366 where a 29 February is after the period's first day and not after its last, else where the
    period ends in a leap year.
    """
    if period.coupons is None:
        raise DayCountError(period.convention, "the regular interest dates")
    fraction = Fraction(0)
    for first, second in period.coupons.periods(period.start, period.end):
        yearly = period.coupons.months == 12
        leap = leap_days(first + ONE_DAY, second + ONE_DAY) > 0 if yearly else isleap(second.year)
        days = (min(second, period.end) - max(first, period.start)).days
        fraction += Fraction(days, 366 if leap else 365)
    return fraction


def _act_act_afb(period: _Period) -> Fraction:
    """The AFB definition as ISDA's memorandum of 1999 gives it: days over 366 if there is a 29 February, else 365.

    Of a period of more than a year, whole years are counted back from its end, and the days before them so divided.
    """
    years, end = 0, period.end
    if months_later(end, -12) > period.start:
        while (earlier := _afb_years_before(period.end, years + 1)) >= period.start:
            years, end = years + 1, earlier
    basis = 366 if leap_days(period.start, end) else 365
    return years + Fraction((end - period.start).days, basis)


def _afb_years_before(end: date, years: int) -> date:
    """Years back from a 28 February end on the 29th where there is one (an addition of the memorandum)."""
    earlier = months_later(end, -12 * years)
    return earlier + ONE_DAY if (end.month, end.day) == (2, 28) and isleap(earlier.year) else earlier


_DAYS: dict[DayCount, Callable[[_Period], int]] = {
    "30/360": _days_30_360,
    "30E/360": _days_30e_360,
    "30E/360.ISDA": _days_30e_360_isda,
    "CAL/252": _business_days,
}

_FRACTIONS: dict[DayCount, Callable[[_Period], Fraction]] = {
    "ACT/360": lambda period: Fraction(period.days, 360),
    "ACT/364": lambda period: Fraction(period.days, 364),
    "ACT/365.FIXED": lambda period: Fraction(period.days, 365),
    "ACT/365L": _act_365l,
    "ACT/ACT.AFB": _act_act_afb,
    "ACT/ACT.ICMA": _act_act_icma,
    "ACT/ACT.ISDA": _act_act_isda,
    "30/360": lambda period: Fraction(_days_30_360(period), 360),
    "30E/360": lambda period: Fraction(_days_30e_360(period), 360),
    "30E/360.ISDA": lambda period: Fraction(_days_30e_360_isda(period), 360),
    "CAL/252": lambda period: Fraction(_business_days(period), 252),
    "1/1": lambda period: Fraction(1),
}
