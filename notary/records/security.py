# SPDX-License-Identifier: Apache-2.0
"""What a lender can turn to where the borrower does not pay, and giving it back."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from notary.errors import Fault
from notary.records.fields import Code, Count, Date, Maybe, Pseudonym, RecordId, Text
from notary.records.money import Amount
from notary.records.party import Somebody
from notary.records.record import Record


class Guarantee(Record):
    """Somebody stands in for the borrower (FIBO Guaranty). `kind` is like joint_and_several or general.

    `value` is the most that the guarantor pays.
    """

    signers: ClassVar[tuple[str, ...]] = ("lender", "guarantor")

    type: Literal["guarantee"]
    kind: Code
    guarantor: Somebody
    value: Amount
    valid_until: Maybe[Date] = None

    def keys_of(self, role: str) -> frozenset[str]:
        """Return the guarantor's key, if it is named."""
        return frozenset(filter(None, [self.guarantor.key])) if role == "guarantor" else frozenset()

    def contradictions(self) -> Iterator[Fault]:
        """The guarantor is named once."""
        yield from super().contradictions()
        yield from self.guarantor.contradictions("/guarantor")


class Collateral(Record):
    """An asset secures the loan (FIBO Collateral). `kind` is like real_estate, vehicle or receivable.

    `asset_ref` is a salted digest of the asset's number. `registry` and `registry_no` say where the lien is registered
    and under which number: 中登网, a UCC filing.
    """

    signers: ClassVar[tuple[str, ...]] = ("lender", "guarantor")

    type: Literal["collateral"]
    kind: Code
    asset_ref: Pseudonym
    value: Amount
    valuation_date: Date
    lien_rank: Count
    registry: Maybe[Text] = None
    registry_no: Maybe[Text] = None

    def contradictions(self) -> Iterator[Fault]:
        """A registry and its number come together."""
        yield from super().contradictions()
        if (self.registry is None) != (self.registry_no is None):
            yield Fault("/registry_no", "and /registry come together")


class Release(Record):
    """The lender gave a security back; `security` is the id of the record that created it."""

    signers: ClassVar[tuple[str, ...]] = ("lender",)

    type: Literal["release"]
    kind: Literal["collateral", "guarantee"]
    security: RecordId
    released_on: Date
    registry_no: Maybe[Text] = None
    reason: Maybe[Text] = None
