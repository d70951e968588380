# SPDX-License-Identifier: Apache-2.0
"""Which record a loan takes in which state: the whole table, what the table cannot say, and every typed refusal."""

import itertools
from fractions import Fraction
from typing import Any

import pytest

from notary.errors import CurrencyError, HolderError, RefusedError, ShareError, TransitionError
from notary.lifecycle import DRAFT, TRANSITIONS, LoanState, advance, next_state
from notary.lifecycle.stages import STAGES
from notary.records import RECORD_TYPES, Facts, parse_record
from notary.records.facts import Holder, Holding, Transfer
from tests.support.builders import record as sample
from tests.support.lifecycle_table import LEGAL

A, B, C = Holder("A", lei="529900T8BM49AURSDO55"), Holder("B"), Holder("C", uscc="91350100M000100Y43")
ACTIVE = LoanState("active", "CNY", 1000, holdings=(Holding(A, "2/3"), Holding(B, "1/3")))


@pytest.mark.parametrize(("stage", "record_type"), list(itertools.product(STAGES, RECORD_TYPES)))
def test_every_stage_takes_what_it_should_and_nothing_else(stage: str, record_type: str) -> None:
    if (stage, record_type) in LEGAL:
        assert next_state(stage, record_type) == LEGAL[stage, record_type]
        return
    for refuse in (lambda: next_state(stage, record_type), lambda: advance(LoanState(stage), record_type, Facts())):
        with pytest.raises(TransitionError) as refused:
            refuse()
        assert (refused.value.check, refused.value.state, refused.value.record_type) == ("C6", stage, record_type)
        assert set(refused.value.wanted) == {s for s, t in LEGAL if t == record_type}


def test_every_record_type_has_a_place() -> None:
    assert TRANSITIONS.keys() == RECORD_TYPES.keys()


def test_a_new_loan_is_a_draft() -> None:
    assert DRAFT == LoanState().stage == LoanState().encode() == "draft"


def walk(state: LoanState, *steps: tuple[str, Facts]) -> LoanState:
    for record_type, facts in steps:
        state = advance(state, record_type, facts)
    return state


# Decisions


@pytest.mark.parametrize("outcome", ["denied", "referred"])
def test_no_agreement_without_the_approval_that_was_asked_for(outcome: str) -> None:
    decided = walk(LoanState(), ("application", Facts()), ("credit_decision", Facts(outcome=outcome)))
    with pytest.raises(TransitionError, match=f"a loan that is {outcome} takes no agreement"):
        advance(decided, "agreement", Facts())
    approved = advance(decided, "credit_decision", Facts(outcome="approved"))
    assert advance(approved, "agreement", Facts()).stage == "agreed"
    # A new application is a new start.
    assert walk(decided, ("application", Facts()), ("agreement", Facts())).stage == "agreed"


# Facilities


def test_a_facility_is_drawn_while_something_is_outstanding() -> None:
    state = walk(LoanState(), ("agreement", Facts("CNY")), ("facility", Facts("CNY")))
    assert state.stage == "active"
    stages = []
    for record_type, principal in [("disbursement", 500), ("repayment", -200), ("repayment", -300),
                                   ("disbursement", 100), ("repayment", -100), ("reversal", 100)]:  # fmt: skip
        state = advance(state, record_type, Facts("CNY", principal))
        stages.append(state.stage)
    assert stages == ["drawn", "drawn", "active", "drawn", "active", "drawn"]


def test_a_facility_may_come_before_or_after_the_agreement() -> None:
    before = walk(LoanState(), ("facility", Facts("CNY")), ("agreement", Facts("CNY")))
    after = walk(LoanState(), ("agreement", Facts("CNY")), ("facility", Facts("CNY")))
    assert before == after
    late = walk(LoanState("active", "CNY", 5), ("facility", Facts("CNY")))
    assert late.stage == "drawn"


def test_only_a_facility_has_a_limit_to_change() -> None:
    with pytest.raises(TransitionError, match="a loan that is without a facility takes no limit_change"):
        advance(ACTIVE, "limit_change", Facts("CNY"))
    assert advance(ACTIVE._replace(facility=True), "limit_change", Facts("CNY")).facility


# Arrears


def test_a_loan_is_overdue_until_what_was_late_is_paid() -> None:
    late = advance(ACTIVE, "overdue_notice", Facts("CNY", arrears=300))
    part = advance(late, "repayment", Facts("CNY", -100, 120))
    assert (part.stage, part.arrears, part.balance) == ("overdue", 180, 900)
    assert advance(part, "repayment", Facts("CNY", -100, 179)).stage == "overdue"
    again = advance(part, "overdue_notice", Facts("CNY", arrears=400))
    assert again.arrears == 400
    paid = advance(part, "repayment", Facts("CNY", -100, 180))
    assert (paid.stage, paid.arrears, paid.balance) == ("active", 0, 800)


