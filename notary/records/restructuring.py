# SPDX-License-Identifier: Apache-2.0
"""New terms for a borrower in difficulty."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from notary.errors import Fault
from notary.records.facts import Facts
from notary.records.fields import Date, Maybe, RecordId, Text
from notary.records.money import Amount
from notary.records.record import Record, in_currency


class Restructuring(Record):
    """Lender and borrower put a new schedule in place of the old one (FIBO LoanModification).

    `capitalised` is interest that becomes principal, `waived` principal that is given up. `new_schedule` is the id of
    the `schedule` record that follows this one, or that came just before.
    """

    signers: ClassVar[tuple[str, ...]] = ("lender", "borrower")

    type: Literal["restructuring"]
    new_schedule: RecordId
    capitalised: Amount
    waived: Amount
    effective_from: Date
    reason: Text
    old_schedule: Maybe[RecordId] = None

    def facts(self) -> Facts:
        """Principal grows by what is capitalised and shrinks by what is waived."""
        return Facts(self.capitalised.currency, self.capitalised.minor - self.waived.minor)

    def contradictions(self) -> Iterator[Fault]:
        """Both sums are in one currency (check C5)."""
        yield from super().contradictions()
        yield from in_currency(self.capitalised.currency, {"/waived": self.waived}, "C5", "/capitalised")
