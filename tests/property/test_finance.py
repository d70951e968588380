# SPDX-License-Identifier: Apache-2.0
"""What holds for every loan: schedules pay it back, year fractions add up, rates of return come back."""

import itertools
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from notary.finance import (
    CashFlow,
    Compounding,
    Coupons,
    DayCount,
    Instalment,
    InterestTerms,
    Plan,
    Rounding,
    adjusted,
    apr,
    due_dates,
    growth,
    irregular,
    months_between,
    months_later,
    payment_schedule,
    rounded,
    year_fraction,
)
from notary.finance.apr import Method as AprMethod
from notary.finance.dates import BusinessDay
from notary.finance.schedule import Method

DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))
RATES = st.integers(0, 6000).map(lambda number: Decimal(number) / 10_000)
ADDITIVE: tuple[DayCount, ...] = (
    "ACT/360",
    "ACT/364",
    "ACT/365.FIXED",
    "ACT/365L",
    "ACT/ACT.ICMA",
    "ACT/ACT.ISDA",
    "30E/360",
    "30E/360.ISDA",
    "CAL/252",
)


def weekdays(day: date) -> bool:
    return day.weekday() < 5


def coupons() -> st.SearchStrategy[Coupons]:
    return st.builds(Coupons, DAYS, st.integers(1, 12), st.booleans())


def fraction(convention: DayCount, start: date, end: date, regular: Coupons) -> Fraction:
    return year_fraction(convention, start, end, coupons=regular, calendar=weekdays)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    start = draw(DAYS)
    regular = Coupons(start, draw(st.sampled_from([1, 3, 12])))
    count = draw(st.integers(1, 24))
    rule: BusinessDay = draw(st.sampled_from(get_args(BusinessDay)))
    terms = InterestTerms(
        draw(RATES),
        draw(st.sampled_from(get_args(DayCount))),
        compounding=draw(st.sampled_from(["none", "monthly", "weekly"])),
        rounding=draw(st.sampled_from(get_args(Rounding))),
        coupons=regular,
        maturity=regular.nth(count),
        calendar=weekdays,
    )
    dues = due_dates(regular, count, first=1, rule=rule, calendar=weekdays)
    return Plan(draw(st.integers(1, 10**12)), start, dues, terms, draw(st.integers(0, 1000)))


def check_rows(plan: Plan, rows: tuple[Instalment, ...]) -> None:
    balance = plan.principal
    for number, row in enumerate(rows, 1):
        balance -= row.principal
        assert (row.number, row.balance, row.fee) == (number, balance, plan.fee)
        assert row.principal >= 0
        assert row.interest >= 0
    assert balance == 0
    assert rows[-1].due == plan.dues[-1]


@given(plans(), st.sampled_from(get_args(Method)))
def test_a_schedule_pays_the_loan_back(plan: Plan, method: Method) -> None:
    check_rows(plan, payment_schedule(method, plan))


@given(plans(), st.data())
def test_an_irregular_schedule_pays_the_loan_back(plan: Plan, data: st.DataObject) -> None:
    count = len(plan.dues)
    cuts = sorted(data.draw(st.lists(st.integers(0, plan.principal), min_size=count - 1, max_size=count - 1)))
    parts = [later - earlier for earlier, later in zip([0, *cuts], [*cuts, plan.principal], strict=True)]
    rows = irregular(plan, parts)
    check_rows(plan, rows)
    assert [row.principal for row in rows] == parts


@given(plans().filter(lambda plan: plan.principal >= 10**6))
def test_equal_instalments_are_equal(plan: Plan) -> None:
    plan = replace(plan, terms=replace(plan.terms, rounding="half_up"))
    rows = payment_schedule("equal_instalments", plan)
    paid = [row.total for row in rows if row.principal]
    if len(paid) == len(rows):
        assert len(set(paid[:-1])) <= 1
        # Each row's payment and interest are off by at most half a unit each, which grows with the interest of every
        # row after it until the last one. Interest does not compound within a row, so the rows' factors multiply.
        dates = [plan.start, *plan.dues]
        off = Fraction(0)
        for since, until in itertools.pairwise(dates):
            off = off * growth(plan.terms, since, until) + 1
        assert abs(paid[-1] - paid[0]) <= off + 1


@given(DAYS, DAYS, DAYS, st.sampled_from(ADDITIVE), coupons())
def test_year_fractions_add_up(one: date, two: date, three: date, convention: DayCount, regular: Coupons) -> None:
    start, between, end = sorted((one, two, three))
    whole = fraction(convention, start, end, regular)
    assert fraction(convention, start, between, regular) + fraction(convention, between, end, regular) == whole


@given(DAYS, st.integers(0, 3000), st.sampled_from(get_args(DayCount)), coupons())
def test_a_longer_period_is_no_smaller_part_of_a_year(
    start: date, days: int, convention: DayCount, regular: Coupons
) -> None:
    end = start + timedelta(days=days)
    shorter = fraction(convention, start, end, regular)
    assert 0 <= shorter <= fraction(convention, start, end + timedelta(days=1), regular)


@given(DAYS, st.integers(0, 3000), st.sampled_from(get_args(DayCount)), coupons())
def test_a_year_fraction_is_near_the_years(start: date, days: int, convention: DayCount, regular: Coupons) -> None:
    if convention not in ("1/1", "CAL/252"):
        years = fraction(convention, start, start + timedelta(days=days), regular)
        assert abs(years - Fraction(days, 365)) <= Fraction(8, 365) + Fraction(days, 365) / 60


