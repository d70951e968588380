# SPDX-License-Identifier: Apache-2.0
"""Random lives of loans: valid ones are never refused and keep their account, invalid steps change nothing."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from notary.errors import CurrencyError, HolderError, InvalidRecordError, RefusedError, ShareError, TransitionError
from notary.history import DEFAULT_POLICY, Book, Case, Event, findings, loan_view, view_json
from notary.lifecycle import LoanState, advance
from notary.records import RECORD_TYPES, Record, parse_record
from tests.support.histories import SAMPLES, at, money
from tests.support.lifecycle_table import LEGAL

NAMES = ("示范银行股份有限公司", "B Ltd", "C Ltd")
amounts = st.integers(1, 50_000_000)
PAID_OUT = ("active", "drawn", "overdue", "restructured")
LIVE = ("agreed", *PAID_OUT)
QUIET = (
    "data_consent", "offer", "amendment", "guarantee", "collateral", "release", "rate_set", "payment_claim", "reminder",
    "classification",
)  # fmt: skip
"""Types that leave the loan as it is."""


class LoanLife(RuleBasedStateMachine):
    """Tells a loan's story and keeps its own, simpler account of it."""

    def __init__(self) -> None:
        super().__init__()
        self.state = LoanState()
        self.events: list[Event] = []
        self.day = date(2026, 1, 1)
        self.drawn = self.repaid = self.written_off = self.waived = 0
        self.open_payments: dict[str, tuple[int, int]] = {}
        self.disputes: list[str] = []
        self.parts: dict[str, Fraction] = {}
        self.granted: dict[str, Fraction] = {}
        self.frozen = self.facility = self.approved = False

    @property
    def outstanding(self) -> int:
        return self.drawn - self.repaid - self.written_off - self.waived

    def free(self, name: str) -> Fraction:
        """What a holder may pass on: his part but for what others participate in."""
        return self.parts[name] - self.granted.get(name, 0)

    @property
    def stage(self) -> str:
        return self.state.stage

    def record(self, kind: str, **changes: Any) -> Record:
        number = len(self.events)
        members = SAMPLES[kind] | {"id": f"01998d2e-5c00-7a31-8f42-{number:012x}", "loan": "L-1"}
        members |= {"occurred_at": f"{self.day}T04:00:00Z"} | changes
        return parse_record({name: value for name, value in members.items() if value is not None})

    def tell(self, kind: str, **changes: Any) -> Record:
        """Add a record that must not be refused, through the text that the sequencer keeps."""
        self.day += timedelta(days=5)
        record = self.record(kind, **changes)
        expected = LEGAL[self.stage, kind]
        state = advance(LoanState.decode(self.state.encode()), kind, record.facts())
        # What more than the table decides: facilities are drawn or not, arrears are paid or not.
        assert (
            state.stage == expected
            or (self.facility and (expected, state.stage) == ("agreed", "active"))
            or ({state.stage, expected} <= {"active", "drawn", "overdue"} and (self.facility or kind == "repayment"))
        )
        self.state = state
        self.events.append(Event(len(self.events), at(f"{self.day}T04:00:01Z"), record))
        return record

    def refused(self, error: type[RefusedError], check: str, kind: str, **changes: Any) -> None:
        """Offer a record that must be refused; nothing may change."""
        before = self.state.encode()
        with pytest.raises(error) as refusal:
            advance(self.state, kind, self.record(kind, **changes).facts())
        assert refusal.value.check == check
        assert self.state.encode() == before

    def malformed(self, check: str, kind: str, **changes: Any) -> None:
        """Write a record that is none: it never comes to the loan."""
        with pytest.raises(InvalidRecordError) as refusal:
            self.record(kind, **changes)
        assert {fault.check for fault in refusal.value.faults} == {check}

    # What a lender does

    @precondition(lambda self: (self.stage, "application") in LEGAL)
    @rule()
    def apply(self) -> None:
        self.tell("application")
        self.approved = True

    @precondition(lambda self: (self.stage, "credit_decision") in LEGAL)
    @rule(outcome=st.sampled_from(["approved", "approved", "denied", "referred"]))
    def decide(self, outcome: str) -> None:
        self.tell("credit_decision", outcome=outcome, reasons=["score"])
        self.approved = outcome == "approved"

    @precondition(lambda self: (self.stage, "agreement") in LEGAL and (self.approved or self.stage == "draft"))
    @rule()
    def agree(self) -> None:
        self.tell("agreement")
        self.parts, self.granted = {NAMES[0]: Fraction(1)}, {}

    @precondition(lambda self: (self.stage, "facility") in LEGAL)
    @rule(revolving=st.booleans())
    def open_facility(self, revolving: bool) -> None:
        self.facility = True
        self.tell("facility", revolving=revolving)

    @precondition(lambda self: self.facility and (self.stage, "limit_change") in LEGAL)
    @rule(limit=amounts)
    def change_limit(self, limit: int) -> None:
        self.tell("limit_change", new_limit=money(limit))

    @precondition(lambda self: self.stage in LIVE)
    @rule(amount=amounts)
    def pay_out(self, amount: int) -> None:
        self.tell("disbursement", amount=money(amount))
        self.drawn += amount

    @precondition(lambda self: self.stage in LIVE)
    @rule(part=st.fractions(0, 1, max_denominator=8), interest=st.integers(0, 10_000))
    def repay(self, part: Fraction, interest: int) -> None:
        principal = int(max(0, self.outstanding) * part)
        split = {"principal": money(principal), "interest": money(interest)}
        paid = self.tell("repayment", amount=money(principal + interest), split=split, reference=f"R{len(self.events)}")
        self.open_payments[paid.id] = (principal, interest)
        self.repaid += principal

    @precondition(lambda self: self.open_payments and (self.stage, "reversal") in LEGAL)
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        paid = data.draw(st.sampled_from(sorted(self.open_payments)))
        principal, interest = self.open_payments.pop(paid)
        split = {"principal": money(principal), "interest": money(interest)}
        self.tell("reversal", amount=money(principal + interest), split=split, reverses=paid)
        self.repaid -= principal

    @precondition(lambda self: self.stage in PAID_OUT)
    @rule(amount=amounts)
    def call_overdue(self, amount: int) -> None:
        self.tell("overdue_notice", amount=money(amount))
        assert self.stage == "overdue"

    @precondition(lambda self: self.stage in PAID_OUT and not self.frozen)
    @rule(capitalised=st.integers(0, 100_000), part=st.fractions(0, 1, max_denominator=8))
    def restructure(self, capitalised: int, part: Fraction) -> None:
        waived = int(max(0, self.outstanding) * part)
        self.tell("restructuring", capitalised=money(capitalised), waived=money(waived))
        self.drawn, self.waived = self.drawn + capitalised, self.waived + waived

    @precondition(lambda self: (self.stage, "write_off") in LEGAL)
    @rule(part=st.fractions(0, 1, max_denominator=4))
    def write_off(self, part: Fraction) -> None:
        amount = int(max(0, self.outstanding) * part)
        self.tell("write_off", amount=money(amount), interest=None)
        self.written_off += amount

    @precondition(lambda self: (self.stage, "recovery") in LEGAL)
    @rule(amount=amounts)
    def recover(self, amount: int) -> None:
        self.tell("recovery", amount=money(amount))

    @precondition(lambda self: self.stage in LIVE and len(self.events) > 5)
    @rule(part=st.fractions(0, 1, max_denominator=8), interest=st.integers(0, 5000))
    def settle(self, part: Fraction, interest: int) -> None:
        owed = max(0, self.outstanding)
        waived = int(owed * part)
        amounts_due = {"amount": money(owed - waived + interest), "waived": money(waived)}
        split = {"principal": money(owed - waived), "interest": money(interest)}
        self.tell("settlement", **amounts_due, split=split, outstanding=money(0), releases=None)
        self.repaid, self.waived = self.repaid + owed - waived, self.waived + waived

    @precondition(lambda self: (self.stage, "schedule") in LEGAL)
    @rule(count=st.integers(1, 4))
    def plan(self, count: int) -> None:
        rows = [
            {
                "no": number,
                "due": f"2026-0{number + 1}-15",
                "principal": "100.00",
                "interest": "1.00",
                "balance": "0.00",
            }
            for number in range(1, count + 1)
        ]
        self.tell("schedule", rows=rows)

    @rule(kind=st.sampled_from(QUIET))
    def say(self, kind: str) -> None:
        if (self.stage, kind) in LEGAL and not (self.frozen and kind == "release"):
            before = self.state
            self.tell(kind)
            assert self.state == before

    @precondition(lambda self: (self.stage, "dispute") in LEGAL)
    @rule()
    def dispute(self) -> None:
        self.disputes.append(self.tell("dispute").id)

    @precondition(lambda self: self.disputes)
    @rule(data=st.data())
    def resolve(self, data: st.DataObject) -> None:
        about = data.draw(st.sampled_from(self.disputes))
        self.tell("dispute_resolution", about=about)
        self.disputes.remove(about)

    @precondition(lambda self: (self.stage, "court_order") in LEGAL)
    @rule()
    def order(self) -> None:
        self.frozen = not self.frozen
        self.tell("court_order", order="freeze" if self.frozen else "lift")

    @precondition(lambda self: (self.stage, "assignment") in LEGAL and not self.frozen)
    @rule(data=st.data(), part=st.fractions(Fraction(1, 4), 1, max_denominator=4))
    def assign(self, data: st.DataObject, part: Fraction) -> None:
        giver = data.draw(st.sampled_from(sorted(self.parts)))
        taker = data.draw(st.sampled_from([name for name in NAMES if name != giver]))
        share = self.free(giver) * part
        if not share or share.denominator > 10**9:
            return
        self.tell("assignment", assignor={"name": giver}, assignee={"name": taker}, share=as_share(share))
        self.parts[giver] -= share
        self.parts[taker] = self.parts.get(taker, Fraction(0)) + share
        self.parts = {name: held for name, held in self.parts.items() if held}

    @precondition(lambda self: (self.stage, "participation") in LEGAL and not self.frozen)
    @rule(data=st.data(), part=st.fractions(Fraction(1, 4), 1, max_denominator=4))
    def participate(self, data: st.DataObject, part: Fraction) -> None:
        giver = data.draw(st.sampled_from(sorted(self.parts)))
        taker = data.draw(st.sampled_from([name for name in NAMES if name != giver]))
        share = self.free(giver) * part
        if not share or share.denominator > 10**9:
            return
        self.tell("participation", grantor={"name": giver}, participant={"name": taker}, share=as_share(share))
        self.granted[giver] = self.granted.get(giver, Fraction(0)) + share

    # What is refused

    @rule(kind=st.sampled_from(sorted(set(RECORD_TYPES) - {"administration"})))
    def out_of_order(self, kind: str) -> None:
        if (self.stage, kind) not in LEGAL:
            self.refused(TransitionError, "C6", kind)

    @precondition(lambda self: self.stage == "decided" and not self.approved)
    @rule()
    def agree_without_approval(self) -> None:
        self.refused(TransitionError, "C6", "agreement")

    @precondition(lambda self: (self.stage, "dispute_resolution") in LEGAL)
    @rule()
    def resolve_what_is_not_disputed(self) -> None:
        self.refused(TransitionError, "C6", "dispute_resolution", about="01998d2e-5c00-7a31-8f42-ffffffffffff")

    @precondition(lambda self: self.frozen and (self.stage, "assignment") in LEGAL)
    @rule()
    def assign_what_is_frozen(self) -> None:
        self.refused(TransitionError, "C6", "assignment")

    @precondition(lambda self: (self.stage, "assignment") in LEGAL and not self.frozen)
    @rule(kind=st.sampled_from([("assignment", "assignor"), ("participation", "grantor")]))
    def pass_on_what_another_holds(self, kind: tuple[str, str]) -> None:
        self.refused(HolderError, "C9", kind[0], **{kind[1]: {"name": "Nobody Ltd"}})

    @precondition(lambda self: (self.stage, "assignment") in LEGAL and not self.frozen)
    @rule(data=st.data())
    def pass_on_too_much(self, data: st.DataObject) -> None:
        giver = data.draw(st.sampled_from(sorted(self.parts)))
        if self.free(giver) < 1:
            whole = as_share(Fraction(1))
            self.refused(ShareError, "C8", "assignment", assignor={"name": giver}, share=whole)
            self.refused(ShareError, "C8", "participation", grantor={"name": giver}, share=whole)

    @precondition(lambda self: self.stage in LIVE)
    @rule(kind=st.sampled_from(["disbursement", "facility", "overdue_notice"]))
    def another_currency(self, kind: str) -> None:
        name = "limit" if kind == "facility" else "amount"
        if (self.stage, kind) in LEGAL:
            self.refused(CurrencyError, "C5", kind, **{name: money(100, "JPY")})

    @rule(kind=st.sampled_from(["repayment", "reversal"]), off=st.sampled_from([-1, 1]), principal=amounts)
    def split_what_does_not_sum(self, kind: str, off: int, principal: int) -> None:
        split = {"principal": money(principal), "interest": money(7)}
        self.malformed("C7", kind, amount=money(principal + 7 + off), split=split)

    @rule(kind=st.sampled_from(["disbursement", "recovery"]), amount=st.sampled_from(["1.5", "100", "1.000", "1e2"]))
    def write_money_in_another_scale(self, kind: str, amount: str) -> None:
        self.malformed("C5", kind, amount={"currency": "CNY", "amount": amount})

    @rule(kind=st.sampled_from(sorted(RECORD_TYPES)), change=st.sampled_from([{"colour": "red"}, {"loan": ""}]))
    def write_another_form(self, kind: str, change: dict[str, Any]) -> None:
        self.malformed("C1", kind, **change)

    # What always holds

    @invariant()
    def the_account_adds_up(self) -> None:
        assert self.state.balance == self.outstanding
        assert set(self.state.disputes) == set(self.disputes)
        assert {item.holder.name: Fraction(item.share) for item in self.state.holdings} == self.parts
        granted = {item.holder.name: Fraction(item.participated or 0) for item in self.state.holdings}
        assert {name: part for name, part in granted.items() if part} == self.granted
        if self.facility and self.stage in ("active", "drawn"):
            assert (self.stage == "drawn") == (self.outstanding > 0)

    def teardown(self) -> None:
        for as_of in (self.events[len(self.events) // 2].received_at, at("2099-01-01")) if self.events else ():
            book = Book.of(self.events, as_of)
            view = loan_view(book, DEFAULT_POLICY)
            account = view.account
            assert account.disbursed + account.capitalised == (
                account.repaid + account.waived + account.written_off + account.outstanding
            )
            assert account.outstanding == book.state.balance
            paid = account.repaid + account.interest + account.penalty + account.fee
            assert account.paid == paid
            assert view.findings == findings(Case(Book.of(self.events, as_of), DEFAULT_POLICY))
            assert all(item.zh and item.en and item.sequences for item in view.findings)
            view_json(view)
        if self.events:
            assert (
                loan_view(Book.of(self.events, at("2099-01-01")), DEFAULT_POLICY).account.outstanding
                == self.outstanding
            )


def as_share(part: Fraction) -> dict[str, int]:
    return {"numerator": part.numerator, "denominator": part.denominator}


LoanLife.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestLoanLife = LoanLife.TestCase
