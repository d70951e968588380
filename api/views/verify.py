# SPDX-License-Identifier: Apache-2.0
"""`/v1/verify`: what the offline verifier says of a receipt or history receipt, for those who cannot run it."""

import orjson
from flask import Blueprint, Response

from api.views.bodies import read_body
from api.wiring import Services
from notary.receipts.report import report_members

MAX_DOCUMENT = 4 * 1024 * 1024
"""Bytes that are verified for anybody who asks; a longer history receipt is for the verifier at home."""


def blueprint(services: Services) -> Blueprint:
    """Return the view."""
    views = Blueprint("verify", __name__, url_prefix="/v1/verify")

    @views.post("")
    def verify() -> Response:
        data = read_body("application/json", limit=MAX_DOCUMENT)
        report = services.verifier.verify(data)
        return Response(orjson.dumps(report_members(report)), mimetype="application/json")

    return views
