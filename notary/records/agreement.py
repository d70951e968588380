# SPDX-License-Identifier: Apache-2.0
"""The loan agreement."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from notary.errors import Fault
from notary.records.fields import Code, Count, Date, Digest, Jurisdiction, Maybe, Model, Period, Several, SomeOf, Text
from notary.records.money import Amount, Interest, Rate
from notary.records.party import Party
from notary.records.record import Document, Record

DayCount = Literal[
    "ACT/360", "ACT/364", "ACT/365.FIXED", "ACT/365L", "ACT/ACT.AFB", "ACT/ACT.ICMA", "ACT/ACT.ISDA",
    "30/360", "30E/360", "30E/360.ISDA", "CAL/252", "1/1",
]  # fmt: skip
"""How days become years (FINOS CDM DayCountFractionEnum)."""

Compounding = Literal["none", "daily", "weekly", "monthly", "quarterly", "semi_annual", "annual"]
Rounding = Literal["half_up", "half_even", "down", "up"]
BusinessDay = Literal["none", "following", "modified_following", "preceding", "modified_preceding"]
RepaymentMethod = Literal["equal_instalments", "equal_principal", "interest_only", "bullet", "by_schedule"]
"""等额本息, 等额本金, 先息后本, 到期一次还本付息, and what only the schedule says."""


class Fee(Model):
    """A charge beside interest: a sum, or a rate on the principal. `kind` is like origination, guarantee, service."""

    kind: Code
    amount: Maybe[Amount] = None
    rate: Maybe[Rate] = None


class Clause(Model):
    """Where the document says what a member says: `member` is a JSON Pointer into the record."""

    member: Text
    document: Maybe[Digest] = None
    clause: Text
    page: Maybe[Count] = None


class Agreement(Record):
    """Lender and borrower agreed on a loan (FIBO CreditAgreement).

    `documents` holds the digest of the agreement as it was signed. `frequency` and `instalment_count` describe the
    schedule, `penalty_rate` is due on what is late, and `clauses` leads from members to the text.
    """

    signers: ClassVar[tuple[str, ...]] = ("lender", "borrower")

    type: Literal["agreement"]
    documents: SomeOf[Document]
    parties: SomeOf[Party]
    principal: Amount
    rate: Interest
    day_count: DayCount
    compounding: Compounding
    repayment_method: RepaymentMethod
    first_due: Date
    maturity: Date
    fees: Several[Fee]
    apr: Rate
    governing_law: Jurisdiction
    frequency: Maybe[Period] = None
    instalment_count: Maybe[Count] = None
    penalty_rate: Maybe[Rate] = None
    rounding: Maybe[Rounding] = None
    business_day: Maybe[BusinessDay] = None
    calendar: Maybe[Text] = None
    purpose: Maybe[Text] = None
    clauses: Maybe[SomeOf[Clause]] = None

    def keys_of(self, role: str) -> frozenset[str]:
        """Return the keys named for a role, once each of its parties names one."""
        keys = [party.key for party in self.parties if party.role == role]
        return frozenset(key for key in keys if key is not None) if all(keys) else frozenset()

    def contradictions(self) -> Iterator[Fault]:
        """There is a lender and a borrower, each party is named once, each fee has one measure."""
        yield from super().contradictions()
        roles = {party.role for party in self.parties}
        for role in self.signers:
            if role not in roles:
                yield Fault("/parties", f"names no {role}")
        for number, party in enumerate(self.parties):
            yield from party.contradictions(f"/parties/{number}")
        for number, fee in enumerate(self.fees):
            if (fee.amount is None) == (fee.rate is None):
                yield Fault(f"/fees/{number}", "needs exactly one of amount and rate")
