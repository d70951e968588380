# SPDX-License-Identifier: Apache-2.0
"""Changing what was agreed."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from notary.errors import Fault
from notary.finance.day_count import DayCount
from notary.finance.interest import Compounding
from notary.finance.rounding import Rounding
from notary.records.agreement import Clause, Fee, RepaymentMethod
from notary.records.fields import Count, Date, Maybe, Period, Several, SomeOf, Text
from notary.records.money import Amount, Interest, Rate
from notary.records.record import Document, Record

TERMS = (
    "principal", "rate", "day_count", "compounding", "repayment_method", "first_due", "maturity", "fees", "apr",
    "frequency", "instalment_count", "penalty_rate", "rounding",
)  # fmt: skip
"""The members of an agreement that an amendment may name anew."""


class Amendment(Record):
    """Lender and borrower changed terms of their agreement from a day on; each member named replaces the agreement's.

    A change that no member holds is said in `clauses` alone.
    """

    signers: ClassVar[tuple[str, ...]] = ("lender", "borrower")

    type: Literal["amendment"]
    documents: SomeOf[Document]
    effective_from: Date
    reason: Text
    principal: Maybe[Amount] = None
    rate: Maybe[Interest] = None
    day_count: Maybe[DayCount] = None
    compounding: Maybe[Compounding] = None
    repayment_method: Maybe[RepaymentMethod] = None
    first_due: Maybe[Date] = None
    maturity: Maybe[Date] = None
    fees: Maybe[Several[Fee]] = None
    apr: Maybe[Rate] = None
    frequency: Maybe[Period] = None
    instalment_count: Maybe[Count] = None
    penalty_rate: Maybe[Rate] = None
    rounding: Maybe[Rounding] = None
    clauses: Maybe[SomeOf[Clause]] = None

    def changes(self) -> dict[str, object]:
        """Return the terms that are new, by their name."""
        return {name: value for name in TERMS if (value := getattr(self, name)) is not None}

    def contradictions(self) -> Iterator[Fault]:
        """Something is changed, and each fee has one measure."""
        yield from super().contradictions()
        if not self.changes() and self.clauses is None:
            yield Fault("", "changes nothing: it names no term and no clauses")
        for number, fee in enumerate(self.fees or ()):
            yield from fee.contradictions(f"/fees/{number}")
