# SPDX-License-Identifier: Apache-2.0
"""Annual percentage rates: the internal rate of return of real, dated cash flows, by three named methods.

Rates are fractions (0.1297 is 12.97 %) to twelve decimals; the law's own rounding is the caller's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from notary.finance.dates import months_between, months_later
from notary.finance.errors import NoRateError
from notary.finance.roots import TimedFlow, rate_of_return
from notary.finance.unit_periods import YEAR, unit_period

Interval = Literal["years", "months", "weeks"]
"""The whole periods in which directive 2008/48/EC measures time; days come on top."""

Method = Literal["EU", "REG_Z", "CN_IRR"]


@dataclass(frozen=True)
class CashFlow:
    """Money that moves on a day: above zero to the borrower, below zero from the borrower.

    Amounts may be in any unit, as long as all flows of a loan are in the same.
    """

    day: date
    amount: Decimal | int


def effective_annual_rate(flows: Sequence[CashFlow], interval: Interval = "months") -> Decimal:
    """Return the APR of directive 2008/48/EC, annex I: the effective yearly rate.

    Time runs from the first drawdown in whole `interval`s and days. A month is a twelfth of a year, a week a 52nd; days
    are divided by the 365 or 366 of the year that ends where they end, whole periods being counted back from the later
    day. The directive leaves this open; directive 2014/17/EU (annex I, I (c)) says it so.

    Raises:
        NoRateError: no rate makes the flows worth nothing together.
    """
    start = _first_drawdown(flows)
    return rate_of_return([_compounding(flow, _years(interval, start, flow.day)) for flow in flows], Fraction(1))


def nominal_annual_rate(flows: Sequence[CashFlow]) -> Decimal:
    """Return the APR of Regulation Z, 12 CFR 1026, appendix J (actuarial method): the nominal yearly rate.

    The unit-period follows from the flows, and its rate is multiplied by the unit-periods of a year; a fraction of one
    earns simple interest. What is paid before the first advance counts as paid with it.

    Raises:
        NoRateError: no rate makes the flows worth nothing together.
    """
    start = _first_drawdown(flows)
    days = sorted({max(flow.day, start) for flow in flows if flow.amount})
    if len(days) < 2:
        raise NoRateError("all money moves at one time")
    if len(days) == 2 and months_later(days[1], -12) < start:
        return _single_payment(flows, start, days[1])
    unit = unit_period(days) if len(days) > 2 else YEAR
    timed = [_simple_first(flow, unit.between(start, max(flow.day, start))) for flow in flows]
    return rate_of_return(timed, unit.a_year)


def twelve_monthly_rates(flows: Sequence[CashFlow]) -> Decimal:
    """Return the IRR of Chinese practice: twelve times the monthly internal rate of return.

    The cap on the all-in cost of loans that platforms arrange (助贷, 24 % from October 2025) is held against this.
    Months are measured as in `effective_annual_rate`.

    Raises:
        NoRateError: no rate makes the flows worth nothing together.
    """
    start = _first_drawdown(flows)
    timed = [_compounding(flow, 12 * _years("months", start, flow.day)) for flow in flows]
    return rate_of_return(timed, Fraction(12))


METHODS: dict[Method, Callable[[Sequence[CashFlow]], Decimal]] = {
    "EU": effective_annual_rate,
    "REG_Z": nominal_annual_rate,
    "CN_IRR": twelve_monthly_rates,
}


def apr(method: Method, flows: Sequence[CashFlow]) -> Decimal:
    """Return the APR of cash flows by a named method.

    Raises:
        NoRateError: no rate makes the flows worth nothing together.
    """
    return METHODS[method](flows)


def _first_drawdown(flows: Sequence[CashFlow]) -> date:
    drawdowns = [flow.day for flow in flows if flow.amount > 0]
    if not drawdowns:
        raise NoRateError("the borrower receives nothing")
    return min(drawdowns)


def _compounding(flow: CashFlow, periods: Fraction) -> TimedFlow:
    return TimedFlow(periods, Fraction(0), Fraction(flow.amount))


def _simple_first(flow: CashFlow, periods: Fraction) -> TimedFlow:
    return TimedFlow(Fraction(periods.numerator // periods.denominator), periods % 1, Fraction(flow.amount))


def _single_payment(flows: Sequence[CashFlow], start: date, end: date) -> Decimal:
    """Appendix J (b)(5)(vi) and (vii): within a year the term is the unit-period."""
    months, days = months_between(start, end)
    a_year = Fraction(365, (end - start).days) if days else Fraction(12, months)
    timed = [_compounding(flow, Fraction(1 if flow.day == end else 0)) for flow in flows]
    return rate_of_return(timed, a_year)


def _years(interval: Interval, start: date, day: date) -> Fraction:
    """Return the years from the first drawdown to a day, below zero for a charge that was paid before it."""
    if day < start:
        return -_years(interval, day, start)
    if interval == "weeks":
        weeks, days = divmod((day - start).days, 7)
        whole = Fraction(weeks, 52)
    else:
        months, days = months_between(start, day)
        if interval == "years":
            months -= months % 12
            days = (months_later(day, -months) - start).days
        whole = Fraction(months, 12)
    last = start + timedelta(days=days)
    return whole + Fraction(days, (last - months_later(last, -12)).days)
