# SPDX-License-Identifier: Apache-2.0
"""The plan of payments."""

from collections.abc import Iterator
from datetime import date
from typing import ClassVar, Literal

from notary.errors import Fault
from notary.finance.schedule import Instalment
from notary.once import once
from notary.records.facts import Facts
from notary.records.fields import Count, Date, Maybe, Model, RowsOf
from notary.records.money import EXPONENTS, Currency, Decimals, has_scale, minor_units
from notary.records.record import Record


class Row(Model):
    """One instalment: what is due on a day, and the principal that is left after it.

    Its sums are decimal strings in the schedule's currency; as money objects, thirty years of months would not fit
    into a record.
    """

    no: Count
    due: Date
    principal: Decimals
    interest: Decimals
    balance: Decimals
    fee: Maybe[Decimals] = None


class Schedule(Record):
    """When what is due (FIBO RepaymentSchedule). It replaces the loan's schedule before it from here on.

    Rows that do not add up are taken and become findings.
    """

    signers: ClassVar[tuple[str, ...]] = ("lender",)

    type: Literal["schedule"]
    currency: Currency
    rows: RowsOf[Row]

    @once
    def instalments(self) -> tuple[Instalment, ...]:
        """The rows as numbers."""
        return tuple(
            Instalment(
                row.no,
                date.fromisoformat(row.due),
                minor_units(row.principal),
                minor_units(row.interest),
                minor_units(row.fee) if row.fee else 0,
                minor_units(row.balance),
            )
            for row in self.rows
        )

    def facts(self) -> Facts:
        """Say which currency is due."""
        return Facts(currency=self.currency)

    def contradictions(self) -> Iterator[Fault]:
        """The currency is known, and every sum has its decimals (check C5)."""
        yield from super().contradictions()
        exponent = EXPONENTS.get(self.currency)
        if exponent is None:
            yield Fault("/currency", "is not the code of an active currency (ISO 4217)", "C5")
            return
        for number, row in enumerate(self.rows):
            for name in ("principal", "interest", "balance", "fee"):
                amount = getattr(row, name)
                if amount is not None and not has_scale(amount, exponent):
                    yield Fault(f"/rows/{number}/{name}", f"must have exactly {exponent} decimals", "C5")
