# SPDX-License-Identifier: Apache-2.0
"""What a check looks at: a loan's book, a lender's policy, and what several checks need of both."""

from dataclasses import dataclass

from notary.history.account import Account, account_of
from notary.history.book import Book, Event
from notary.history.plan import PaymentPlan, Progress, plan_at
from notary.history.policy import Policy
from notary.once import once
from notary.records import Repayment, Reversal


@dataclass(frozen=True)
class Case:
    """One loan at one moment, measured with one policy."""

    book: Book
    policy: Policy

    @once
    def account(self) -> Account:
        """The sums of the loan."""
        return account_of(self.book)

    @once
    def standing(self) -> list[tuple[Event, Repayment]]:
        """The repayments of which nothing was taken back."""
        reversed_ids = {record.reverses for _, record in self.book.all(Reversal)}
        return [(event, payment) for event, payment in self.book.all(Repayment) if payment.id not in reversed_ids]

    @once
    def plan(self) -> PaymentPlan | None:
        """The plan of payments in force."""
        return plan_at(self.book)

    @once
    def progress(self) -> Progress | None:
        """How far that plan has been paid."""
        return Progress(self.book, self.plan, self.policy.unit_tolerance) if self.plan else None

    def at(self, sequence: int) -> tuple[PaymentPlan, Progress] | None:
        """Return the plan in force before a sequence and its progress."""
        plan = plan_at(self.book, sequence)
        if plan is None:
            return None
        if self.plan and self.progress and plan.source == self.plan.source:
            return self.plan, self.progress
        return plan, Progress(self.book, plan, self.policy.unit_tolerance)
