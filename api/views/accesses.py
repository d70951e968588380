# SPDX-License-Identifier: Apache-2.0
"""`/v1/accesses`: who read what of a lender's loans. To read these lines is no such read."""

import orjson
from flask import Blueprint, Response

from api.access.auth import authenticated_lender, authenticated_pass
from api.views.access_lines import borrower_lines, lender_lines
from api.wiring import Services


def blueprint(services: Services) -> Blueprint:
    """Return the views; those of one loan are with it in `api.views.loans`."""
    views = Blueprint("accesses", __name__, url_prefix="/v1")

    @views.get("/accesses")
    def index() -> Response:
        return lender_lines(services, authenticated_lender(services.access).number)

    @views.get("/my-loan/accesses")
    def of_pass() -> Response:
        found = authenticated_pass(services.access)
        return Response(orjson.dumps(borrower_lines(services, found.lender, found.loan)), mimetype="application/json")

    return views
