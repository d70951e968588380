# SPDX-License-Identifier: Apache-2.0
"""What a court said about the loan."""

from typing import ClassVar, Literal

from notary.records.facts import Facts
from notary.records.fields import Date, Maybe, SomeOf, Text
from notary.records.record import Document, Record


class CourtOrder(Record):
    """A court forbade the lender to dispose of the loan (冻结), or lifted that; `documents` holds the order."""

    signers: ClassVar[tuple[str, ...]] = ("lender",)

    type: Literal["court_order"]
    documents: SomeOf[Document]
    court: Text
    case_no: Text
    order: Literal["freeze", "lift"]
    until: Maybe[Date] = None

    def facts(self) -> Facts:
        """Say what the court ordered."""
        return Facts(outcome=self.order)
