# SPDX-License-Identifier: Apache-2.0
"""Telling the story of one sample loan, record by record."""

from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from api.samples.loans import Loan, Payment, moment
from api.samples.records import SampleRecord, agreement, disbursement, money, reference, repayment, uuid7
from notary.canonical import canonical_json
from notary.finance import Instalment
from notary.records.money import format_amount

_STEP = timedelta(minutes=1)


class Telling:
    """The records of a loan as its lender submits them, each at once after what it speaks of if nothing else is said.

    Sums are in smallest units, days are dates; a method returns the id of the record that it adds.
    """

    def __init__(self, loan: Loan, keys: dict[str, str], document: bytes, random: Random) -> None:
        """Begin the story of a loan; `keys` are the names (`kid`) of the parties' keys."""
        self.loan = loan
        self.keys = keys
        self.records: list[SampleRecord] = []
        self._document = document
        self._random = random
        self._drawdowns = 0

    def tell(self, day: date, kind: str, *signers: str, **members: Any) -> str:
        """Add a record about a day, signed by the lender if no roles are named."""
        return self._add(self._next(day), {"type": kind, **members}, signers or ("lender",))

    def agree(self, told: date | None = None) -> str:
        """Add the agreement, submitted on the day `told` if that is given."""
        body = agreement(self.loan, self.keys["lender"], self._document)
        return self._add(self.loan.agreed, body, ("lender", "borrower"), told)

    def pay_out(self, minor: int, day: date) -> str:
        """Add a payment to the borrower."""
        self._drawdowns += 1
        body = disbursement(self.loan, minor, day, self._drawdowns, self._random)
        return self._add(self._next(day), body, ("lender",))

    def plan(self, rows: tuple[Instalment, ...], day: date) -> str:
        """Add a schedule."""
        return self.tell(day, "schedule", currency=self.loan.profile.currency, rows=[self._row(row) for row in rows])

    def begin(self) -> None:
        """Add the agreement, the payment of the whole sum, and the schedule."""
        terms = self.loan.terms
        self.agree()
        self.pay_out(terms.principal, terms.disbursed)
        self.plan(self.loan.schedule, terms.disbursed)

    def pay(self, row: Instalment, day: date | None = None) -> str:
        """Add the payment of an instalment, on its day if no other is named."""
        paid = day or row.due
        payment = Payment(row, paid, 0, self.loan.profile.repayment_rails[0])
        return self._add(self._next(paid), repayment(self.loan, payment, self._random), ("lender",))

    def pay_principal(self, minor: int, day: date) -> str:
        """Add a payment of principal outside the schedule."""
        split = {"principal": self.money(minor), "interest": self.money(0)}
        return self.tell(day, "repayment", split=split, **self.payment(minor, day), payer_ref=self.loan.account_ref)

    def payment(self, minor: int, day: date) -> dict[str, Any]:
        """Return the members of a payment by the borrower."""
        return {
            "amount": self.money(minor),
            "value_date": day.isoformat(),
            "rail": self.loan.profile.repayment_rails[0],
            "reference": reference(day, self._random),
        }

    def money(self, minor: int) -> dict[str, Any]:
        """Return a sum as a record holds it."""
        return money(self.loan, minor)

    def _row(self, row: Instalment) -> dict[str, Any]:
        currency = self.loan.profile.currency
        sums = {name: format_amount(getattr(row, name), currency) for name in ("principal", "interest", "balance")}
        return {"no": row.number, "due": row.due.isoformat(), **sums}

    def _next(self, day: date) -> datetime:
        """Return a moment of business hours on a day, after the record before."""
        drawn = moment(self._random, day, self.loan.profile)
        return max(drawn, self.records[-1].told_at + _STEP) if self.records else drawn

    def _add(
        self, occurred_at: datetime, body: dict[str, Any], signers: tuple[str, ...], told: date | None = None
    ) -> str:
        record_id = uuid7(occurred_at, self._random)
        record = {
            **body,
            "id": record_id,
            "loan": self.loan.number,
            "occurred_at": f"{occurred_at:%Y-%m-%dT%H:%M:%SZ}",
        }
        told_at = self._next(told) if told else occurred_at
        self.records.append(SampleRecord(told_at, canonical_json(record), signers))
        return record_id
