# SPDX-License-Identifier: Apache-2.0
"""Paying the loan back, and taking a payment back."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from notary.errors import Fault
from notary.records.facts import Facts
from notary.records.fields import Count, Date, Maybe, Pseudonym, Rail, RecordId, SomeOf, Text
from notary.records.money import Amount
from notary.records.record import Record
from notary.records.split import Split


class Payment(Record):
    """What a repayment and its reversal share: money on a rail, used for something.

    `instalments` are the numbers of the schedule's rows that it pays; a prepayment outside the schedule has none.
    """

    signers: ClassVar[tuple[str, ...]] = ("lender",)

    amount: Amount
    value_date: Date
    split: Split
    rail: Rail
    reference: Text
    instalments: Maybe[SomeOf[Count]] = None

    def contradictions(self) -> Iterator[Fault]:
        """The parts of the split are in the amount's currency and sum to it exactly (check C7)."""
        yield from super().contradictions()
        yield from self.split.contradictions(self.amount)


class Repayment(Payment):
    """The lender received one payment (FpML repayment notice); `payer_ref` stands for the account that paid."""

    type: Literal["repayment"]
    payer_ref: Maybe[Pseudonym] = None

    def facts(self) -> Facts:
        """Less is outstanding, and less is late."""
        sums = self.split.sums
        return Facts(self.amount.currency, -sums[0], sum(sums))


class Reversal(Payment):
    """A payment, `reverses`, turned out not to have been one: returned by the bank, booked twice, paid back.

    Its sums say how much of it, without a sign.
    """

    type: Literal["reversal"]
    reverses: RecordId
    reason: Text

    def facts(self) -> Facts:
        """More is outstanding."""
        return Facts(self.amount.currency, self.split.sums[0])
