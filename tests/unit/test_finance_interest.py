# SPDX-License-Identifier: Apache-2.0
"""Interest and its one rounding."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import get_args

import pytest

from notary.finance import (
    BusinessDay,
    Compounding,
    Coupons,
    DayCount,
    DayCountError,
    InterestTerms,
    PeriodError,
    Rounding,
    Unit,
    accrued_interest,
    exact_interest,
    growth,
    rounded,
)
from notary.records import agreement, money

START, YEAR_LATER = date(2025, 1, 1), date(2026, 1, 1)


@pytest.mark.parametrize(
    ("value", "half_up", "half_even", "down", "up"),
    [
        (Fraction(5, 2), 3, 2, 2, 3),
        (Fraction(7, 2), 4, 4, 3, 4),
        (Fraction(-5, 2), -3, -2, -2, -3),
        (Fraction(24, 10), 2, 2, 2, 3),
        (Fraction(26, 10), 3, 3, 2, 3),
        (Decimal("-0.4"), 0, 0, 0, -1),
        (7, 7, 7, 7, 7),
    ],
)
def test_rounding(value: Fraction | Decimal | int, half_up: int, half_even: int, down: int, up: int) -> None:
    wanted: dict[Rounding, int] = {"half_up": half_up, "half_even": half_even, "down": down, "up": up}
    assert {mode: rounded(value, mode) for mode in wanted} == wanted


def test_the_words_are_the_agreements() -> None:
    pairs = (
        (DayCount, agreement.DayCount),
        (Compounding, agreement.Compounding),
        (Rounding, agreement.Rounding),
        (BusinessDay, agreement.BusinessDay),
        (Unit, money.Unit),
    )
    for ours, theirs in pairs:
        assert get_args(ours) == get_args(theirs)


def test_simple_interest() -> None:
    # 10,000.00 at 4.35 % for the 31 days of January, ACT/360: 1,000,000 * 0.0435 * 31 / 360 = 3745.83.
    terms = InterestTerms(Decimal("0.0435"), "ACT/360")
    assert exact_interest(1_000_000, terms, date(2026, 1, 1), date(2026, 2, 1)) == Fraction(44950, 12)
    assert accrued_interest(1_000_000, terms, date(2026, 1, 1), date(2026, 2, 1)) == 3746


def test_a_rate_by_the_day_is_for_the_days_that_the_convention_counts() -> None:
    # 日利率万分之五: 0.05 % a day.
    by_calendar = InterestTerms(Decimal("0.0005"), "ACT/365.FIXED", unit="per_day")
    by_months = InterestTerms(Decimal("0.0005"), "30/360", unit="per_day")
    by_business = InterestTerms(Decimal("0.0005"), "CAL/252", unit="per_day", calendar=lambda day: day.weekday() < 5)
    january = date(2026, 1, 1), date(2026, 2, 1)
    assert [accrued_interest(1_000_000, terms, *january) for terms in (by_calendar, by_months, by_business)] == [
        15_500,
        15_000,
        11_000,
    ]


def test_effective_rate_of_quarterly_compounding() -> None:
    # Excel's documentation of EFFECT: 5.25 % nominal, compounded four times a year, is 5.35427 % effective.
    terms = InterestTerms(Decimal("0.0525"), "30/360", compounding="quarterly")
    assert growth(terms, START, YEAR_LATER) == (1 + Fraction(525, 40_000)) ** 4
    assert accrued_interest(100_000_00, terms, START, YEAR_LATER) == 535_427


@pytest.mark.parametrize(
    ("compounding", "factor"),
    [
        ("none", 1 + Fraction(36, 1000)),
        ("annual", 1 + Fraction(36, 1000)),
        ("semi_annual", (1 + Fraction(18, 1000)) ** 2),
        ("quarterly", (1 + Fraction(9, 1000)) ** 4),
        ("monthly", (1 + Fraction(3, 1000)) ** 12),
    ],
)
def test_compounding_by_months(compounding: Compounding, factor: Fraction) -> None:
    terms = InterestTerms(Decimal("0.036"), "30/360", compounding=compounding)
    assert growth(terms, START, YEAR_LATER) == factor


def test_compounding_by_days() -> None:
    daily = InterestTerms(Decimal("0.0365"), "ACT/365.FIXED", compounding="daily")
    weekly = InterestTerms(Decimal("0.0365"), "ACT/365.FIXED", compounding="weekly")
    day = 1 + Fraction(1, 10_000)
    assert growth(daily, START, YEAR_LATER) == day**365
    # Nine days: a week, and two days of simple interest on what is there by then.
    assert growth(weekly, START, date(2025, 1, 10)) == (1 + Fraction(7, 10_000)) * (1 + Fraction(2, 10_000))
    # A leap year has two kinds of days.
    isda = InterestTerms(Decimal("0.0365"), "ACT/ACT.ISDA", compounding="daily")
    assert growth(isda, date(2023, 12, 31), date(2024, 1, 3)) == day * (1 + Fraction(365, 3_660_000)) ** 2


def test_months_are_counted_from_the_start_for_compounding() -> None:
    # 31 January to 15 March: February's end, and then 15 days.
    terms = InterestTerms(Decimal("0.36"), "30E/360", compounding="monthly")
    first, second = 1 + Fraction(28, 1000), 1 + Fraction(17, 1000)
    assert growth(terms, date(2026, 1, 31), date(2026, 3, 15)) == first * second


def test_coupons_maturity_and_calendar_reach_the_day_count() -> None:
    icma = InterestTerms(Decimal("0.12"), "ACT/ACT.ICMA", coupons=Coupons(date(2026, 1, 31), 1))
    assert accrued_interest(10_000, icma, date(2026, 1, 31), date(2026, 2, 28)) == 100
    last = InterestTerms(Decimal("0.12"), "30E/360.ISDA", maturity=date(2026, 2, 28))
    assert exact_interest(3000, last, date(2026, 1, 31), date(2026, 2, 28)) == 28
    with pytest.raises(DayCountError):
        growth(InterestTerms(Decimal("0.12"), "CAL/252"), START, YEAR_LATER)


@pytest.mark.parametrize("compounding", get_args(Compounding))
def test_no_time_no_interest(compounding: Compounding) -> None:
    terms = InterestTerms(Decimal("0.12"), "1/1", compounding=compounding)
    assert exact_interest(10_000, terms, START, START) == 0
    with pytest.raises(PeriodError):
        exact_interest(10_000, terms, YEAR_LATER, START)
