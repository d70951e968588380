# SPDX-License-Identifier: Apache-2.0
"""Payment schedules, by hand and against published tables."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from notary.finance import (
    Coupons,
    Instalment,
    InterestTerms,
    Plan,
    Rounding,
    ScheduleError,
    due_dates,
    irregular,
    payment_schedule,
)
from notary.finance.schedule import Method


def monthly(principal: int, rate: str, months: int, start: date = date(2026, 1, 31)) -> Plan:
    """A loan on whose regular months a twelfth of the yearly rate is due."""
    coupons = Coupons(start, 1)
    terms = InterestTerms(Decimal(rate), "ACT/ACT.ICMA", coupons=coupons)
    return Plan(principal, start, due_dates(coupons, months, first=1), terms)


def columns(rows: tuple[Instalment, ...], *names: str) -> list[tuple[int, ...]]:
    return [tuple(getattr(row, name) for name in names) for row in rows]


def test_equal_instalments_by_hand() -> None:
    # 等额本息: 10,000.00 over 12 months at 12 % is 888.49 a month.
    rows = payment_schedule("equal_instalments", monthly(1_000_000, "0.12", 12))
    assert [row.total for row in rows] == [88_849] * 11 + [88_847]
    assert columns(rows[:2], "interest", "principal", "balance") == [
        (10_000, 78_849, 921_151),
        (9_212, 79_637, 841_514),
    ]
    assert [row.due.isoformat() for row in rows[:3]] == ["2026-02-28", "2026-03-31", "2026-04-30"]
    assert rows[-1].balance == 0


# Microsoft's documentation of the Excel functions PMT, IPMT, PPMT, CUMIPMT and CUMPRINC, each with its own example.
def test_excel_pmt() -> None:
    rows = payment_schedule("equal_instalments", monthly(10_000_00, "0.08", 10))
    assert rows[0].total == 1_037_03


def test_excel_ipmt_and_ppmt() -> None:
    assert payment_schedule("equal_instalments", monthly(8_000_00, "0.10", 36))[0].interest == 66_67
    assert payment_schedule("equal_instalments", monthly(2_000_00, "0.10", 24))[0].principal == 75_62


def test_excel_cumipmt_and_cumprinc() -> None:
    rows = payment_schedule("equal_instalments", monthly(125_000_00, "0.09", 360))
    assert (rows[0].interest, rows[0].principal) == (937_50, 68_28)
    second_year = rows[12:24]
    # Published unrounded (11,135.23 and 934.11); each of our rows is rounded to the cent.
    assert abs(sum(row.interest for row in second_year) - 11_135_23) <= 6
    assert abs(sum(row.principal for row in second_year) - 934_11) <= 6


def test_regulation_z_monthly_payment() -> None:
    # 12 CFR 1026, appendix J, example (c)(1)(i): 5,000 at 9.69 % is repaid by 24 payments of 230. The rate is rounded.
    rows = payment_schedule("equal_instalments", monthly(5_000_00, "0.0969", 24))
    assert abs(rows[0].total - 230_00) <= 2


def test_equal_principal_by_hand() -> None:
    # 等额本金: 12,000.00 over 12 months at 6 %: 1,000.00 a month, and 0.5 % of what is left.
    rows = payment_schedule("equal_principal", monthly(1_200_000, "0.06", 12))
    assert [row.principal for row in rows] == [100_000] * 12
    assert [row.interest for row in rows] == [6_000 - 500 * number for number in range(12)]


@pytest.mark.parametrize(
    ("rounding", "principals"),
    [("half_up", [17, 17, 17, 17, 17, 15]), ("down", [16, 16, 16, 16, 16, 20]), ("up", [17, 17, 17, 17, 17, 15])],
)
def test_the_last_row_absorbs_the_rounding(rounding: Rounding, principals: list[int]) -> None:
    plan = monthly(100, "0", 6)
    rows = payment_schedule("equal_principal", replace(plan, terms=replace(plan.terms, rounding=rounding)))
    assert [row.principal for row in rows] == principals


def test_rows_pay_no_more_than_what_is_left() -> None:
    plan = monthly(3, "0", 5)
    rows = payment_schedule("equal_principal", plan)  # 3 / 5 is rounded to 1
    assert [row.principal for row in rows] == [1, 1, 1, 0, 0]


def test_interest_only_and_bullet() -> None:
    plan = monthly(1_000_000, "0.06", 3)
    assert columns(payment_schedule("interest_only", plan), "principal", "interest", "balance") == [
        (0, 5_000, 1_000_000),
        (0, 5_000, 1_000_000),
        (1_000_000, 5_000, 0),
    ]
    (row,) = payment_schedule("bullet", plan)
    assert row == Instalment(1, date(2026, 4, 30), 1_000_000, 15_000, 0, 0)
    (compounded,) = payment_schedule("bullet", replace(plan, terms=replace(plan.terms, compounding="monthly")))
    assert compounded.interest == 15_075  # 1.005 ** 3 = 1.015075125


def test_irregular() -> None:
    rows = irregular(replace(monthly(1_000_000, "0.06", 3), fee=100), [0, 400_000, 600_000])
    assert columns(rows, "principal", "interest", "fee", "balance", "total") == [
        (0, 5_000, 100, 1_000_000, 5_100),
        (400_000, 5_000, 100, 600_000, 405_100),
        (600_000, 3_000, 100, 0, 603_100),
    ]


@pytest.mark.parametrize("principals", [[400_000, 600_000], [1, 2, 3], [1_500_000, -500_000, 0]])
def test_irregular_parts_must_pay_the_principal(principals: list[int]) -> None:
    with pytest.raises(ScheduleError, match="do not pay 1000000"):
        irregular(monthly(1_000_000, "0.06", 3), principals)


def test_real_days() -> None:
    # ACT/360 over months of 31, 28 and 31 days: equal payments all the same.
    start = date(2026, 1, 1)
    dues = due_dates(Coupons(start, 1), 3, first=1)
    plan = Plan(300_000_00, start, dues, InterestTerms(Decimal("0.036"), "ACT/360"))
    rows = payment_schedule("equal_instalments", plan)
    assert [row.interest for row in rows] == [930_00, 560_92, 310_90]
    assert rows[0].total == rows[1].total == 100_600_61
    assert abs(rows[2].total - rows[0].total) <= 1


def test_a_long_first_period_asks_for_its_interest() -> None:
    terms = InterestTerms(Decimal("0.24"), "30/360")
    dues = (date(2028, 1, 1), *due_dates(Coupons(date(2028, 2, 1), 1), 11))
    rows = payment_schedule("equal_instalments", Plan(1_000_000, date(2025, 1, 1), dues, terms))
    assert (rows[0].principal, rows[0].interest) == (0, 720_000)
    assert rows[-1].balance == 0


@pytest.mark.parametrize("method", ["equal_instalments", "equal_principal", "interest_only", "bullet"])
def test_without_interest(method: Method) -> None:
    rows = payment_schedule(method, monthly(1_000, "0", 3))
    assert [row.interest for row in rows] == [0] * len(rows)
    assert sum(row.principal for row in rows) == 1_000


@pytest.mark.parametrize(
    ("principal", "rate", "dues", "fee", "reason"),
    [
        (0, "0.1", ("2026-02-01",), 0, "a principal of 0"),
        (1, "-0.1", ("2026-02-01",), 0, "a rate of -0.1 and a fee of 0"),
        (1, "0.1", ("2026-02-01",), -1, "a rate of 0.1 and a fee of -1"),
        (1, "0.1", (), 0, "no due dates"),
        (1, "0.1", ("2026-01-01",), 0, "a payment on 2026-01-01 is not after 2026-01-01"),
        (1, "0.1", ("2026-02-01", "2026-02-01"), 0, "a payment on 2026-02-01 is not after 2026-02-01"),
    ],
)
def test_terms_without_a_schedule(principal: int, rate: str, dues: tuple[str, ...], fee: int, reason: str) -> None:
    terms = InterestTerms(Decimal(rate), "30/360")
    with pytest.raises(ScheduleError) as caught:
        Plan(principal, date(2026, 1, 1), tuple(map(date.fromisoformat, dues)), terms, fee)
    assert caught.value.reason == reason
