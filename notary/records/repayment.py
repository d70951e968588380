# SPDX-License-Identifier: Apache-2.0
"""Paying the loan back."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from notary.errors import Fault
from notary.records.fields import Count, Date, Maybe, Model, Pseudonym, Rail, SomeOf, Text
from notary.records.money import Amount, Money, format_amount
from notary.records.record import Record, in_currency


class Split(Model):
    """What a payment was used for; a part that is absent got nothing."""

    principal: Amount
    interest: Amount
    penalty: Maybe[Amount] = None
    fee: Maybe[Amount] = None

    def parts(self) -> list[Money]:
        """The parts that are present."""
        return [part for part in (self.principal, self.interest, self.penalty, self.fee) if part is not None]


class Repayment(Record):
    """The lender received one payment (FpML repayment notice).

    `instalments` are the numbers of the schedule's rows that it pays; a prepayment outside the schedule has none.
    `payer_ref` is given where the payer's account is known.
    """

    signers: ClassVar[tuple[str, ...]] = ("lender",)

    type: Literal["repayment"]
    amount: Amount
    value_date: Date
    split: Split
    rail: Rail
    reference: Text
    payer_ref: Maybe[Pseudonym] = None
    instalments: Maybe[SomeOf[Count]] = None

    def contradictions(self) -> Iterator[Fault]:
        """The parts of the split are in the amount's currency and sum to it exactly (check C7)."""
        yield from super().contradictions()
        amount, total = self.amount, 0
        for part in self.split.parts():
            if part.currency != amount.currency:
                sums: dict[str, Money | None] = {f"/split/{name}": part for name, part in self.split}
                yield from in_currency(amount.currency, sums, "C7")
                return
            total += part.minor
        if total != amount.minor:
            stated = format_amount(total, amount.currency)
            yield Fault("/split", f"sums to {stated}, but /amount is {amount.amount}", "C7")
