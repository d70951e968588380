# SPDX-License-Identifier: Apache-2.0
"""Where a loan stands: principal, interest, dues, holders, limit, at any past moment."""

from datetime import date
from typing import Any

import pytest

from notary.canonical import canonical_json
from notary.errors import TransitionError
from notary.history import Book, LoanView, read_events, view_json
from notary.ports.records import StoredRecord
from tests.support.builders import record
from tests.support.histories import (
    BANK,
    FUND,
    PRINCIPAL,
    Story,
    at,
    begun,
    money,
    paid_up,
    plan_rows,
    schedule_rows,
)

ROWS = plan_rows()


def holders(view: LoanView) -> list[tuple[str, str]]:
    return [(item.holder.name, item.share) for item in view.state.holdings]


def test_a_loan_paid_on_time() -> None:
    view = paid_up(3).view("2026-04-16T00:00:00Z")
    assert (view.state.stage, view.records, view.findings) == ("active", 6, ())
    principal = sum(row.principal for row in ROWS[:3])
    interest = sum(row.interest for row in ROWS[:3])
    assert view.account.outstanding == PRINCIPAL - principal == ROWS[2].balance
    assert (view.account.disbursed, view.account.repaid, view.account.interest) == (PRINCIPAL, principal, interest)
    assert view.account.paid == principal + interest
    assert view.next_due is not None
    assert (view.next_due.row.number, view.next_due.open, view.days_past_due) == (4, ROWS[3].total, 0)
    # One day of 30/360 on what is left.
    assert view.interest_outstanding == round(ROWS[2].balance * 0.12 / 360)
    assert view.limit == PRINCIPAL


def test_any_past_moment() -> None:
    story = paid_up(12)
    story.tell("settlement", "2027-01-15", amount=money(0), outstanding=money(0), waived=None, releases=None)
    stages = {
        as_of: story.view(as_of).state.stage for as_of in ("2026-01-01", "2026-01-15", "2026-02-01", "2027-01-16")
    }
    assert list(stages.values()) == ["draft", "agreed", "active", "settled"]
    assert [story.view(f"2026-{month:02}-16").account.outstanding for month in range(2, 13)] == [
        row.balance for row in ROWS[:11]
    ]
    end = story.view("2027-02-01")
    assert (end.account.outstanding, end.next_due, end.interest_outstanding, end.days_past_due) == (0, None, 0, 0)
    empty = story.view("2026-01-01")
    assert (empty.records, empty.plan, empty.limit, empty.next_due, empty.interest_outstanding) == (
        0,
        None,
        None,
        None,
        0,
    )


def test_a_record_counts_from_the_moment_it_was_received() -> None:
    story = begun()
    assert [story.view(f"2026-01-15T04:00:{second}Z").records for second in ("00", "01")] == [1, 3]


def test_a_late_payer() -> None:
    view = paid_up(2).view("2026-04-25")
    assert (paid_up(2).view("2026-04-15").overdue, paid_up(2).view("2026-04-15").days_past_due) == (0, 0)
    assert view.days_past_due == 10
    assert view.overdue == ROWS[2].total
    assert view.interest_outstanding == ROWS[2].interest + round(ROWS[1].balance * 0.12 * 10 / 360)


def test_a_part_payment_leaves_the_rest_open() -> None:
    story = paid_up(2)
    row = ROWS[2]
    half = {"principal": money(0), "interest": money(row.interest)}
    story.repay(row, amount=money(row.interest), split=half)
    view = story.view("2026-04-16")
    assert view.next_due is not None
    assert (view.next_due.row.number, view.next_due.open) == (3, row.principal)
    assert view.days_past_due == 1


def test_a_payment_that_names_no_instalment_goes_to_the_oldest() -> None:
    story = paid_up(1)
    both = ROWS[1].total + ROWS[2].total
    parts = {"principal": money(both - 100), "interest": money(100)}
    story.tell("repayment", "2026-03-15", amount=money(both), split=parts, value_date="2026-03-15", instalments=None)
    view = story.view("2026-04-16")
    assert view.next_due is not None
    assert view.next_due.row.number == 4


@pytest.mark.parametrize("numbers", [[3], None])
def test_a_reversal_opens_the_instalment_again(numbers: list[int] | None) -> None:
    story = paid_up(3)
    row, paid = ROWS[2], story.events[-1].record
    parts = {"principal": money(row.principal), "interest": money(row.interest)}
    total = money(row.total)
    story.tell("reversal", "2026-04-17", amount=total, split=parts, reverses=paid.id, instalments=numbers)
    view = story.view("2026-04-20")
    assert view.account.outstanding == ROWS[1].balance
    assert view.account.paid == ROWS[0].total + ROWS[1].total
    assert view.days_past_due == 5
    # Its interest is owed again, and what has run since.
    assert view.interest_outstanding == row.interest + round(ROWS[1].balance * 0.12 * 5 / 360)
    story.repay(row, "2026-04-21", instalments=numbers)
    assert story.view("2026-04-22").days_past_due == 0


