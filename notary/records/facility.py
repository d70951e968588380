# SPDX-License-Identifier: Apache-2.0
"""A line of credit, and changes of its limit."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from notary.errors import Fault
from notary.records.facts import Facts
from notary.records.fields import Date, Maybe, RecordId, Text
from notary.records.money import Amount, Rate
from notary.records.record import Record, in_currency


class Facility(Record):
    """The lender opened a limit that the borrower may draw on (FINOS CDM, FpML facility).

    What is paid back of a `revolving` facility may be drawn again.
    """

    signers: ClassVar[tuple[str, ...]] = ("lender",)

    type: Literal["facility"]
    limit: Amount
    available_from: Date
    available_to: Date
    revolving: bool
    commitment_fee: Maybe[Rate] = None

    def facts(self) -> Facts:
        """Say which currency is drawn."""
        return Facts(currency=self.limit.currency)

    def contradictions(self) -> Iterator[Fault]:
        """It is available for a day at least."""
        yield from super().contradictions()
        if self.available_to < self.available_from:
            yield Fault("/available_to", f"is before /available_from, {self.available_from}")


class LimitChange(Record):
    """The limit of a facility is another one from a day on."""

    signers: ClassVar[tuple[str, ...]] = ("lender",)

    type: Literal["limit_change"]
    old_limit: Amount
    new_limit: Amount
    effective_from: Date
    reason: Text
    facility: Maybe[RecordId] = None
    available_to: Maybe[Date] = None

    def facts(self) -> Facts:
        """Say which currency is drawn."""
        return Facts(currency=self.new_limit.currency)

    def contradictions(self) -> Iterator[Fault]:
        """Both limits are in one currency (check C5)."""
        yield from super().contradictions()
        yield from in_currency(self.new_limit.currency, {"/old_limit": self.old_limit}, "C5", "/new_limit")
