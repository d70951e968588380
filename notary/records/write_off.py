# SPDX-License-Identifier: Apache-2.0
"""Giving up on a loan, and what comes in all the same."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from notary.errors import Fault
from notary.records.facts import Facts
from notary.records.fields import Date, Maybe, Rail, Text
from notary.records.money import Amount
from notary.records.record import Record, in_currency


class WriteOff(Record):
    """The lender took principal, `amount`, off its books (核销); the borrower still owes it.

    `interest` is what was taken off beside it.
    """

    signers: ClassVar[tuple[str, ...]] = ("lender",)

    type: Literal["write_off"]
    amount: Amount
    accounting_date: Date
    interest: Maybe[Amount] = None
    basis: Maybe[Text] = None

    def facts(self) -> Facts:
        """Less is outstanding on the books."""
        return Facts(self.amount.currency, -self.amount.minor)

    def contradictions(self) -> Iterator[Fault]:
        """Both sums are in one currency (check C5)."""
        yield from super().contradictions()
        yield from in_currency(self.amount.currency, {"/interest": self.interest}, "C5")


class Recovery(Record):
    """Money came in on what had been written off."""

    signers: ClassVar[tuple[str, ...]] = ("lender",)

    type: Literal["recovery"]
    amount: Amount
    accounting_date: Date
    rail: Maybe[Rail] = None
    reference: Maybe[Text] = None

    def facts(self) -> Facts:
        """Say in which currency it came; what was written off stays so."""
        return Facts(self.amount.currency)
