# SPDX-License-Identifier: Apache-2.0
"""Paying the loan out."""

from typing import ClassVar, Literal

from notary.records.facts import Facts
from notary.records.fields import Count, Date, Pseudonym, Rail, Text
from notary.records.money import Amount
from notary.records.record import Record


class Disbursement(Record):
    """The lender paid one drawdown out (FpML drawdown notice).

    `reference` is the payment's own on the rail, so that a bank statement can be held against it; `payee_ref`
    stands for the account that was paid; `drawdown` counts the loan's drawdowns from 1.
    """

    signers: ClassVar[tuple[str, ...]] = ("lender",)

    type: Literal["disbursement"]
    amount: Amount
    value_date: Date
    rail: Rail
    reference: Text
    payee_ref: Pseudonym
    drawdown: Count

    def facts(self) -> Facts:
        """More is outstanding."""
        return Facts(self.amount.currency, self.amount.minor)
