# SPDX-License-Identifier: Apache-2.0
"""The borrower's consent to the use of data."""

from typing import ClassVar, Literal

from notary.records.fields import Code, Date, Maybe, Pseudonym, RecordId, SomeOf, Text
from notary.records.record import Record


class DataConsent(Record):
    """A person allowed the use of data until the end of a day (PIPL articles 13 and 14, GDPR article 7).

    `purposes` are like credit_assessment or collection, `sources` like credit_bureau, payroll or tax.
    """

    signers: ClassVar[tuple[str, ...]] = ("borrower",)
    authors: ClassVar[tuple[str, ...]] = ("borrower",)

    type: Literal["data_consent"]
    subject_ref: Pseudonym
    purposes: SomeOf[Code]
    sources: SomeOf[Code]
    expiry: Date


class ConsentRevoked(Record):
    """The person took the consent back (PIPL article 15); what was done before stays lawful."""

    signers: ClassVar[tuple[str, ...]] = ("borrower",)
    authors: ClassVar[tuple[str, ...]] = ("borrower",)

    type: Literal["consent_revoked"]
    consent: RecordId
    subject_ref: Pseudonym
    reason: Maybe[Text] = None
