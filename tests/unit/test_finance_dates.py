# SPDX-License-Identifier: Apache-2.0
"""Months, coupon dates and business days."""

from datetime import date

import pytest

from notary.finance import Coupons, ScheduleError, adjusted, due_dates, months_between, months_later
from notary.finance.dates import BusinessDay, leap_days


def day(text: str) -> date:
    return date.fromisoformat(text)


def weekdays(moment: date) -> bool:
    return moment.weekday() < 5


@pytest.mark.parametrize(
    ("start", "months", "end_of_month", "later"),
    [
        ("2024-01-31", 1, False, "2024-02-29"),
        ("2025-12-15", 1, False, "2026-01-15"),
        ("2025-11-30", 14, False, "2027-01-30"),
        ("2025-11-30", 14, True, "2027-01-31"),
        ("2024-02-29", -12, False, "2023-02-28"),
        ("2023-02-28", 12, True, "2024-02-29"),
        ("2023-02-27", 12, True, "2024-02-27"),
    ],
)
def test_months_later(start: str, months: int, end_of_month: bool, later: str) -> None:
    assert months_later(day(start), months, end_of_month=end_of_month) == day(later)


@pytest.mark.parametrize(("start", "months"), [("9999-12-01", 1), ("0001-01-01", -1)])
def test_there_are_9999_years(start: str, months: int) -> None:
    with pytest.raises(ScheduleError, match="outside the calendar"):
        months_later(day(start), months)


@pytest.mark.parametrize(
    ("start", "end", "months", "days"),
    [
        ("1978-02-10", "1978-04-01", 1, 19),  # 12 CFR 1026, appendix J, example (c)(1)(ii)
        ("1978-05-23", "1978-10-01", 4, 9),  # the same, (c)(1)(iv)
        ("2026-01-31", "2026-02-28", 1, 0),
        ("2026-02-28", "2026-03-31", 1, 0),
        ("2026-01-30", "2026-02-28", 1, 0),
        ("2026-01-30", "2026-04-30", 3, 0),
        ("2026-01-15", "2026-02-14", 0, 30),
        ("2026-01-15", "2026-01-15", 0, 0),
        ("2024-02-29", "2025-02-28", 12, 0),
    ],
)
def test_months_between(start: str, end: str, months: int, days: int) -> None:
    assert months_between(day(start), day(end)) == (months, days)


def test_leap_days() -> None:
    assert leap_days(day("2000-01-01"), day("2024-02-29")) == 6
    assert leap_days(day("2000-02-29"), day("2024-03-01")) == 7
    assert leap_days(day("1900-01-01"), day("1901-01-01")) == 0


def test_dates_come_back_to_the_31st() -> None:
    dues = due_dates(Coupons(day("2026-01-31"), 1), 4, first=1)
    assert [due.isoformat() for due in dues] == ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]


def test_ends_of_months_stay_ends_of_months() -> None:
    dues = due_dates(Coupons(day("2026-02-28"), 3, end_of_month=True), 3)
    assert [due.isoformat() for due in dues] == ["2026-02-28", "2026-05-31", "2026-08-31"]


def test_periods_cover_what_is_asked() -> None:
    coupons = Coupons(day("2026-01-31"), 1)
    assert list(coupons.periods(day("2026-02-10"), day("2026-03-31"))) == [
        (day("2026-01-31"), day("2026-02-28")),
        (day("2026-02-28"), day("2026-03-31")),
    ]
    # Before the anchor as after it.
    assert list(coupons.periods(day("2025-09-30"), day("2025-10-01"))) == [(day("2025-09-30"), day("2025-10-31"))]


def test_payments_need_an_interval() -> None:
    with pytest.raises(ScheduleError, match="0 months between payments"):
        Coupons(day("2026-01-31"), 0)


@pytest.mark.parametrize(
    ("rule", "saturday", "month_end", "month_start"),
    [  # Saturday 14 February, Saturday 31 January, Sunday 1 February 2026; 2006 ISDA Definitions, section 4.12.
        ("none", "2026-02-14", "2026-01-31", "2026-02-01"),
        ("following", "2026-02-16", "2026-02-02", "2026-02-02"),
        ("modified_following", "2026-02-16", "2026-01-30", "2026-02-02"),
        ("preceding", "2026-02-13", "2026-01-30", "2026-01-30"),
        ("modified_preceding", "2026-02-13", "2026-01-30", "2026-02-02"),
    ],
)
def test_business_day_rules(rule: BusinessDay, saturday: str, month_end: str, month_start: str) -> None:
    days = [day("2026-02-14"), day("2026-01-31"), day("2026-02-01")]
    wanted = [day(saturday), day(month_end), day(month_start)]
    assert [adjusted(moment, rule, weekdays) for moment in days] == wanted
    assert adjusted(day("2026-02-13"), rule, weekdays) == day("2026-02-13")


def test_due_dates_move_each_for_itself() -> None:
    dues = due_dates(Coupons(day("2026-01-31"), 1), 3, rule="modified_following", calendar=weekdays)
    assert [due.isoformat() for due in dues] == ["2026-01-30", "2026-02-27", "2026-03-31"]


def test_a_calendar_without_business_days() -> None:
    with pytest.raises(ScheduleError, match="no business day within 60 days of 2026-02-14"):
        adjusted(day("2026-02-14"), "following", lambda moment: False)