def test_an_overdue_facility_goes_back_to_drawn() -> None:
    late = advance(ACTIVE._replace(stage="drawn", facility=True), "overdue_notice", Facts("CNY", arrears=300))
    assert advance(late, "repayment", Facts("CNY", -300, 300)).stage == "drawn"
    assert advance(late, "repayment", Facts("CNY", -1000, 1000)).stage == "active"


# Ends


@pytest.mark.parametrize(("cleared", "left"), [(-1000, 0), (-1200, 0), (-900, 100)])
def test_a_settlement_pays_no_more_than_there_is(cleared: int, left: int) -> None:
    settled = advance(ACTIVE, "settlement", Facts("CNY", cleared))
    assert (settled.stage, settled.balance) == ("settled", left)


def test_a_settlement_does_not_heal_what_was_paid_too_much() -> None:
    assert advance(ACTIVE._replace(balance=-5), "settlement", Facts("CNY", -10)).balance == -5


def test_a_loan_opens_again_when_its_last_payment_comes_back() -> None:
    settled = advance(ACTIVE, "settlement", Facts("CNY", -1000))
    opened = advance(settled, "reversal", Facts("CNY", 1000))
    assert (opened.stage, opened.balance) == ("active", 1000)


def test_what_is_recovered_stays_written_off() -> None:
    lost = walk(ACTIVE, ("write_off", Facts("CNY", -1000)), ("recovery", Facts("CNY")))
    assert (lost.stage, lost.balance) == ("recovered", 0)


# Currencies


def test_sums_in_another_currency_are_refused() -> None:
    with pytest.raises(CurrencyError) as refused:
        advance(ACTIVE, "repayment", Facts("USD", -100, 100))
    assert refused.value.check == "C5"
    assert str(refused.value) == "the repayment is in USD, but the loan is in CNY"


# Side states


def test_a_dispute_stays_open_until_it_is_resolved() -> None:
    disputed = walk(ACTIVE, ("dispute", Facts(about="d-1")), ("dispute", Facts(about="d-2")))
    assert disputed.disputes == ("d-1", "d-2")
    assert disputed.stage == "active"
    assert advance(disputed, "dispute_resolution", Facts(about="d-1")).disputes == ("d-2",)
    with pytest.raises(TransitionError, match="without an open dispute d-3 takes no dispute_resolution"):
        advance(disputed, "dispute_resolution", Facts(about="d-3"))


@pytest.mark.parametrize("record_type", ["assignment", "participation", "release", "restructuring"])
def test_a_frozen_loan_is_not_disposed_of(record_type: str) -> None:
    frozen = advance(ACTIVE, "court_order", Facts(outcome="freeze"))
    facts = Facts("CNY", transfer=Transfer(A, C, Fraction(1, 3)))
    with pytest.raises(TransitionError, match="frozen by a court"):
        advance(frozen, record_type, facts)
    assert advance(frozen, "repayment", Facts("CNY", -1, 1)).frozen
    lifted = advance(frozen, "court_order", Facts(outcome="lift"))
    assert not lifted.frozen
    advance(lifted, record_type, facts)


# Holders (C8, C9)


def shares(state: LoanState) -> dict[str, tuple[str, str]]:
    return {item.holder.name: (item.share, item.participated) for item in state.holdings}


def test_an_assignment_moves_a_part() -> None:
    moved = advance(ACTIVE, "assignment", Facts(transfer=Transfer(A, C, Fraction(1, 6))))
    assert shares(moved) == {"A": ("1/2", "0"), "B": ("1/3", "0"), "C": ("1/6", "0")}
    gone = advance(moved, "assignment", Facts(transfer=Transfer(A, B, Fraction(1, 2))))
    assert shares(gone) == {"B": ("5/6", "0"), "C": ("1/6", "0")}


def test_c9_only_a_holder_passes_on() -> None:
    for record_type, pointer in (("assignment", "/assignor"), ("participation", "/grantor")):
        with pytest.raises(HolderError) as refused:
            advance(ACTIVE, record_type, Facts(transfer=Transfer(C, A, Fraction(1, 3))))
        assert (refused.value.check, refused.value.pointer, refused.value.holders) == ("C9", pointer, ("A", "B"))
        assert str(refused.value) == "C does not hold the loan; its holders are A, B"


