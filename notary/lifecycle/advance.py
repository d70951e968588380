# SPDX-License-Identifier: Apache-2.0
"""One step of a loan's life: the table, and what more than the stage decides.

This runs in the single writer, for every record: nothing here is slower than a few microseconds.
"""

from collections.abc import Callable, Mapping

from notary.errors import CurrencyError, TransitionError
from notary.lifecycle.holdings import assign, grant
from notary.lifecycle.stages import next_state
from notary.lifecycle.state import LoanState
from notary.records.facts import Facts, Transfer

_FROZEN = frozenset({"assignment", "participation", "release", "restructuring"})
"""What a court's freeze forbids: to give the loan or its security away, or to let the borrower off."""


def advance(state: LoanState, record_type: str, facts: Facts) -> LoanState:
    """Return the state of a loan after a record of `record_type`, one of `RECORD_TYPES`.

    Raises `TransitionError` (check C6), `CurrencyError` (C5), `ShareError` (C8) or `HolderError` (C9).
    """
    stage = next_state(state.stage, record_type)
    if facts.currency and facts.currency != state.currency:
        if state.currency:
            raise CurrencyError(record_type, facts.currency, state.currency)
        state = state._replace(currency=facts.currency)
    if state.frozen and record_type in _FROZEN:
        raise TransitionError(record_type, "frozen by a court", ("not frozen",))
    if stage != state.stage:
        state = state._replace(stage=stage)
    effect = _EFFECTS.get(record_type)
    return effect(state, facts) if effect else state


def _apply(state: LoanState, _: Facts) -> LoanState:
    return state._replace(outcome="")


def _decide(state: LoanState, facts: Facts) -> LoanState:
    return state._replace(outcome=facts.outcome)


def _agree(state: LoanState, facts: Facts) -> LoanState:
    if state.outcome in ("denied", "referred"):
        raise TransitionError("agreement", state.outcome, ("approved",))
    return state._replace(stage="active" if state.facility else state.stage, holdings=facts.holdings)


def _open_facility(state: LoanState, _: Facts) -> LoanState:
    return _drawn_or_not(state._replace(facility=True))


def _change_limit(state: LoanState, _: Facts) -> LoanState:
    if not state.facility:
        raise TransitionError("limit_change", "without a facility", ("a facility",))
    return state


def _pay_out(state: LoanState, facts: Facts) -> LoanState:
    return _drawn_or_not(_with_balance(state, state.balance + facts.principal))


def _pay_back(state: LoanState, facts: Facts) -> LoanState:
    balance = state.balance + facts.principal
    if state.stage != "overdue":
        paid = _with_balance(state, balance)
        return _drawn_or_not(paid) if state.facility else paid
    arrears = state.arrears - facts.paid
    if arrears > 0:
        return state._replace(balance=balance, arrears=arrears)
    return _drawn_or_not(state._replace(stage="active", balance=balance, arrears=0))


def _settle(state: LoanState, facts: Facts) -> LoanState:
    # What is paid beyond the principal is interest; what was paid back too much before stays so.
    balance = max(0, state.balance + facts.principal) if state.balance > 0 else state.balance
    return state._replace(balance=balance, arrears=0)


def _call_overdue(state: LoanState, facts: Facts) -> LoanState:
    return state._replace(arrears=facts.arrears)


def _change_balance(state: LoanState, facts: Facts) -> LoanState:
    return state._replace(balance=state.balance + facts.principal, arrears=0)


def _open_dispute(state: LoanState, facts: Facts) -> LoanState:
    return state._replace(disputes=(*state.disputes, facts.about))


def _close_dispute(state: LoanState, facts: Facts) -> LoanState:
    if facts.about not in state.disputes:
        raise TransitionError("dispute_resolution", f"without an open dispute {facts.about}", ("disputed",))
    return state._replace(disputes=tuple(item for item in state.disputes if item != facts.about))


def _assign(state: LoanState, facts: Facts) -> LoanState:
    return state._replace(holdings=assign(state.holdings, _transfer(facts)))


def _grant(state: LoanState, facts: Facts) -> LoanState:
    return state._replace(holdings=grant(state.holdings, _transfer(facts)))


def _obey(state: LoanState, facts: Facts) -> LoanState:
    return state._replace(frozen=facts.outcome == "freeze")


def _transfer(facts: Facts) -> Transfer:
    assert facts.transfer is not None, "an assignment and a participation say what they move"
    return facts.transfer


def _with_balance(state: LoanState, balance: int) -> LoanState:
    """Do what `_replace` does in a third of the time; hardly a record leaves the balance alone."""
    return tuple.__new__(LoanState, (state.stage, state.currency, balance, *state[3:]))


def _drawn_or_not(state: LoanState) -> LoanState:
    """Let a facility loop: drawn while something is outstanding, else active."""
    if not state.facility or state.stage not in ("active", "drawn"):
        return state
    stage = "drawn" if state.balance > 0 else "active"
    return state if stage == state.stage else state._replace(stage=stage)


_EFFECTS: Mapping[str, Callable[[LoanState, Facts], LoanState]] = {
    "application": _apply,
    "credit_decision": _decide,
    "facility": _open_facility,
    "limit_change": _change_limit,
    "agreement": _agree,
    "disbursement": _pay_out,
    "repayment": _pay_back,
    "reversal": _pay_out,
    "dispute": _open_dispute,
    "dispute_resolution": _close_dispute,
    "overdue_notice": _call_overdue,
    "restructuring": _change_balance,
    "assignment": _assign,
    "participation": _grant,
    "settlement": _settle,
    "write_off": _change_balance,
    "court_order": _obey,
}
"""What a record does beyond the table, where it does anything."""
