# SPDX-License-Identifier: Apache-2.0
"""Closing the loan."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from notary.errors import Fault
from notary.records.fields import Date, Maybe, Model, Rail, RecordId, SomeOf, Text
from notary.records.money import Amount
from notary.records.record import Record, in_currency


class Release(Model):
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
    instalment paid everything. `outstanding` is what is left after it and after `waived`; above zero it is taken all
    the same (a false statement is evidence too) and becomes a finding.
    """

    signers: ClassVar[tuple[str, ...]] = ("lender",)

    type: Literal["settlement"]
    amount: Amount
    value_date: Date
    outstanding: Amount
    waived: Maybe[Amount] = None
    rail: Maybe[Rail] = None
    reference: Maybe[Text] = None
    releases: Maybe[SomeOf[Release]] = None

    def contradictions(self) -> Iterator[Fault]:
        """All sums are in one currency (check C5)."""
        yield from super().contradictions()
        sums = {"/outstanding": self.outstanding, "/waived": self.waived}
        yield from in_currency(self.amount.currency, sums, "C5")