@given(DAYS, st.integers(0, 400), RATES, st.sampled_from(get_args(Compounding)), st.sampled_from(ADDITIVE))
def test_compounding_never_earns_less(
    start: date, days: int, rate: Decimal, compounding: Compounding, convention: DayCount
) -> None:
    regular = Coupons(start, 1)
    simple = InterestTerms(rate, convention, coupons=regular, calendar=weekdays)
    end = start + timedelta(days=days)
    assert growth(replace(simple, compounding=compounding), start, end) >= growth(simple, start, end) >= 1


@given(st.fractions(-1000, 1000), st.sampled_from(get_args(Rounding)))
def test_rounding_goes_to_a_neighbour(value: Fraction, mode: Rounding) -> None:
    result = rounded(value, mode)
    assert abs(result - value) < 1
    assert abs(result - value) <= Fraction(1, 2) or mode in ("down", "up")
    assert abs(result) <= abs(value) or mode != "down"
    assert abs(result) >= abs(value) or mode != "up"
    assert rounded(-value, mode) == -result


@given(DAYS, st.integers(0, 600))
def test_months_later_and_between_agree(day: date, months: int) -> None:
    assert months_between(day, months_later(day, months)) == (months, 0)
    assert months_between(day, months_later(day, months, end_of_month=True)) == (months, 0)


@given(DAYS, DAYS)
def test_months_between_covers_the_interval(one: date, two: date) -> None:
    start, end = sorted((one, two))
    months, days = months_between(start, end)
    assert months >= 0
    assert 0 <= days <= 31
    assert days == 0 or months_later(end, -months) - timedelta(days=days) == start


@given(DAYS, st.sampled_from(get_args(BusinessDay)))
def test_adjusted_days_are_business_days(day: date, rule: BusinessDay) -> None:
    moved = adjusted(day, rule, weekdays)
    assert abs((moved - day).days) <= 3
    assert moved == day if rule == "none" else weekdays(moved)
    assert moved.month == day.month or not rule.startswith("modified")


def monthly_loan(principal: int, rate: Decimal, months: int, start: date, method: Method) -> list[CashFlow]:
    regular = Coupons(start, 1)
    terms = InterestTerms(rate, "ACT/ACT.ICMA", coupons=regular)
    rows = payment_schedule(method, Plan(principal, start, due_dates(regular, months, first=1), terms))
    return [CashFlow(start, principal), *(CashFlow(row.due, -row.total) for row in rows)]


MONTHLY_METHODS = st.sampled_from(["equal_instalments", "equal_principal", "interest_only"])


@given(RATES, st.integers(2, 36), DAYS, MONTHLY_METHODS)
def test_the_nominal_rate_of_a_schedule_comes_back(rate: Decimal, months: int, start: date, method: Method) -> None:
    loan = monthly_loan(10**15, rate, months, start, method)
    chinese = apr("CN_IRR", loan)
    assert abs(chinese - rate) < Decimal("1e-11")
    assert abs(apr("EU", loan) - ((1 + rate / 12) ** 12 - 1)) < Decimal("1e-10")
    # Two payments leave Regulation Z no common period if a month end is between them.
    if months > 3:
        assert abs(apr("REG_Z", loan) - rate) < Decimal("1e-11")


@st.composite
def cash_flows(draw: st.DrawFn) -> list[CashFlow]:
    """Draw a drawdown, and repayments of between half and twice as much on any later days."""
    start, principal = draw(DAYS), draw(st.integers(10_000, 10**9))
    offsets = draw(st.lists(st.integers(30, 4000), min_size=1, max_size=12, unique=True))
    weights = draw(st.lists(st.integers(1, 100), min_size=len(offsets), max_size=len(offsets)))
    total = principal * draw(st.integers(50, 200)) // 100
    parts = [-(total * weight // sum(weights)) for weight in weights]
    paid = [CashFlow(start + timedelta(days=offset), part) for offset, part in zip(offsets, parts, strict=True)]
    return [CashFlow(start, principal), *paid]


@given(cash_flows(), st.integers(2, 10**6), st.sampled_from(get_args(AprMethod)))
def test_the_apr_knows_no_unit_and_no_order(flows: list[CashFlow], factor: int, method: AprMethod) -> None:
    rate = apr(method, flows)
    assert apr(method, [replace(flow, amount=flow.amount * factor) for flow in flows]) == rate
    assert apr(method, flows[::-1]) == rate


@given(cash_flows())
def test_the_european_equation_holds(flows: list[CashFlow]) -> None:
    growth_factor = 1 + float(apr("EU", flows))
    start = flows[0].day
    worth = 0.0
    for flow in flows:
        months, days = months_between(start, flow.day)
        last = start + timedelta(days=days)
        years = months / 12 + days / (last - months_later(last, -12)).days
        worth += float(flow.amount) * growth_factor**-years
    assert abs(worth) < 1e-5 * float(flows[0].amount)


@given(cash_flows(), st.integers(1, 1000), st.sampled_from(get_args(AprMethod)))
def test_a_fee_raises_the_apr(flows: list[CashFlow], fee: int, method: AprMethod) -> None:
    dearer = [replace(flows[0], amount=flows[0].amount - fee), *flows[1:]]
    assert apr(method, dearer) > apr(method, flows)
