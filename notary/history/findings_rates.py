# SPDX-License-Identifier: Apache-2.0
"""Findings about rates: F9 the yearly rate, F10 interest."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from notary.finance import FinanceError, InterestTerms, exact_interest
from notary.history.book import Book, Event
from notary.history.case import Case
from notary.history.cost import yearly_cost
from notary.history.finding import Finding, Severity, finding, money
from notary.history.plan import PaymentPlan, plan_at
from notary.history.terms import interest_terms, rate_of
from notary.records import Agreement, Disbursement, Schedule
from notary.records.money import FixedRate, Rate

_Growth = Callable[[date, date], tuple[int, int] | None]
"""From a period to the interest of one unit in it, as numerator and denominator; None if that cannot be computed."""


def yearly_rate(case: Case) -> Iterator[Finding]:
    """F9: the yearly rate as stated is not that of the plan's cash flows, or these cost more than the law allows."""
    book, policy = case.book, case.policy
    found = book.last(Agreement)
    if found is None:
        return
    event, agreement = found
    if not isinstance(agreement.rate, FixedRate) or agreement.apr.unit != "per_annum":
        return
    cost = yearly_cost(case)
    if cost is None:
        return
    real, law = cost.rate, agreement.governing_law
    rests = [event, cost.plan.source, *(drawn for drawn, _ in book.all(Disbursement))]
    stated = Decimal(agreement.apr.value)
    if abs(real - stated) > policy.apr_tolerance:
        yield finding(
            "F9", Severity.SERIOUS, rests,
            f"合同载明的年化利率为 {stated:.2%}，按实际现金流计算为 {real:.2%}。",
            f"The yearly rate is stated as {stated:.2%}; by the cash flows it is {real:.2%}.",
        )  # fmt: skip
    for cap in policy.apr_caps:
        applies = law[:2] == cap.law and agreement.occurred_at[:10] >= cap.since.isoformat()
        if applies and real > cap.rate:
            yield finding(
                "F9", Severity.SERIOUS, rests,
                f"年化综合成本 {real:.2%} 超过上限 {cap.rate:.2%}。",
                f"The all-in yearly cost of {real:.2%} is above the cap of {cap.rate:.2%}.",
            )  # fmt: skip


def interest_off(case: Case) -> Iterator[Finding]:
    """F10: interest, of a schedule or of a payment, is not the balance times rate times days."""
    book = case.book
    if book.terms is None:
        return
    for event, _ in book.all(Schedule):
        plan = case.plan if case.plan and case.plan.source == event else plan_at(book, event.sequence + 1)
        if plan is not None:
            yield from _rows_off(case, plan)
    if case.plan is not None and isinstance(book.terms.rate, FixedRate):
        yield from _payments_off(case, case.plan, book.terms.rate.rate)


def _rows_off(case: Case, plan: PaymentPlan) -> Iterator[Finding]:
    """Find the first row whose interest is wrong; the rows behind it may be so for the same reason."""
    book, tolerance = case.book, case.policy.unit_tolerance
    balance, previous = sum(row.principal for row in plan.rows), plan.start
    growth_in = _growth(book)
    for row in plan.rows:
        growth = growth_in(previous, row.due) if previous else None
        if growth is not None:
            # Not divided, so that nothing is rounded; the half is what rounding may do to the row.
            right, parts = balance * growth[0], growth[1]
            if 2 * abs(row.interest * parts - right) > (2 * tolerance + 1) * parts:
                yield _interest_finding(book, [plan.source], row.number, row.interest, round(Fraction(right, parts)))
                return
        balance, previous = balance - row.principal, row.due


def _payments_off(case: Case, plan: PaymentPlan, rate: Rate) -> Iterator[Finding]:
    """Find payments of whole instalments whose interest is not that of their rows."""
    book, tolerance = case.book, case.policy.unit_tolerance
    rows = {row.number: row for row in plan.rows}
    # Rows that follow from the agreement may lie a few days beside those that the lender reckons with.
    days = 0 if plan.recorded else case.policy.interest_days
    daily = Decimal(rate.value) / (360 if rate.unit == "per_annum" else 1) * days
    for event, payment in case.standing:
        named = [rows[number] for number in payment.instalments or () if number in rows]
        if not named or event.sequence < plan.since:
            continue
        right = named[0].interest if len(named) == 1 else sum(row.interest for row in named)
        principal, paid, _, _ = payment.split.sums
        if paid == right:
            continue
        allowed = tolerance * len(named) + int(daily * sum(row.balance + row.principal for row in named))
        # What pays less principal than that of its instalments is a part of them.
        whole = principal >= sum(row.principal for row in named) - tolerance
        if whole and abs(paid - right) > allowed:
            yield _interest_finding(book, [event, plan.source], named[0].number, paid, right)


def _growth(book: Book) -> _Growth:
    """Return what tells the interest of one unit in a period by the terms of a loan."""
    terms = book.terms
    if terms is not None and isinstance(terms.rate, FixedRate):
        return _growth_by(interest_terms(terms, terms.rate.rate))

    def growth(start: date, end: date) -> tuple[int, int] | None:
        rate = rate_of(book, start, end)
        return _growth_by(interest_terms(terms, rate))(start, end) if terms and rate else None

    return growth


@lru_cache(maxsize=64)
def _growth_by(terms: InterestTerms) -> _Growth:
    # Many loans share their terms and days; two caches, because to hash the terms costs more than all the rest.
    @lru_cache(maxsize=2048)
    def growth(start: date, end: date) -> tuple[int, int] | None:
        try:
            return exact_interest(1, terms, start, end).as_integer_ratio()
        except FinanceError:
            return None

    return growth


def _interest_finding(book: Book, rests: list[Event], number: int, given: int, right: int) -> Finding:
    stated, computed = money(given, book.currency), money(right, book.currency)
    return finding(
        "F10", Severity.WARNING, rests,
        f"第 {number} 期利息为 {stated}，按余额、利率和计息天数应为 {computed}。",
        f"The interest of instalment {number} is {stated}; by balance, rate and day count it is {computed}.",
    )  # fmt: skip
