# SPDX-License-Identifier: Apache-2.0
"""Answers that several views give."""

from flask import Response

from api.wiring import Services
from notary.log.submission import Placed, Submission
from notary.ports.parties import Lender


def receipt_response(
    services: Services, lender: Lender, index: int, placed: tuple[Submission, Placed] | None
) -> Response:
    """Return the receipt of the record at `index`: 201 if it has just been placed, 200 if it was there before."""
    if placed is not None:
        return Response(services.issuer.fresh(lender, *placed), 201, mimetype="application/json")
    return Response(services.issuer.stored(services.store.record_at(index)), 200, mimetype="application/json")


def no_content() -> Response:
    """Return the answer that says nothing: 204, and no word on the kind of what is not there."""
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response