def test_without_a_schedule_the_agreement_says_what_is_due() -> None:
    view = Story().agree().pay_out().view()
    assert view.plan is not None
    assert not view.plan.recorded
    assert [(row.due, row.principal, row.interest) for row in view.plan.rows] == [
        (row.due, row.principal, row.interest) for row in ROWS
    ]
    unknown = Story().agree(repayment_method="by_schedule").pay_out().view()
    assert (unknown.plan, unknown.next_due, unknown.interest_outstanding) == (None, None, None)


def test_due_dates_at_the_end_of_months_keep_their_day() -> None:
    story = Story().agree(first_due="2026-02-28", maturity="2026-05-31", instalment_count=4).pay_out(day="2026-01-31")
    plan = story.view("2026-02-01").plan
    assert plan is not None
    assert [row.due.isoformat() for row in plan.rows] == ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]


def test_a_floating_loan_is_paid_by_principal() -> None:
    floating = {"kind": "floating", "index": "CN-LPR", "spread": {"value": "0.01", "unit": "per_annum"}}
    story = Story().agree(rate=floating).pay_out().plan()
    story.repay(ROWS[0], split={"principal": money(ROWS[0].principal), "interest": money(7_000)},
                amount=money(ROWS[0].principal + 7_000))  # fmt: skip
    view = story.view("2026-02-20")
    assert view.next_due is not None
    assert view.next_due.row.number == 2
    assert view.interest_outstanding is None


def test_an_assignment_changes_the_holders() -> None:
    story = begun()
    assert holders(story.view()) == [("示范银行股份有限公司", "1")]
    third = {"numerator": 1, "denominator": 3}
    story.tell("assignment", "2026-01-16", assignor=BANK, assignee=FUND, share=third)
    assert holders(story.view()) == [("示范银行股份有限公司", "2/3"), ("Example Credit Fund", "1/3")]
    rest = {"numerator": 2, "denominator": 3}
    story.tell("assignment", "2026-01-17", assignor=BANK, assignee=FUND, share=rest)
    assert holders(story.view()) == [("Example Credit Fund", "1")]


def test_disputes_are_open_until_they_are_resolved() -> None:
    story = begun()
    dispute = story.tell("dispute", "2026-01-16", about=story.events[1].record.id)
    assert story.view().state.disputes == (dispute.id,)
    story.tell("dispute_resolution", "2026-01-17", about=dispute.id)
    assert story.view().state.disputes == ()


def test_the_limit_of_a_facility_changes_on_its_day() -> None:
    story = Story().agree()
    story.tell("facility", "2026-01-14", available_from="2026-01-15", available_to="2026-12-31")
    story.tell("limit_change", "2026-06-01", effective_from="2026-06-10")
    days = ("2026-01-14T12:00:00Z", "2026-01-15", "2026-06-09", "2026-06-10", "2027-01-01")
    assert [story.view(day).limit for day in days] == [0, 50_000_000, 50_000_000, 30_000_000, 0]


def test_a_renewed_facility_begins_with_its_own_limit() -> None:
    story = Story().agree()
    story.tell("facility", "2026-01-14", available_from="2026-01-15", available_to="2026-12-31")
    story.tell("limit_change", "2026-06-01", effective_from="2026-06-10")
    story.tell("facility", "2026-07-01", limit=money(77), available_from="2026-07-01", available_to="2027-06-30")
    assert story.view("2026-07-02").limit == 77


def test_an_amendment_replaces_terms() -> None:
    story = begun()
    story.tell("amendment", "2026-01-18", principal=money(2_000_000))
    terms = story.book().terms
    assert terms is not None
    assert (terms.principal.minor, terms.maturity, terms.day_count) == (2_000_000, "2027-06-15", "30/360")


def test_written_off_recovered_waived_and_capitalised_are_kept_apart() -> None:
    story = paid_up(2)
    balance = ROWS[1].balance
    story.tell("restructuring", "2026-06-01", capitalised=money(3_000), waived=money(1_000))
    story.tell("write_off", "2026-09-01", amount=money(balance + 2_000), interest=None)
    story.tell("recovery", "2026-10-01", amount=money(500))
    account = story.view("2026-10-02").account
    assert account.disbursed + account.capitalised == (
        account.repaid + account.waived + account.written_off + account.outstanding
    )
    assert (account.outstanding, account.capitalised, account.waived, account.recovered) == (0, 3_000, 1_000, 500)


