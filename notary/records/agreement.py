# SPDX-License-Identifier: Apache-2.0
"""The loan agreement."""

from collections.abc import Iterator
from fractions import Fraction
from typing import ClassVar, Literal

from notary.errors import Fault
from notary.finance.dates import BusinessDay
from notary.finance.day_count import DayCount
from notary.finance.interest import Compounding
from notary.finance.rounding import Rounding
from notary.records.facts import Facts, Holding
from notary.records.fields import Code, Count, Date, Digest, Jurisdiction, Maybe, Model, Period, Several, SomeOf, Text
from notary.records.money import Amount, Interest, Rate
from notary.records.party import Party
from notary.records.record import Document, Record

RepaymentMethod = Literal["equal_instalments", "equal_principal", "interest_only", "bullet", "by_schedule"]
"""等额本息, 等额本金, 先息后本, 到期一次还本付息, and what only the schedule says."""


class Fee(Model):
    """A charge beside interest: a sum, or a rate on the principal. `kind` is like origination, guarantee, service."""

    kind: Code
    amount: Maybe[Amount] = None
    rate: Maybe[Rate] = None

    def contradictions(self, pointer: str) -> Iterator[Fault]:
        """Yield what is wrong in the fee that stands at `pointer`."""
        if (self.amount is None) == (self.rate is None):
            yield Fault(pointer, "needs exactly one of amount and rate")


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
            yield from fee.contradictions(f"/fees/{number}")
        yield from self._share_faults()

    def holdings(self) -> tuple[Holding, ...]:
        """Return the lenders and their parts; equal ones where none is said (Civil Code of China, article 517)."""
        lenders = [party for party in self.parties if party.role == "lender"]
        equal = Fraction(1, len(lenders))
        return tuple(Holding(party.holder, str(party.share.fraction if party.share else equal)) for party in lenders)

    def facts(self) -> Facts:
        """Say who holds the loan, in which currency."""
        return Facts(self.principal.currency, holdings=self.holdings())

    def _share_faults(self) -> Iterator[Fault]:
        shares = []
        for number, party in enumerate(self.parties):
            if party.share is not None:
                yield from party.share.contradictions(f"/parties/{number}/share")
                if party.role != "lender":
                    yield Fault(f"/parties/{number}/share", "is for lenders only")
            if party.role == "lender":
                shares.append(party.share.fraction if party.share else None)
        given = [share for share in shares if share is not None]
        if given and (len(given) != len(shares) or sum(given) != 1):
            yield Fault("/parties", f"the shares of the lenders sum to {sum(given)}, but must to 1", "C8")