def test_c9_who_passed_everything_on_is_no_holder_any_more() -> None:
    whole = Facts(transfer=Transfer(A, C, Fraction(1)))
    alone = ACTIVE._replace(holdings=(Holding(A, "1"),))
    with pytest.raises(HolderError):
        walk(alone, ("assignment", whole), ("assignment", whole))


@pytest.mark.parametrize(("share", "total"), [(Fraction(1), "4/3"), (Fraction(3, 4), "13/12")])
def test_c8_nobody_passes_on_more_than_he_has(share: Fraction, total: str) -> None:
    with pytest.raises(ShareError) as refused:
        advance(ACTIVE, "assignment", Facts(transfer=Transfer(A, C, share)))
    error = refused.value
    assert (error.check, error.pointer) == ("C8", "/share")
    assert (error.holder, error.given, error.held, error.total) == ("A", str(share), "2/3", total)


def test_c8_what_others_participate_in_stays() -> None:
    granted = advance(ACTIVE, "participation", Facts(transfer=Transfer(A, C, Fraction(1, 2))))
    assert shares(granted) == {"A": ("2/3", "1/2"), "B": ("1/3", "0")}
    for record_type in ("assignment", "participation"):
        with pytest.raises(ShareError) as refused:
            advance(granted, record_type, Facts(transfer=Transfer(A, B, Fraction(1, 3))))
        assert refused.value.held == "1/6"
    assert shares(advance(granted, "assignment", Facts(transfer=Transfer(A, B, Fraction(1, 6)))))["A"] == ("1/2", "1/2")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Holder("A"), Holder("A"), True),
        (Holder("A"), Holder("B"), False),
        (Holder("A", lei="1"), Holder("B", lei="1"), True),
        (Holder("A", lei="1"), Holder("A", lei="2"), False),
        (Holder("A", lei="1"), Holder("A", uscc="2"), True),
        (Holder("A", uscc="1"), Holder("B", uscc="1"), True),
        (Holder("A", uscc="1"), Holder("A", uscc="2"), False),
    ],
)
def test_who_is_the_same_holder(one: Holder, other: Holder, same: bool) -> None:
    assert one.is_same(other) is same
    assert other.is_same(one) is same


def test_lenders_hold_equal_parts_where_none_is_said() -> None:
    def holdings(*lenders: dict[str, Any]) -> tuple[Holding, ...]:
        parties = [{"role": "lender", **lender} for lender in lenders] + [{"role": "borrower", "name": "Z"}]
        return parse_record(sample("agreement", parties=parties)).facts().holdings

    assert holdings({"name": "A"}, {"name": "B"}) == (Holding(B._replace(name="A"), "1/2"), Holding(B, "1/2"))
    third, rest = {"numerator": 1, "denominator": 3}, {"numerator": 2, "denominator": 3}
    assert [item.share for item in holdings({"name": "A", "share": third}, {"name": "B", "share": rest})] == [
        "1/3",
        "2/3",
    ]


# Texts


@pytest.mark.parametrize(
    "state",
    [
        LoanState(),
        LoanState("settled"),
        ACTIVE,
        LoanState("overdue", "JPY", -5, 300, "approved", True, True, ("d-1", "d-2"), (Holding(C, "1", "1/7"),)),
    ],
)
def test_a_state_is_one_text(state: LoanState) -> None:
    text = state.encode()
    assert LoanState.decode(text) == state
    assert text.split(" ")[0] == state.stage
    assert "\n" not in text


@pytest.mark.parametrize("text", ["", "closed", "{}", "active {"])
def test_another_text_is_no_state(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - orjson's own error is one, with its own words
        LoanState.decode(text)


@pytest.mark.parametrize("kind", RECORD_TYPES)
def test_facts_travel_as_text(kind: str) -> None:
    facts = parse_record(sample(kind)).facts()
    assert Facts.decode(facts.encode()) == facts
    assert (facts.encode() == "") == (facts == Facts())


def test_what_payments_do() -> None:
    assert parse_record(sample("repayment")).facts() == Facts("CNY", -78849, 89099)
    assert parse_record(sample("reversal")).facts() == Facts("CNY", 78849)


@pytest.mark.parametrize(
    "error",
    [
        CurrencyError("repayment", "USD", "CNY"),
        ShareError("A", "1", "2/3", "4/3"),
        HolderError("/assignor", "C", ("A", "B")),
    ],
)
def test_a_refusal_can_be_raised_again_from_its_values(error: RefusedError) -> None:
    again = type(error)(*error.values)
    assert (str(again), again.check, again.pointer) == (str(error), error.check, error.pointer)