@pytest.mark.parametrize(
    ("amount", "waived", "split", "repaid", "given_up", "interest"),
    [
        (PRINCIPAL + 500, None, None, PRINCIPAL, 0, 500),
        (PRINCIPAL - 300, 300, None, PRINCIPAL - 300, 300, 0),
        (PRINCIPAL, 300, None, PRINCIPAL, 0, 0),
        (PRINCIPAL - 300, 300, (PRINCIPAL - 400, 100), PRINCIPAL - 400, 300, 100),
        (PRINCIPAL, None, (PRINCIPAL - 100, 100), PRINCIPAL - 100, 0, 100),
    ],
)
def test_what_a_settlement_pays(
    amount: int, waived: int | None, split: tuple[int, int] | None, repaid: int, given_up: int, interest: int
) -> None:
    story = begun()
    parts = {"principal": money(split[0]), "interest": money(split[1])} if split else None
    story.tell(
        "settlement", "2026-02-01", amount=money(amount), outstanding=money(0), split=parts, releases=None,
        waived=money(waived) if waived else None,
    )  # fmt: skip
    account = story.view("2026-02-02").account
    assert (account.repaid, account.waived, account.interest, account.paid) == (repaid, given_up, interest, amount)
    assert account.outstanding == PRINCIPAL - repaid - given_up


def test_a_settlement_may_pay_penalties_and_fees() -> None:
    story = begun()
    parts = {"principal": PRINCIPAL, "interest": 100, "penalty": 30, "fee": 7}
    story.tell(
        "settlement", "2026-02-01", amount=money(sum(parts.values())), outstanding=money(0), releases=None, waived=None,
        split={name: money(minor) for name, minor in parts.items()},
    )  # fmt: skip
    account = story.view("2026-02-02").account
    assert (account.repaid, account.interest, account.penalty, account.fee) == tuple(parts.values())
    assert account.paid == sum(parts.values())


def test_a_fee_pays_an_instalment_and_a_penalty_does_not() -> None:
    first, *rest = schedule_rows(ROWS)
    planned = [first | {"fee": "1.00"}, *rest]
    for part, left in ("fee", 0), ("penalty", 100):
        story = Story().agree().pay_out().plan(rows=planned)
        split = {"principal": money(ROWS[0].principal), "interest": money(ROWS[0].interest), part: money(100)}
        paid = {"amount": money(ROWS[0].total + 100), "split": split, "instalments": [1]}
        story.tell("repayment", "2026-02-15", **paid)
        assert story.view("2026-02-16").open[0] == left
        story.tell("reversal", "2026-02-16", **paid, reverses=story.events[-1].record.id)
        assert story.view("2026-02-17").open[0] == ROWS[0].total + 100


def test_records_that_are_no_legal_history_are_refused() -> None:
    story = Story()
    story.tell("disbursement", "2026-01-15")
    with pytest.raises(TransitionError):
        story.book()


def test_stored_records_are_read() -> None:
    value = record("agreement")
    stored = StoredRecord(7, 1, value["id"], value["loan"], 0, 1234, b"", canonical_json(value), "[]", value["type"])
    [event] = read_events([stored])
    assert (event.sequence, event.received_at, event.record.id) == (0, 1234, value["id"])


def test_the_view_as_json() -> None:
    story = paid_up(2)
    story.tell("dispute", "2026-03-16", about=story.events[1].record.id)
    seen: dict[str, Any] = view_json(story.view("2026-04-30T00:00:00.125Z"))
    assert seen["as_of"] == "2026-04-30T00:00:00.125Z"
    assert seen["state"] == "active"
    assert seen["disputed"] is True
    assert seen["principal"]["outstanding"] == money(ROWS[1].balance)
    assert seen["next_due"]["no"] == 3
    assert seen["next_due"]["open"] == money(ROWS[2].total)
    assert seen["holders"][0]["share"] == "1"
    assert len(seen["schedule"]["rows"]) == 12
    assert [(item["code"], item["records"][0]["sequence"]) for item in seen["findings"]] == [("F22", 2)]
    empty = view_json(Story().view())
    assert (empty["limit"], empty["schedule"], empty["principal"]["outstanding"]) == (None, None, None)


def test_too_much_paid_back_is_below_zero() -> None:
    story = begun()
    story.repay(ROWS[0], split={"principal": money(PRINCIPAL + 5), "interest": money(0)}, amount=money(PRINCIPAL + 5))
    assert view_json(story.view("2026-02-16"))["principal"]["outstanding"] == {"currency": "CNY", "amount": "-0.05"}


def test_the_day_is_that_of_the_moment() -> None:
    assert Book.of([], at("2026-03-01T23:59:59Z")).day == date(2026, 3, 1)


