# SPDX-License-Identifier: Apache-2.0
"""Asking for a loan."""

from typing import ClassVar, Literal

from notary.records.fields import Code, Maybe, Period, Pseudonym, RecordId, Text
from notary.records.money import Amount
from notary.records.record import Record


class Application(Record):
    """Somebody asked for a loan (FIBO LoanApplication).

    `product` is the lender's own name of it, `consent` the id of the `data_consent` under which data are looked at.
    """

    signers: ClassVar[tuple[str, ...]] = ("borrower",)
    authors: ClassVar[tuple[str, ...]] = ("borrower", "lender")

    type: Literal["application"]
    product: Text
    amount: Amount
    term: Period
    subject_ref: Pseudonym
    purpose: Maybe[Text] = None
    channel: Maybe[Code] = None
    consent: Maybe[RecordId] = None
