# SPDX-License-Identifier: Apache-2.0
"""Every finding: the oddity that it names, and a loan beside it that has none."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from notary.finance import Coupons, InterestTerms, Plan, due_dates, payment_schedule
from notary.history import CHECKS, DEFAULT_POLICY, Case, Finding, Severity, finding_json, findings_of
from tests.support.histories import PRINCIPAL, Story, begun, money, paid_up, plan_rows, schedule_rows

ROWS = plan_rows()


def told(found: list[Finding]) -> list[tuple[tuple[int, ...], str]]:
    return [(item.sequences, item.en) for item in found]


def codes(story: Story, as_of: str) -> list[str]:
    return [item.code for item in story.view(as_of).findings]


def changed_rows(number: int, **members: Any) -> list[dict[str, Any]]:
    rows = schedule_rows(ROWS)
    rows[number - 1] |= members
    return rows


def test_every_code_of_one_loan_has_a_check() -> None:
    found = {code for codes_of_check, _ in CHECKS for code in codes_of_check.split()}
    assert found == {*(f"F{number}" for number in range(1, 15)), "F19", "F20", "F22"}


def test_a_loan_in_order_has_no_findings() -> None:
    story = paid_up(12)
    story.tell("settlement", "2027-01-15", amount=money(0), outstanding=money(0), waived=None, releases=None)
    for as_of in ("2026-01-14", "2026-01-15", "2026-02-20", "2026-06-16", "2027-01-16", "2030-01-01"):
        assert codes(story, as_of) == []


def test_f1_principal_of_the_schedule() -> None:
    story = Story().agree().pay_out(PRINCIPAL - 5_000).plan()
    assert told(story.found("F1")) == [
        (
            (1, 2),
            "The schedule's principal sums to CNY 10,000.00, but CNY 9,950.00 were paid out and not yet paid back.",
        )
    ]
    # A schedule may come before the money.
    assert Story().agree().plan().pay_out().found("F1") == []
    assert Story().agree().plan().pay_out(PRINCIPAL - 5_000).found("F1")[0].sequences == (1, 2)
    assert Story().agree().plan().found("F1") == []


def test_f1_of_a_later_schedule_is_about_what_is_left() -> None:
    story = paid_up(2)
    rest = [row for row in schedule_rows(ROWS) if row["no"] > 2]
    assert story.plan("2026-03-16", rest).found("F1", "2026-03-17") == []
    assert story.plan("2026-03-18", rest[1:]).found("F1", "2026-03-19")[0].sequences == (6,)


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (changed_rows(2, no=3), "The schedule's instalments are not numbered from 1 without gaps."),
        (changed_rows(1, no=2), "The schedule's instalments are not numbered from 1 without gaps."),
        (changed_rows(3, due="2026-03-15"), "Instalment 3 is due on 2026-03-15, not after instalment 2 on 2026-03-15."),
    ],
)
def test_f2_rows(rows: list[dict[str, Any]], text: str) -> None:
    assert told(Story().agree().pay_out().plan(rows=rows).found("F2")) == [((2,), text)]


def test_f2_the_same_payment_twice() -> None:
    story = begun()
    story.repay(ROWS[0], reference="X-1")
    again = story.repay(ROWS[0], reference="X-1")
    assert told(story.found("F2", "2026-02-16")) == [
        ((3, 4), "One payment (CNAPS_BEPS X-1) is recorded 2 times for the same instalment.")
    ]
    parts = {"principal": money(ROWS[0].principal), "interest": money(ROWS[0].interest)}
    story.tell(
        "reversal", "2026-02-16", amount=money(ROWS[0].total), split=parts, reverses=again.id, instalments=[1]
    )  # fmt: skip
    assert story.found("F2", "2026-02-17") == []


def test_f3_more_paid_back_than_paid_out() -> None:
    story = paid_up(11)
    more = ROWS[11].principal + 10_000
    parts = {"principal": money(more), "interest": money(ROWS[11].interest)}
    record = story.repay(ROWS[11], amount=money(more + ROWS[11].interest), split=parts)
    assert told(story.found("F3", "2027-01-16")) == [
        ((14,), "CNY 100.00 more principal was paid back than was paid out, and no reversal followed.")
    ]
    extra = {"principal": money(10_000), "interest": money(0)}
    story.tell("reversal", "2027-01-17", amount=money(10_000), split=extra, reverses=record.id, instalments=[12])
    assert story.found("F3", "2027-01-18") == []


def test_f3_rests_on_what_took_the_balance_below_zero_and_on_what_was_paid_since() -> None:
    story = begun()
    over = {"principal": money(PRINCIPAL + 1), "interest": money(0)}
    first = story.repay(ROWS[0], amount=money(PRINCIPAL + 1), split=over)
    story.tell("reversal", "2026-02-16", amount=money(PRINCIPAL + 1), split=over, reverses=first.id)
    story.repay(ROWS[1], amount=money(PRINCIPAL + 1), split=over)
    story.tell("reminder", "2026-03-20")
    story.repay(ROWS[2])
    assert [item.sequences for item in story.found("F3", "2026-04-16")] == [(5, 7)]
    # What was waived beyond the balance counts as well, and what comes later has no part in it.
    waived = begun()
    waived.tell("restructuring", "2026-01-16", capitalised=money(0), waived=money(PRINCIPAL + 1))
    waived.tell("reminder", "2026-01-17")
    assert [item.sequences for item in waived.found("F3", "2026-01-18")] == [(3,)]


def test_f4_balances() -> None:
    story = Story().agree().pay_out().plan(rows=changed_rows(5, balance="6000.00"))
    assert told(story.found("F4")) == [
        ((2,), "The balance after instalment 5 is given as CNY 6,000.00; by the rows it is CNY 5,977.91.")
    ]
    assert Story().agree().pay_out().plan(rows=changed_rows(12, balance="0.02")).found("F4")[0].sequences == (2,)
    assert Story().agree().pay_out().plan(rows=changed_rows(12, balance="0.01")).found("F4") == []


def test_f5_paid_back_before_it_was_paid_out() -> None:
    story = Story().agree()
    story.repay(ROWS[0], "2026-01-14")
    assert told(story.found("F5")) == [((1,), "The repayment of 2026-01-14 comes before any disbursement.")]
    story.pay_out(day="2026-01-16")
    story.repay(ROWS[1], value_date="2026-01-15")
    assert [item.sequences for item in story.found("F5", "2026-03-20")] == [(1, 2), (2, 3)]


@pytest.mark.parametrize(
    ("received", "text"),
    [
        ("2026-01-18T04:00:00Z", None),
        ("2026-01-18T04:00:01Z", "The record speaks of 2026-01-15 and was submitted 3 days later."),
        ("2026-01-15T03:55:00Z", None),
        ("2026-01-15T03:54:59Z", "The record speaks of 2026-01-15T04:00:00Z, which is after it was received."),
    ],
)
def test_f6_backdated(received: str, text: str | None) -> None:
    story = Story().agree().pay_out(received=received)
    assert [item.en for item in story.found("F6")] == ([text] if text else [])


def test_f6_days_are_the_lenders_policy() -> None:
    story = Story().agree().pay_out(received="2026-01-19T04:00:01Z")
    assert story.found("F6")
    assert story.found("F6", policy=replace(DEFAULT_POLICY, backdated_days=5)) == []


def facility(*, revolving: bool) -> Story:
    story = Story().agree(principal=money(500_000_00), repayment_method="by_schedule")
    story.tell("facility", "2026-01-14", revolving=revolving, limit=money(1_000_000), available_from="2026-01-15")
    return story


def test_f7_more_drawn_than_the_limit() -> None:
    story = facility(revolving=True).pay_out(800_000, "2026-01-15").pay_out(200_001, "2026-01-16", drawdown=2)
    assert told(story.found("F7")) == [
        ((3,), "With the draw of 2026-01-16, CNY 10,000.01 were used; the limit in force was CNY 10,000.00.")
    ]
    assert facility(revolving=True).pay_out(1_000_000).found("F7") == []
    # Before the facility is available there is no limit.
    assert facility(revolving=True).pay_out(1, "2026-01-14").found("F7")[0].sequences == (2,)


@pytest.mark.parametrize("revolving", [True, False])
def test_f7_what_is_paid_back_may_be_drawn_again_if_the_facility_revolves(revolving: bool) -> None:
    story = facility(revolving=revolving).pay_out(800_000, "2026-01-15")
    parts = {"principal": money(800_000), "interest": money(0)}
    story.tell("repayment", "2026-01-17", amount=money(800_000), split=parts, value_date="2026-01-17")
    story.pay_out(800_000, "2026-01-18", drawdown=2)
    assert [item.sequences for item in story.found("F7", "2026-01-19")] == ([] if revolving else [(4,)])


def test_f7_measures_a_draw_with_what_was_known() -> None:
    lowered = facility(revolving=True).pay_out(800_000, "2026-01-15")
    lowered.tell("limit_change", "2026-01-20", new_limit=money(1), effective_from="2026-01-15")
    assert lowered.found("F7", "2026-01-21") == []
    # The facility came when both draws had been made.
    story = Story().agree().pay_out(800_000)
    parts = {"principal": money(800_000), "interest": money(0)}
    story.tell("repayment", "2026-01-17", amount=money(800_000), split=parts, value_date="2026-01-17")
    story.pay_out(800_000, "2026-01-18", drawdown=2)
    story.tell("facility", "2026-01-19", revolving=True)
    assert [item.sequences for item in story.found("F7", "2026-01-20")] == [(3,)]


def test_f7_without_a_facility_the_principal_is_the_limit() -> None:
    assert Story().agree().pay_out(PRINCIPAL + 1).found("F7")[0].sequences == (1,)


def decided(**changes: Any) -> Story:
    story = Story()
    story.tell("data_consent", "2026-01-05")
    story.tell("application", "2026-01-06")
    story.tell("credit_decision", "2026-01-08", **changes)
    return story


def test_f8_beyond_the_decision() -> None:
    assert decided().agree().found("F8") == []
    story = decided(amount=money(900_000), valid_until="2026-01-13").agree()
    assert told(story.found("F8")) == [
        ((2, 3), "The agreement is for CNY 10,000.00, but CNY 9,000.00 were approved."),
        ((2, 3), "The agreement is of 2026-01-14, but the approval held until 2026-01-13."),
    ]


@pytest.mark.parametrize(
    ("apr", "fees", "text"),
    [
        ("0.12", [], None),
        ("0.1209", [], None),
        ("0.1211", [], "The yearly rate is stated as 12.11%; by the cash flows it is 12.00%."),
        ("0.12", [{"kind": "origination", "amount": money(20_000)}],
         "The yearly rate is stated as 12.00%; by the cash flows it is 15.85%."),
        ("0.1585", [{"kind": "origination", "amount": money(20_000)}], None),
    ],
)  # fmt: skip
def test_f9_the_yearly_rate(apr: str, fees: list[Any], text: str | None) -> None:
    story = Story().agree(apr={"value": apr, "unit": "per_annum"}, fees=fees).pay_out().plan()
    assert [item.en for item in story.found("F9")] == ([text] if text else [])


def test_f9_the_cap() -> None:
    fees = [{"kind": "service", "amount": money(61_000)}]
    story = Story().agree(apr={"value": "0.2413", "unit": "per_annum"}, fees=fees).pay_out().plan()
    assert [item.en for item in story.found("F9")] == ["The all-in yearly cost of 24.13% is above the cap of 24.00%."]
    # Elsewhere there is no such cap, nor before it was made.
    us = Story().agree(apr={"value": "0.2413", "unit": "per_annum"}, fees=fees, governing_law="US-NY").pay_out().plan()
    assert us.found("F9") == []
    earlier = replace(DEFAULT_POLICY, apr_caps=(replace(DEFAULT_POLICY.apr_caps[0], since=date(2026, 2, 1)),))
    assert story.found("F9", policy=earlier) == []


def test_f10_interest_of_a_schedule() -> None:
    story = Story().agree().pay_out().plan(rows=changed_rows(2, interest="93.12"))
    assert told(story.found("F10")) == [
        ((2,), "The interest of instalment 2 is CNY 93.12; by balance, rate and day count it is CNY 92.12.")
    ]
    assert Story().agree().pay_out().plan(rows=changed_rows(2, interest="92.13")).found("F10") == []
    assert Story().agree().pay_out().plan(rows=changed_rows(2, interest="92.14")).found("F10")[0].sequences == (2,)


@pytest.mark.parametrize(
    "convention", ["ACT/360", "ACT/365.FIXED", "ACT/ACT.ISDA", "ACT/ACT.ICMA", "30E/360", "ACT/365L"]
)
def test_f10_counts_days_as_agreed(convention: Any) -> None:
    start = date(2026, 1, 15)
    coupons = Coupons(date(2026, 2, 15), months=1)
    terms = InterestTerms(Decimal("0.12"), convention, coupons=coupons, maturity=date(2027, 1, 15))
    rows = payment_schedule("equal_principal", Plan(PRINCIPAL, start, due_dates(coupons, 12), terms))
    story = Story().agree(day_count=convention).pay_out().plan(rows=schedule_rows(rows))
    assert story.found("F10") == []
    other = Story().agree(day_count="1/1").pay_out().plan(rows=schedule_rows(rows))
    assert other.found("F10")


def test_f10_without_a_calendar_nothing_is_said() -> None:
    assert Story().agree(day_count="CAL/252").pay_out().plan().found("F10") == []


def test_f10_a_floating_period_bears_the_rate_that_was_set() -> None:
    floating = {"kind": "floating", "index": "CN-LPR", "spread": {"value": "0.09", "unit": "per_annum"}}
    story = Story().agree(rate=floating).pay_out().plan()
    period = {"period_start": "2026-01-15", "period_end": "2026-02-15"}
    story.tell("rate_set", "2026-01-16", **period, all_in={"value": "0.12", "unit": "per_annum"})
    assert story.found("F10") == []
    story.tell("rate_set", "2026-01-17", **period, all_in={"value": "0.13", "unit": "per_annum"})
    assert [item.sequences for item in story.found("F10")] == [(2,)]


def test_f10_interest_of_a_payment() -> None:
    story = begun()
    parts = {"principal": money(ROWS[0].principal), "interest": money(ROWS[0].interest + 300)}
    story.repay(ROWS[0], amount=money(ROWS[0].total + 300), split=parts)
    assert told(story.found("F10", "2026-02-16")) == [
        ((2, 3), "The interest of instalment 1 is CNY 103.00; by balance, rate and day count it is CNY 100.00.")
    ]
    derived = Story().agree().pay_out()
    derived.repay(ROWS[0], amount=money(ROWS[0].total + 300), split=parts)
    # Three days of interest are CNY 10.00: only more is told where no schedule was recorded.
    assert derived.found("F10", "2026-02-16") == []
    strict = replace(DEFAULT_POLICY, interest_days=0)
    assert [item.sequences for item in derived.found("F10", "2026-02-16", strict)] == [(0, 2)]


def test_f10_a_part_of_an_instalment_may_bear_any_part_of_its_interest() -> None:
    story = begun()
    half = {"principal": money(ROWS[0].principal // 2), "interest": money(ROWS[0].interest // 2)}
    paid = ROWS[0].principal // 2 + ROWS[0].interest // 2
    story.repay(ROWS[0], amount=money(paid), split=half)
    assert story.found("F10", "2026-02-16") == []


def settled(amount: int, outstanding: int, waived: int = 0) -> Story:
    story = paid_up(2)
    story.tell(
        "settlement", "2026-03-20", amount=money(amount), outstanding=money(outstanding), releases=None,
        waived=money(waived) if waived else None,
    )  # fmt: skip
    return story


def test_f11_settled_with_something_left() -> None:
    balance = ROWS[1].balance
    assert settled(balance, 0).found("F11", "2026-03-21") == []
    assert settled(balance - 900, 0, 900).found("F11", "2026-03-21") == []
    for story in (settled(balance - 900, 0), settled(balance, 900), settled(balance - 1000, 0, 100)):
        assert told(story.found("F11", "2026-03-21")) == [
            ((5,), "The loan was settled although CNY 9.00 were left and not waived.")
        ]


def test_f12_written_off_too_much() -> None:
    story = paid_up(2)
    story.tell("write_off", "2026-09-01", amount=money(ROWS[1].balance + 1), interest=None)
    assert told(story.found("F12", "2026-09-02")) == [
        ((5,), "CNY 8,415.15 were written off, but only CNY 8,415.14 of principal were outstanding.")
    ]
    enough = paid_up(2)
    enough.tell("write_off", "2026-09-01", amount=money(ROWS[1].balance), interest=None)
    assert enough.found("F12", "2026-09-02") == []


@pytest.mark.parametrize("off", [0, 2])
def test_f13_the_new_schedule_of_a_restructuring(off: int) -> None:
    story = paid_up(2)
    balance = ROWS[1].balance + 3_000 - 1_000
    new = schedule_rows(plan_rows(balance + off, date(2026, 6, 15), 24))
    number = f"01998d2e-5c00-7a31-8f42-{len(story.events) + 1:012x}"
    story.tell("restructuring", "2026-06-15", new_schedule=number, capitalised=money(3_000), waived=money(1_000))
    story.plan("2026-06-15", new)
    found = told(story.found("F13", "2026-06-20"))
    text = "The new schedule's principal is CNY 8,435.16; the old balance plus capitalised less waived is CNY 8,435.14."
    assert found == ([((5, 6), text)] if off else [])
    assert story.found("F1", "2026-06-20") == []


@pytest.mark.parametrize(
    ("day", "category", "text"),
    [
        ("2026-06-13", "normal", None),
        ("2026-06-14", "special_mention", "The loan is 91 days past due, which makes it substandard at least, but was"
         " classified as special_mention."),
        ("2026-06-14", "substandard", None),
        ("2026-12-11", "substandard", "The loan is 271 days past due, which makes it doubtful at least, but was"
         " classified as substandard."),
        ("2027-03-11", "doubtful", "The loan is 361 days past due, which makes it loss at least, but was classified as"
         " doubtful."),
        ("2027-03-11", "loss", None),
    ],
)  # fmt: skip
def test_f14_a_category_that_is_too_good(day: str, category: str, text: str | None) -> None:
    story = paid_up(1)
    story.tell("classification", day, category=category, effective_from=day, days_past_due=None)
    assert [item.en for item in story.found("F14", day + "T23:00:00Z")] == ([text] if text else [])


def test_f14_what_came_later_does_not_count() -> None:
    story = paid_up(1)
    story.tell("classification", "2026-06-20", category="normal", effective_from="2026-06-20", days_past_due=None)
    for row in ROWS[1:5]:
        story.repay(row, "2026-06-21")
    assert [item.sequences for item in story.found("F14", "2026-07-01")] == [(2, 4)]


def test_f14_the_lenders_own_count() -> None:
    story = begun()
    story.tell("classification", "2026-01-20", category="normal", effective_from="2026-01-20", days_past_due=100)
    assert [item.sequences for item in story.found("F14", "2026-01-21")] == [(3,)]


def test_f19_consent() -> None:
    assert decided().found("F19") == []
    bare = Story()
    bare.tell("application", "2026-01-06")
    bare.tell("credit_decision", "2026-01-08")
    assert told(bare.found("F19")) == [
        ((1,), "The consent to use personal data for the decision of 2026-01-08 is missing.")
    ]
    revoked = Story()
    consent = revoked.tell("data_consent", "2026-01-05")
    revoked.tell("consent_revoked", "2026-01-06", consent=consent.id)
    revoked.tell("application", "2026-01-06")
    revoked.tell("credit_decision", "2026-01-08")
    assert told(revoked.found("F19")) == [
        ((0, 1, 3), "The consent to use personal data for the decision of 2026-01-08 was revoked or had expired.")
    ]
    # What was done before stays lawful.
    before = decided()
    before.tell("consent_revoked", "2026-01-09", consent=before.events[0].record.id)
    assert before.found("F19") == []
    expired = Story()
    expired.tell("data_consent", "2026-01-05", expiry="2026-01-07")
    expired.tell("application", "2026-01-06")
    expired.tell("credit_decision", "2026-01-08")
    assert expired.found("F19")[0].sequences == (0, 2)
    last_day = Story()
    last_day.tell("data_consent", "2026-01-05", expiry="2026-01-08")
    last_day.tell("credit_decision", "2026-01-08")
    last_day.tell("application", "2026-01-09")
    assert last_day.found("F19") == []


def test_f19_firms_need_none() -> None:
    story = Story()
    story.tell("credit_decision", "2026-01-08")
    firm = [{"role": "lender", "name": "Example Bank"}, {"role": "borrower", "name": "Example Works Ltd"}]
    assert story.agree(parties=firm).found("F19") == []


def test_f20_one_reference_for_several_instalments() -> None:
    story = begun()
    for row in ROWS[:3]:
        story.repay(row, reference="X-1")
    assert told(story.found("F20", "2026-04-16")) == [
        ((3, 4, 5), "3 repayments carry the same payment reference (CNAPS_BEPS X-1).")
    ]


def test_f20_a_burst_after_the_event() -> None:
    story = begun()
    for number, row in enumerate(ROWS[:6]):
        story.repay(row, received=f"2026-08-01T10:{number * 11:02}:00Z")
    assert told(story.found("F20", "2026-08-02")) == [
        ((3, 4, 5, 6, 7, 8), "6 repayments were recorded within an hour, though they were paid over 150 days.")
    ]
    backwards = begun()
    for number, row in enumerate(reversed(ROWS[:6])):
        backwards.repay(row, received=f"2026-08-01T10:{number * 11:02}:00Z")
    assert told(backwards.found("F20", "2026-08-02")) == told(story.found("F20", "2026-08-02"))
    slow = begun()
    for number, row in enumerate(ROWS[:6]):
        slow.repay(row, received=f"2026-08-{number + 1:02}T10:00:00Z")
    assert slow.found("F20", "2026-08-20") == []


@pytest.mark.parametrize("count", [5, 6])
def test_f20_round_sums_and_ends_of_months(count: int) -> None:
    story = begun()
    for number, day in enumerate(("2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30", "2026-07-31")):
        if number < count:
            parts = {"principal": money(80_000), "interest": money(10_000)}
            story.repay(ROWS[number], day, amount=money(90_000), split=parts)
    assert [item.en for item in story.found("F20", "2026-08-01")] == (
        [
            "All 6 repayments are round sums of whole hundreds.",
            "All 6 repayments were paid on the last day of a month.",
        ]
        if count == 6
        else []
    )


def test_f22_a_silent_loan() -> None:
    story = paid_up(2)
    assert story.found("F22", "2026-04-25T23:59:59Z") == []
    assert told(story.found("F22", "2026-04-26")) == [
        ((2,), "Instalment 3 was due on 2026-04-15, 11 days ago; neither a repayment nor an overdue record came.")
    ]
    assert story.found("F22", "2026-04-26", replace(DEFAULT_POLICY, grace_days=15)) == []
    story.tell("overdue_notice", "2026-04-26")
    assert story.found("F22", "2026-05-01") == []


def test_f22_without_a_schedule_the_agreement_says_what_is_due() -> None:
    story = Story().agree().pay_out()
    assert story.found("F22", "2026-03-01")[0].sequences == (0,)


def test_findings_of_one_record() -> None:
    story = Story().agree().pay_out(PRINCIPAL - 5_000, received="2026-01-20").plan("2026-01-20")
    case = Case(story.book("2026-01-21"), DEFAULT_POLICY)
    assert [item.code for item in findings_of(case, 1)] == ["F6", "F1", "F9"]
    assert [item.code for item in findings_of(case, 0)] == ["F9"]


def test_findings_come_out_the_same_and_in_order() -> None:
    story = Story().agree().pay_out(PRINCIPAL + 5_000, received="2026-01-20").plan("2026-01-20")
    first, again = story.view("2026-04-01").findings, story.view("2026-04-01").findings
    assert first == again
    assert [item.code for item in first] == ["F6", "F7", "F1", "F9", "F22"]
    newest = [item.sequences[-1] for item in first]
    assert newest == sorted(newest)


def test_a_finding_as_json() -> None:
    [found] = Story().agree().pay_out(PRINCIPAL + 1).found("F7")
    assert (found.code, found.severity) == ("F7", Severity.WARNING)
    assert finding_json(found) == {
        "code": "F7",
        "severity": "warning",
        "records": [{"sequence": 1, "id": "01998d2e-5c00-7a31-8f42-000000000001"}],
        "zh": "2026-01-15 放款后用款 CNY 10,000.01，超过当时有效额度 CNY 10,000.00。",
        "en": "With the draw of 2026-01-15, CNY 10,000.01 were used; the limit in force was CNY 10,000.00.",
    }


def test_f14_is_about_the_plan_of_its_time() -> None:
    story = paid_up(1)
    story.tell("classification", "2026-06-20", category="normal", effective_from="2026-06-20", days_past_due=None)
    story.plan("2026-06-21", schedule_rows(plan_rows(ROWS[0].balance, date(2026, 6, 21), 12)))
    story.tell("classification", "2026-06-22", category="normal", effective_from="2026-06-22", days_past_due=None)
    assert [item.sequences for item in story.found("F14", "2026-06-23")] == [(2, 4)]


def test_f14_without_a_plan_only_the_lenders_count_is_known() -> None:
    story = Story().agree(repayment_method="by_schedule").pay_out()
    story.tell("classification", "2027-06-20", category="normal", effective_from="2027-06-20", days_past_due=None)
    assert story.found("F14", "2027-06-21") == []


def test_f9_is_not_computed_for_what_it_cannot_be() -> None:
    floating = {"kind": "floating", "index": "CN-LPR", "spread": {"value": "0.01", "unit": "per_annum"}}
    assert Story().agree(rate=floating).pay_out().plan().found("F9") == []
    daily = {"value": "0.5", "unit": "per_day"}
    assert Story().agree(apr=daily).pay_out().plan().found("F9") == []
    # All that was paid out went into the fee: no rate makes such flows worth nothing.
    eaten = [{"kind": "origination", "amount": money(PRINCIPAL)}]
    assert Story().agree(fees=eaten).pay_out().plan().found("F9") == []


def test_f9_is_about_the_first_plan() -> None:
    story = paid_up(2)
    story.plan("2026-03-16", schedule_rows(plan_rows(ROWS[1].balance, date(2026, 3, 15), 24)))
    assert story.found("F9", "2026-03-17") == []


def test_f20_each_reference_for_itself() -> None:
    story = begun()
    story.repay(ROWS[0], reference="X-1", rail="IBPS")
    story.repay(ROWS[1], reference="X-1", rail="CNAPS_BEPS")
    assert story.found("F20", "2026-03-16") == []
