# SPDX-License-Identifier: Apache-2.0
"""Closing the loan."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from notary.errors import Fault
from notary.records.facts import Facts
from notary.records.fields import Date, Maybe, Model, Rail, RecordId, SomeOf, Text
from notary.records.money import Amount
from notary.records.record import Record, in_currency
from notary.records.split import Split


class ReleasedSecurity(Model):
    """A security that the lender gives back.

    `registry_no` is the number under which it is registered (中登网, UCC), `record` the id of the record that
    created it.
    """

    kind: Literal["collateral", "guarantee"]
    registry_no: Maybe[Text] = None
    record: Maybe[RecordId] = None


class Settlement(Record):
    """Nothing is owed any more (FpML payoff).

    `amount` is what was paid with the settlement itself, beside the repayments before it: zero where the last
    instalment paid everything; without a `split` it goes to principal first. `outstanding` is what is left after it and
    after `waived`; above zero it is taken all the same (a false statement is evidence too) and becomes a finding.
    """

    signers: ClassVar[tuple[str, ...]] = ("lender",)

    type: Literal["settlement"]
    amount: Amount
    value_date: Date
    outstanding: Amount
    split: Maybe[Split] = None
    waived: Maybe[Amount] = None
    rail: Maybe[Rail] = None
    reference: Maybe[Text] = None
    releases: Maybe[SomeOf[ReleasedSecurity]] = None

    def cleared(self) -> tuple[int, int]:
        """Return how much principal, at most, is paid and waived with the settlement, in smallest units."""
        paid = self.split.principal if self.split else self.amount
        return paid.minor, self.waived.minor if self.waived else 0

    def facts(self) -> Facts:
        """Less is outstanding."""
        return Facts(self.amount.currency, -sum(self.cleared()))

    def contradictions(self) -> Iterator[Fault]:
        """All sums are in one currency (check C5), and a split sums to the amount (C7)."""
        yield from super().contradictions()
        if self.split is not None:
            yield from self.split.contradictions(self.amount)
        sums = {"/outstanding": self.outstanding, "/waived": self.waived}
        yield from in_currency(self.amount.currency, sums, "C5")
