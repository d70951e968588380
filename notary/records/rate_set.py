# SPDX-License-Identifier: Apache-2.0
"""Fixing a floating rate."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from notary.errors import Fault
from notary.records.fields import Date, Text
from notary.records.money import Rate, Spread
from notary.records.record import Record


class RateSet(Record):
    """The rate of one interest period was fixed (FpML rate set notice).

    `fixing` is the index as published, `all_in` the rate that the period bears: fixing plus spread, within the
    agreement's cap and floor. The period has its first day and not its last.
    """

    signers: ClassVar[tuple[str, ...]] = ("lender",)

    type: Literal["rate_set"]
    period_start: Date
    period_end: Date
    index: Text
    fixing: Spread
    spread: Spread
    all_in: Rate

    def contradictions(self) -> Iterator[Fault]:
        """The period has a day, and all rates are for one unit of time."""
        yield from super().contradictions()
        if self.period_end <= self.period_start:
            yield Fault("/period_end", f"is not after /period_start, {self.period_start}")
        for name in ("fixing", "spread"):
            if getattr(self, name).unit != self.all_in.unit:
                yield Fault(f"/{name}/unit", f"must be {self.all_in.unit}, the unit of /all_in")
