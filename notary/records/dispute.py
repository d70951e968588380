# SPDX-License-Identifier: Apache-2.0
"""The borrower's own word, and what came of it."""

from typing import ClassVar, Literal

from notary.records.facts import Facts
from notary.records.fields import Code, Date, Digest, Maybe, Rail, RecordId, Text
from notary.records.money import Amount
from notary.records.record import Record


class PaymentClaim(Record):
    """The borrower says that he paid. `about` is the record that is wrong without it, if there is one.

    `text_commitment` commits to his words, which stay with the parties.
    """

    signers: ClassVar[tuple[str, ...]] = ("borrower",)
    authors: ClassVar[tuple[str, ...]] = ("borrower",)

    type: Literal["payment_claim"]
    amount: Amount
    value_date: Date
    text_commitment: Digest
    rail: Maybe[Rail] = None
    reference: Maybe[Text] = None
    about: Maybe[RecordId] = None


class Dispute(Record):
    """The borrower says that the record `about` is wrong; `ground` is like amount, date, not_mine, unlawful_fee."""

    signers: ClassVar[tuple[str, ...]] = ("borrower",)
    authors: ClassVar[tuple[str, ...]] = ("borrower",)

    type: Literal["dispute"]
    about: RecordId
    ground: Code
    text_commitment: Digest

    def facts(self) -> Facts:
        """Open a dispute under the record's own id."""
        return Facts(about=self.id)


class DisputeResolution(Record):
    """Lender and borrower closed the dispute `about`; what was wrong is put right by further records, in `links`."""

    signers: ClassVar[tuple[str, ...]] = ("lender", "borrower")
    authors: ClassVar[tuple[str, ...]] = ("lender", "borrower")

    type: Literal["dispute_resolution"]
    about: RecordId
    outcome: Literal["upheld", "rejected", "agreed", "withdrawn"]
    text_commitment: Digest

    def facts(self) -> Facts:
        """Close the dispute."""
        return Facts(about=self.about)
