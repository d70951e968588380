# SPDX-License-Identifier: Apache-2.0
"""Offering terms."""

from typing import ClassVar, Literal

from notary.records.fields import Date, Digest, Maybe
from notary.records.money import Amount, Rate
from notary.records.record import Record


class Offer(Record):
    """The lender offered terms to the borrower until the end of a day.

    `terms_hash` is the SHA-256 of the terms as they were shown; `apr` is the rate that was named to the borrower.
    """

    signers: ClassVar[tuple[str, ...]] = ("lender",)

    type: Literal["offer"]
    terms_hash: Digest
    apr: Rate
    expiry: Date
    amount: Maybe[Amount] = None
