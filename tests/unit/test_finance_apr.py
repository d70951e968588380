# SPDX-License-Identifier: Apache-2.0
"""Annual percentage rates against the examples that the laws publish."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest

from notary.finance import (
    CashFlow,
    Coupons,
    NoRateError,
    apr,
    due_dates,
    effective_annual_rate,
    months_later,
    nominal_annual_rate,
    twelve_monthly_rates,
)
from notary.finance.apr import Interval, Method
from notary.finance.unit_periods import UnitPeriod, unit_period

Row = tuple[str, str]


def flows(*rows: Row) -> list[CashFlow]:
    return [CashFlow(date.fromisoformat(day), Decimal(amount)) for day, amount in rows]


def monthly(first: str, count: int, amount: str, months: int = 1) -> list[Row]:
    dues = due_dates(Coupons(date.fromisoformat(first), months), count)
    return [(due.isoformat(), amount) for due in dues]


def every(days: int, first: str, count: int, amount: str) -> list[Row]:
    start = date.fromisoformat(first)
    return [((start + timedelta(days=days * number)).isoformat(), amount) for number in range(count)]


def percent(rate: Decimal, places: str = "0.01") -> Decimal:
    return (rate * 100).quantize(Decimal(places), ROUND_HALF_UP)


# Directive 98/7/EC, annex III (the examples for the equation that directive 2008/48/EC, annex I, took over): A on a
# calendar basis, B with twelve equal months. EUR, lent on 1 January 1994.
ONE = [("1994-01-01", "1000"), ("1995-07-01", "-1200")]
RETAINED = [("1994-01-01", "950"), ("1995-07-01", "-1200")]
TWO = [("1994-01-01", "1000"), ("1995-01-01", "-600"), ("1996-01-01", "-600")]
THREE = [("1994-01-01", "1000"), ("1994-04-01", "-272"), ("1994-07-01", "-272"), ("1995-01-01", "-544")]
ANNEX_III = [
    (ONE, "years", "13.0"),
    (RETAINED, "years", "16.9"),
    (TWO, "years", "13.1"),
    (THREE, "years", "13.2"),
    (ONE, "months", "12.9"),
    (RETAINED, "months", "16.9"),
    (TWO, "months", "13.1"),
    (THREE, "months", "13.2"),
]


@pytest.mark.parametrize(("rows", "interval", "published"), ANNEX_III)
def test_european_examples(rows: list[Row], interval: Interval, published: str) -> None:
    assert percent(effective_annual_rate(flows(*rows), interval), "0.1") == Decimal(published)


def test_european_examples_to_more_places() -> None:
    # The annex gives 12.96 % for the first and i = 0.1306623 for the third.
    assert percent(effective_annual_rate(flows(*ONE), "years")) == Decimal("12.96")
    assert effective_annual_rate(flows(*TWO)).quantize(Decimal("1e-7")) == Decimal("0.1306624")


def test_days_are_parts_of_the_year_that_ends_with_them() -> None:
    # One month and 19 days, the 19 before the month, in the year to 1 March 2024, which has a 29 February.
    rate = effective_annual_rate(flows(("2024-02-11", "1000"), ("2024-04-01", "-1010")))
    assert rate == effective_annual_rate(flows(("2024-02-11", "500"), ("2024-04-01", "-505")))
    with localcontext() as context:
        context.prec = 40
        years = Decimal(1) / 12 + Decimal(19) / 366
        assert abs((1 + rate) ** years - Decimal("1.01")) < Decimal("1e-12")


def test_weeks_are_a_52nd_of_a_year() -> None:
    weekly = flows(("2026-01-05", "100"), ("2026-01-12", "-101"))
    assert effective_annual_rate(weekly, "weeks") == (Decimal("1.01") ** 52 - 1).quantize(Decimal("1e-12"))


# 12 CFR 1026, appendix J, (c)(1) to (c)(6): advances, payments, published rate. The days have the published intervals.
APPENDIX_J: dict[str, tuple[list[Row], str]] = {
    "(c)(1)(i) monthly": ([("1978-01-10", "5000"), *monthly("1978-02-10", 24, "-230")], "9.69"),
    "(c)(1)(ii) monthly, long first": ([("1978-02-10", "6000"), *monthly("1978-04-01", 36, "-200")], "11.82"),
    "(c)(1)(iii) semimonthly, short first": (
        [
            ("1978-02-23", "5000"),
            *sorted([*monthly("1978-03-01", 12, "-219.17"), *monthly("1978-03-16", 12, "-219.17")]),
        ],
        "10.34",
    ),
    "(c)(1)(iv) quarterly, long first": ([("1978-05-23", "10000"), *monthly("1978-10-01", 40, "-385", 3)], "8.97"),
    "(c)(1)(v) weekly, long first": ([("1978-03-20", "500"), *every(7, "1978-04-21", 30, "-17.60")], "14.96"),
    "(c)(2)(i) monthly, odd first payment": (
        [("1978-01-10", "5000"), ("1978-02-10", "-250"), *monthly("1978-03-10", 23, "-230")],
        "10.08",
    ),
    "(c)(2)(ii) every four weeks, odd first payment": (
        [("1978-01-01", "400"), ("1978-02-03", "-39.50"), *every(28, "1978-03-03", 11, "-38.31")],
        "28.50",
    ),
    "(c)(3)(i) monthly, odd final payment": (
        [("1978-01-10", "5000"), *monthly("1978-02-10", 23, "-230"), ("1980-01-10", "-280")],
        "10.50",
    ),
    "(c)(3)(ii) every two weeks, odd final payment": (
        [("1978-04-03", "200"), *every(14, "1978-04-11", 19, "-9.50"), ("1979-01-02", "-30")],
        "12.22",
    ),
    "(c)(4)(i) monthly, odd first and final payment": (
        [("1978-01-10", "5000"), ("1978-02-10", "-250"), *monthly("1978-03-10", 22, "-230"), ("1980-01-10", "-280")],
        "10.90",
    ),
    "(c)(4)(ii) every two months, odd first and final payment": (
        [
            ("1978-01-10", "8000"),
            ("1978-03-01", "-449.36"),
            *monthly("1978-05-01", 18, "-465", 2),
            ("1981-05-01", "-200"),
        ],
        "7.30",
    ),
    "(c)(5)(i) one payment after 255 days": ([("1977-10-21", "1000"), ("1978-07-03", "-1080")], "11.45"),
    "(c)(5)(ii) one payment after 6 months": ([("1978-03-15", "1000"), ("1978-09-15", "-1044")], "8.80"),
    "(c)(5)(iii) one payment after 18 months": ([("1978-01-10", "1000"), ("1979-07-10", "-1135.19")], "8.76"),
    "(c)(5)(iv) one payment after two years": ([("1978-01-10", "1000"), ("1980-01-10", "-1240")], "11.36"),
    "(c)(6)(i) every four weeks, with pauses": (
        [
            ("1978-01-25", "2135"),
            *every(28, "1978-02-20", 9, "-100"),
            *every(28, "1978-11-13", 6, "-100"),
            *every(28, "1979-05-14", 6, "-100"),
            *every(28, "1979-11-12", 3, "-100"),
        ],
        "12.00",
    ),
    "(c)(6)(ii) months, with pauses and single payments": (
        [
            ("1978-03-03", "7350"),
            *monthly("1978-09-15", 3, "-1000"),
            ("1979-03-15", "-2000"),
            *monthly("1979-09-15", 3, "-750"),
            ("1980-02-01", "-1000"),
        ],
        "10.22",
    ),
}


@pytest.mark.parametrize("example", APPENDIX_J)
def test_american_examples(example: str) -> None:
    rows, published = APPENDIX_J[example]
    assert percent(nominal_annual_rate(flows(*rows))) == Decimal(published)


@pytest.mark.parametrize(
    ("days", "unit"),
    [
        (["2026-01-01", "2026-02-01", "2026-03-01", "2026-03-08", "2026-03-15"], UnitPeriod("days", 7)),  # the smaller
        (["2026-01-01", "2026-02-01", "2026-04-01"], UnitPeriod("days", 42)),  # none common: 45 days on average
        (["2026-01-01", "2027-01-01", "2028-01-01"], UnitPeriod("months", 12)),
        (["2026-01-01", "2027-03-01", "2028-05-01"], UnitPeriod("months", 12)),  # no more than a year
        (["2026-01-01", "2026-01-02", "2026-01-03"], UnitPeriod("days", 1)),
    ],
)
def test_unit_period(days: list[str], unit: UnitPeriod) -> None:
    assert unit_period([date.fromisoformat(day) for day in days]) == unit


def test_days_after_whole_years_are_over_365() -> None:
    # Appendix J (b)(5)(v): three years and ten days at 10 % a year.
    three_years = (1 + Decimal(10) / 365 / 10) * Decimal("1.1") ** 3 * 1000
    rate = nominal_annual_rate([CashFlow(date(2025, 1, 1), 1000), CashFlow(date(2028, 1, 11), -three_years)])
    assert rate.quantize(Decimal("1e-10")) == Decimal("0.1")


def instalments(received: str, payment: str, count: int = 12) -> list[CashFlow]:
    start = date(2026, 1, 31)
    paid = [CashFlow(months_later(start, month), -Decimal(payment)) for month in range(1, count + 1)]
    return [CashFlow(start, Decimal(received)), *paid]


def test_chinese_practice() -> None:
    # 10,000 for twelve payments of 888.49 is 12 % a year, 12.68 % effective.
    loan = instalments("10000", "888.49")
    assert percent(twelve_monthly_rates(loan)) == Decimal("12.00")
    assert percent(effective_annual_rate(loan)) == Decimal("12.68")
    assert twelve_monthly_rates(loan) == nominal_annual_rate(loan)


def test_the_cap_of_24_percent() -> None:
    # The all-in cap of loans that platforms arrange (助贷): 945.60 a month is above it, 945.59 is not. A fee counts.
    cap = Decimal("0.24")
    loans = [("10000", "945.59"), ("10000", "945.60"), ("9400", "888.49"), ("9300", "888.49")]
    above = [twelve_monthly_rates(instalments(received, payment)) > cap for received, payment in loans]
    assert above == [False, True, False, True]


def test_a_fee_before_the_first_drawdown() -> None:
    before, at_once = CashFlow(date(2025, 12, 31), -200), CashFlow(date(2026, 1, 31), -200)
    loan = instalments("10000", "888.49")
    assert apr("EU", [before, *loan]) > apr("EU", [at_once, *loan]) > apr("EU", loan)
    assert apr("REG_Z", [before, *loan]) == apr("REG_Z", [at_once, *loan])


@pytest.mark.parametrize("method", ["EU", "REG_Z", "CN_IRR"])
@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "the borrower receives nothing"),
        ([("2026-01-01", "-5")], "the borrower receives nothing"),
        ([("2026-01-01", "0"), ("2026-02-01", "0")], "the borrower receives nothing"),
        ([("2026-01-01", "5"), ("2026-02-01", "5")], "all money goes one way"),
        ([("2026-01-01", "5"), ("2026-01-01", "-5")], "all money moves at one time"),
        ([("2026-01-01", "5"), ("2026-02-01", "-10"), ("2026-03-01", "6")], "no rate within reach"),
    ],
)
def test_flows_without_a_rate(method: Method, rows: list[Row], reason: str) -> None:
    with pytest.raises(NoRateError, match=reason):
        apr(method, flows(*rows))


@pytest.mark.parametrize(
    ("repaid", "rate"),
    [("1000", "0"), ("900", "-0.1"), ("1", "-0.999"), ("1000.000001", "1e-9"), ("1000000000", "999999")],
)
def test_any_rate_is_found(repaid: str, rate: str) -> None:
    assert effective_annual_rate(flows(("2025-01-01", "1000"), ("2026-01-01", f"-{repaid}"))) == Decimal(rate)


def test_a_facility_with_drawdowns_between_repayments() -> None:
    rows = [("2025-01-01", "1000"), ("2025-07-01", "-550"), ("2025-07-01", "500"), ("2026-01-01", "-1050")]
    assert apr("REG_Z", flows(*rows)) == Decimal("0.1")


def test_the_callers_decimal_context_does_not_matter() -> None:
    loan = instalments("10000", "888.49")
    with localcontext() as context:
        context.prec = 3
        rough = [apr("EU", loan), apr("REG_Z", loan), apr("CN_IRR", loan)]
    assert rough == [apr("EU", loan), apr("REG_Z", loan), apr("CN_IRR", loan)]
