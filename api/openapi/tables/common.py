# SPDX-License-Identifier: Apache-2.0
"""What several tables say."""

from api.openapi.model import Answer, Query
from api.openapi.shapes import BINARY, TIME, ref
from notary.package.manifest import MEDIA_TYPE

LENDER = Query(
    "lender",
    {"type": "string", "pattern": "^[0-9]{1,9}$"},
    "Whose loans: the number of the lender that granted you to read them. Your own if it is not given.",
)
AS_OF = Query("as_of", TIME, "The moment to look at; now if it is not given.", example="2039-12-31T23:59:59.000Z")
DOCUMENTS = Query(
    "documents",
    {"type": "string", "enum": ["required"]},
    "`required`: the record is refused unless its documents were deposited.",
)
RECEIPT = Answer("The receipt, as far as its anchors have come.", ref("Receipt"))
PACKAGE = Answer("The package, one ZIP file.", BINARY, MEDIA_TYPE)
CERTIFICATE = Answer("The certificate, as far as the record's anchors have come.", BINARY, "application/pdf")
READING = ("not-found", "invalid-input", "erased")

PLACING = (
    "malformed-json", "invalid-record", "invalid-envelope", "invalid-signature", "unknown-key", "key-not-valid",
    "invalid-key", "invalid-certificate", "missing-document", "invalid-input", "duplicate-record",
    "duplicate-batch", "wrong-sequence", "illegal-transition", "other-currency", "wrong-share", "not-the-holder",
    "refused-by-policy", "refused", "erased", "log-busy",
)  # fmt: skip
"""What a record can be refused with."""


def file(description: str, media_type: str, **headers: str) -> Answer:
    """Return the answer that is a file."""
    return Answer(description, BINARY, media_type, headers)