@pytest.mark.parametrize(
    ("changes", "dues"),
    [
        ({"repayment_method": "bullet", "first_due": "2027-01-15"}, ["2027-01-15"]),
        ({"instalment_count": None, "maturity": "2026-04-20"}, ["2026-02-15", "2026-03-15", "2026-04-15"]),
        ({"first_due": "2026-02-20", "instalment_count": 2}, ["2026-02-20", "2026-03-20"]),
        ({"frequency": "P1Y", "first_due": "2027-01-15", "instalment_count": 1}, ["2027-01-15"]),
        ({"frequency": "P14D"}, None),
        ({"frequency": None}, None),
        ({"first_due": "2026-01-01"}, None),
        ({"day_count": "CAL/252"}, None),
    ],
)
def test_due_dates_that_follow_from_the_agreement(changes: dict[str, Any], dues: list[str] | None) -> None:
    plan = Story().agree(**changes).pay_out().view().plan
    assert (plan and [row.due.isoformat() for row in plan.rows]) == dues


def test_two_drawdowns_have_no_plan_until_one_is_recorded() -> None:
    story = Story().agree(principal=money(2 * PRINCIPAL)).pay_out().pay_out(day="2026-01-16", drawdown=2)
    assert story.view().plan is None
    assert story.plan().view().plan is not None


def test_a_new_schedule_counts_only_what_is_paid_after_it() -> None:
    story = paid_up(2)
    new = plan_rows(ROWS[1].balance, date(2026, 3, 15), 10)
    story.plan("2026-03-16", schedule_rows(new))
    view = story.view("2026-03-17")
    assert view.plan is not None
    assert view.plan.source.sequence == 5
    assert view.next_due is not None
    assert (view.next_due.row.number, view.next_due.row.due.isoformat()) == (1, "2026-04-15")
    story.repay(new[0])
    later = story.view("2026-04-16").next_due
    assert later is not None
    assert later.row.number == 2
    # The moment before the new schedule is as it was.
    assert story.view("2026-03-16T00:00:00Z").plan != view.plan


def test_money_without_an_instalment_goes_to_what_a_reversal_opened() -> None:
    story = begun()
    first, second = (story.repay(row, instalments=None) for row in ROWS[:2])
    assert first.id != second.id
    parts = {"principal": money(ROWS[1].principal), "interest": money(ROWS[1].interest)}
    total = money(ROWS[1].total)
    story.tell("reversal", "2026-03-16", amount=total, split=parts, reverses=second.id, instalments=None)
    story.repay(ROWS[1], "2026-03-17", instalments=None)
    due = story.view("2026-03-18").next_due
    assert due is not None
    assert due.row.number == 3


def test_what_is_left_of_each_row() -> None:
    first, second = plan_rows()[:2]
    assert Story().agree().view().open == ()
    assert Story().agree().plan().view().open == tuple(row.total for row in plan_rows())
    story = begun()
    # A unit too little is rounding; a part of the next row is a part.
    parts = {"principal": money(first.principal - 1), "interest": money(first.interest)}
    story.repay(first, amount=money(first.total - 1), split=parts)
    parts = {"principal": money(100), "interest": money(second.interest)}
    story.repay(second, amount=money(second.interest + 100), split=parts)
    left = [second.total - second.interest - 100, *(row.total for row in plan_rows()[2:])]
    assert story.view("2026-03-20").open == (0, *left)
    shown = view_json(story.view("2026-03-20"))["schedule"]["rows"]
    assert [row["open"]["amount"] for row in shown[:2]] == ["0.00", f"{left[0] / 100:.2f}"]
    story.tell("settlement", "2026-03-21", amount=money(PRINCIPAL), outstanding=money(0), waived=None, releases=None)
    assert set(story.view("2026-03-22").open) == {0}


def test_a_row_is_paid_by_the_payment_that_paid_it_even_if_a_unit_comes_later() -> None:
    first = plan_rows()[0]
    story = begun()
    parts = {"principal": money(first.principal - 1), "interest": money(first.interest)}
    story.repay(first, amount=money(first.total - 1), split=parts)
    story.repay(first, amount=money(1), split={"principal": money(1), "interest": money(0)})
    view = story.view("2026-02-20")
    assert view.progress is not None
    assert (view.progress.open[0], view.progress.closed_by[0]) == (0, 3)


def test_penalties_and_fees_stand_beside_the_principal() -> None:
    first, second = plan_rows()[:2]
    story = begun()
    for row, more in ((first, {"penalty": 250, "fee": 100}), (second, {"penalty": 5})):
        parts = {"principal": row.principal, "interest": row.interest, **more}
        split = {name: money(minor) for name, minor in parts.items()}
        story.repay(row, amount=money(sum(parts.values())), split=split)
    account = story.view("2026-03-20").account
    assert (account.penalty, account.fee) == (255, 100)
    assert account.paid == first.total + second.total + 355
