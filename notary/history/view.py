# SPDX-License-Identifier: Apache-2.0
"""Where a loan stands at a moment."""

from dataclasses import dataclass
from datetime import date

from notary.finance import FinanceError, accrued_interest
from notary.history.account import Account
from notary.history.book import Book
from notary.history.case import Case
from notary.history.finding import Finding
from notary.history.findings import findings
from notary.history.plan import NextDue, PaymentPlan, Progress
from notary.history.policy import Policy
from notary.history.terms import interest_terms, limit_on, rate_of
from notary.lifecycle import LoanState
from notary.once import once
from notary.records import Disbursement, Repayment, Reversal


@dataclass(frozen=True)
class LoanView:
    """A loan at the moment `as_of` (milliseconds since 1970), from its records alone; sums are in smallest units.

    Attributes:
        records: how many of its records count at that moment.
        state: stage, holders, open disputes, freeze.
        account: what was paid out and what became of it.
        interest_outstanding: interest that has run and was not paid; None if the records do not say how it runs.
        next_due: the oldest instalment that is open, None without a plan or with all paid.
        overdue: what is open of all instalments whose day has passed.
        days_past_due: how long the oldest of them has been due.
        plan: the schedule in force, recorded or following from the agreement.
        progress: how far it has been paid, while something may be owed.
        limit: what may be used at most: the facility's limit, else the principal agreed; None before either.
        findings: what is odd.
    """

    as_of: int
    records: int
    state: LoanState
    account: Account
    interest_outstanding: int | None
    next_due: NextDue | None
    overdue: int
    days_past_due: int
    plan: PaymentPlan | None
    progress: Progress | None
    limit: int | None
    findings: tuple[Finding, ...]

    @once
    def open(self) -> tuple[int, ...]:
        """What is left of each row of the plan; nothing once the loan is settled."""
        if self.plan is None:
            return ()
        if self.progress is not None:
            return self.progress.open_rows()
        return tuple(0 if self.state.stage == "settled" else row.total for row in self.plan.rows)


def loan_view(book: Book, policy: Policy) -> LoanView:
    """Return where a loan stands at the book's moment."""
    case = Case(book, policy)
    owing = book.state.stage != "settled" and case.account.disbursed > 0
    progress = case.progress if owing else None
    return LoanView(
        as_of=book.as_of,
        records=len(book.events),
        state=book.state,
        account=case.account,
        interest_outstanding=_interest_outstanding(book, case.plan) if owing else 0,
        next_due=progress.next_due() if progress else None,
        overdue=progress.overdue(book.day) if progress else 0,
        days_past_due=progress.days_past_due(book.day) if progress else 0,
        plan=case.plan,
        progress=progress,
        limit=limit_on(book, book.day),
        findings=findings(case),
    )


def _interest_outstanding(book: Book, plan: PaymentPlan | None) -> int | None:
    """Return the interest of the rows that fell due, plus what ran since on the balance, less what was paid."""
    if plan is None:
        return None
    day = book.day
    due = [row for row in plan.rows if row.due <= day]
    draws = book.all(Disbursement)
    start = due[-1].due if due else plan.start or date.fromisoformat(draws[-1][1].value_date)
    running = _running_interest(book, start)
    if running is None:
        return None
    paid = sum(record.split.sums[1] for event, record in book.all(Repayment) if event.sequence >= plan.since)
    back = sum(record.split.sums[1] for event, record in book.all(Reversal) if event.sequence >= plan.since)
    return max(0, sum(row.interest for row in due) + running - paid + back)


def _running_interest(book: Book, start: date) -> int | None:
    if start >= book.day or book.state.balance <= 0:
        return 0
    rate = rate_of(book, start, book.day)
    if rate is None or book.terms is None:
        return None
    try:
        return accrued_interest(book.state.balance, interest_terms(book.terms, rate), start, book.day)
    except FinanceError:
        return None
