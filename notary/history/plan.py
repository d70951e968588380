# SPDX-License-Identifier: Apache-2.0
"""The plan of payments in force, and how far it has been paid."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

from notary.finance import Coupons, FinanceError, Plan, due_dates, months_later, payment_schedule
from notary.finance.schedule import Instalment, Method
from notary.history.book import Book, Event
from notary.history.terms import interest_terms, period_months, rate_of
from notary.records import Agreement, Disbursement, Repayment, Reversal, Schedule

_MOST_ROWS = 600


class PaymentPlan(NamedTuple):
    """Rows and what they rest on.

    Attributes:
        rows: by number.
        source: the record of the schedule, or the agreement from which the rows were derived.
        recorded: whether the lender recorded it.
        since: payments of this sequence and later count against it.
        start: the day from which the first row bears interest, where that is known.
    """

    rows: tuple[Instalment, ...]
    source: Event
    recorded: bool
    since: int
    start: date | None


def plan_at(book: Book, before: int | None = None) -> PaymentPlan | None:
    """Return the plan in force, or the one in force before a sequence.

    Without a recorded schedule it follows from the agreement and the first payment out; None if nothing follows.
    """
    schedules = [event for event, _ in book.all(Schedule) if before is None or event.sequence < before]
    if not schedules:
        return _derived_plan(book)
    source = schedules[-1]
    assert isinstance(source.record, Schedule)
    first = len(schedules) == 1
    drawdowns = book.all(Disbursement)
    start = date.fromisoformat(drawdowns[0][1].value_date) if first and drawdowns else None
    return PaymentPlan(source.record.instalments, source, True, 0 if first else source.sequence, start)


def _derived_plan(book: Book) -> PaymentPlan | None:
    terms, drawdowns, agreement = book.terms, book.all(Disbursement), book.last(Agreement)
    if terms is None or agreement is None or not drawdowns or terms.repayment_method == "by_schedule":
        return None
    start = date.fromisoformat(drawdowns[0][1].value_date)
    rate = rate_of(book, start, date.fromisoformat(terms.first_due))
    dues = _dues(terms, start)
    if rate is None or not dues or len(drawdowns) > 1:
        return None
    try:
        plan = Plan(drawdowns[0][1].amount.minor, start, dues, interest_terms(terms, rate))
        rows = _computed_rows(terms.repayment_method, plan)
    except FinanceError:
        # What the agreement says is not enough to compute with; the loan has no plan until one is recorded.
        return None
    return PaymentPlan(rows, agreement[0], False, 0, start)


@lru_cache(maxsize=1024)
def _computed_rows(method: Method, plan: Plan) -> tuple[Instalment, ...]:
    return payment_schedule(method, plan)


def _dues(terms: Agreement, start: date) -> tuple[date, ...]:
    first, maturity = date.fromisoformat(terms.first_due), date.fromisoformat(terms.maturity)
    if terms.repayment_method == "bullet":
        return (maturity,)
    months = period_months(terms.frequency)
    if months is None:
        return ()
    # A loan paid out on the 31st is due on the 31st, though its first due date may be the 30th.
    anchored = months_later(start, months) == first
    coupons = Coupons(start, months) if anchored else Coupons(first, months)
    if terms.instalment_count is not None:
        dates = due_dates(coupons, min(terms.instalment_count, _MOST_ROWS) + anchored)
    else:
        dates = tuple(takewhile(lambda day: day <= maturity, map(coupons.nth, range(_MOST_ROWS))))
    return dates[1:] if anchored else dates


class NextDue(NamedTuple):
    """The oldest instalment that is open, and what is left of it in smallest units."""

    row: Instalment
    open: int


class Progress:
    """How far a plan has been paid, payment by payment.

    Money goes to the instalments that its record names, in their order; the rest, and what names none, to the oldest
    rows that are open. Where the rate floats, an instalment whose principal was paid is paid: its interest was an
    estimate.

    Attributes:
        open: what is left of each row.
        closed_by: the sequence of the record that paid each row, or None.
    """

    def __init__(self, book: Book, plan: PaymentPlan, tolerance: int) -> None:
        self.open = [row.total for row in plan.rows]
        self.closed_by: list[int | None] = [None] * len(plan.rows)
        self._plan = plan
        self._place = {row.number: place for place, row in enumerate(plan.rows)}
        self._tolerance = tolerance
        self._floating = book.terms is not None and book.terms.rate.kind == "floating"
        self._oldest = 0
        self._spare = 0
        for event in book.events[plan.since :]:
            record = event.record
            if isinstance(record, Repayment):
                self._pay(event.sequence, record)
            elif isinstance(record, Reversal):
                self._take_back(record)

    def oldest_open(self, sequence: int | None = None) -> Instalment | None:
        """Return the first row that was not paid by the events up to a sequence, or by all."""
        rows = zip(self._plan.rows, self.closed_by, strict=True)
        if sequence is None:
            return next((row for row, closed in rows if closed is None), None)
        return next((row for row, closed in rows if closed is None or closed > sequence), None)

    def open_rows(self) -> tuple[int, ...]:
        """Return what is left of each row; nothing of those that count as paid."""
        return tuple(left if closed is None else 0 for left, closed in zip(self.open, self.closed_by, strict=True))

    def next_due(self) -> NextDue | None:
        """Return the oldest row that is open."""
        rows = zip(self._plan.rows, self.open, self.closed_by, strict=True)
        return next((NextDue(row, left) for row, left, closed in rows if closed is None), None)

    def overdue(self, on: date) -> int:
        """Return what is left of all rows whose day is before this one."""
        rows = zip(self._plan.rows, self.open, self.closed_by, strict=True)
        return sum(left for row, left, closed in rows if row.due < on and closed is None)

    def days_past_due(self, on: date, sequence: int | None = None) -> int:
        """Return how long the oldest open row has been due on a day, by the events up to a sequence, or by all."""
        row = self.oldest_open(sequence)
        return max(0, (on - row.due).days) if row else 0

    def _pay(self, sequence: int, payment: Repayment) -> None:
        principal, interest, _, fee = payment.split.sums
        money = principal + interest + fee
        if self._floating and self._pay_estimates(sequence, payment):
            return
        for number in payment.instalments or ():
            place = self._place.get(number)
            if place is None:
                continue
            if money == self.open[place] > self._tolerance:
                # Almost every payment is just what its instalment asks for.
                money, self.open[place], self.closed_by[place] = 0, 0, sequence
            else:
                money = self._pour(place, money, sequence)
        self._spare += money
        while self._spare > 0 and self._oldest < len(self.open):
            self._spare = self._pour(self._oldest, self._spare, sequence)
            if self.open[self._oldest] > 0:
                break
            self._oldest += 1

    def _pay_estimates(self, sequence: int, payment: Repayment) -> bool:
        """Close the rows that a payment names, if it pays their principal; tell whether it does."""
        places = self._places(payment.instalments)
        if not places or payment.split.sums[0] < sum(self._plan.rows[place].principal for place in places):
            return False
        for place in places:
            self.open[place] = 0
            self.closed_by[place] = sequence
        return True

    def _pour(self, place: int, money: int, sequence: int) -> int:
        """Put money on a row and return the rest."""
        used = min(money, self.open[place])
        self.open[place] -= used
        if self.open[place] <= self._tolerance and self.closed_by[place] is None:
            self.closed_by[place] = sequence
        return money - used

    def _take_back(self, reversal: Reversal) -> None:
        principal, interest, _, fee = reversal.split.sums
        money = principal + interest + fee
        places: Sequence[int] = self._places(reversal.instalments) or [
            place for place in reversed(range(len(self.open))) if self.open[place] < self._plan.rows[place].total
        ]
        for place in places:
            back = min(money, self._plan.rows[place].total - self.open[place])
            self.open[place] += back
            money -= back
            if self.open[place] > self._tolerance:
                self.closed_by[place] = None
                self._oldest = min(self._oldest, place)
        self._spare -= money

    def _places(self, numbers: Sequence[int] | None) -> list[int]:
        return [self._place[number] for number in numbers or () if number in self._place]
