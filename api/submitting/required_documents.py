# SPDX-License-Identifier: Apache-2.0
"""Whether the documents that a record names must have been deposited: the request or the lender's policy asks it."""

from flask import request

from api.wiring import Services
from notary.errors import Fault, InvalidInputError
from notary.log.submission import Submission
from notary.ports.parties import Lender
from notary.receipts.provenance import require_documents


def documents_required() -> bool:
    """Tell whether the request asks it, by `?documents=required`. Raises `InvalidInputError` for another value."""
    asked = request.args.get("documents")
    if asked not in (None, "required"):
        raise InvalidInputError(Fault("", "the parameter documents can only be required", ""))
    return asked is not None


def check_documents(services: Services, lender: Lender, submission: Submission, required: bool) -> None:
    """Return if all is there that the request (`required`) or the policy asks. Raises `MissingDocumentError`."""
    if required or services.policies.of(lender).requires_documents(submission.type):
        require_documents(services.store, lender.number, submission.payload)
