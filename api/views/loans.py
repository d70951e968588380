# SPDX-License-Identifier: Apache-2.0
"""`/v1/loans`: a loan's history, as the lender's records tell it."""

import orjson
from flask import Blueprint, Response

from api.auth import authenticated_lender
from api.views.record_json import RecordWriter
from api.wiring import Services
from notary.errors import NotFoundError


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("loans", __name__, url_prefix="/v1/loans")
    write = RecordWriter(services.store)

    @views.get("/<path:number>")
    def timeline(number: str) -> Response:
        lender = authenticated_lender(services.store)
        loan = services.store.find_loans([(lender.number, number)]).get((lender.number, number))
        if loan is None:
            raise NotFoundError("you have no loan of this number")
        records = services.store.loan_records(lender.number, number)
        members = {"loan": number, "state": loan.state, "records": [write.summary(record) for record in records]}
        return Response(orjson.dumps(members), mimetype="application/json")

    return views
