# SPDX-License-Identifier: Apache-2.0
"""`/v1/loans`: a loan's history, as the lender's records tell it."""

import orjson
from flask import Blueprint, Response
from werkzeug.routing import PathConverter

from api.auth import authenticated_lender
from api.views.record_json import RecordWriter
from api.wiring import Services
from notary.errors import NotFoundError


class LoanNumberConverter(PathConverter):
    """All that follows in the path: a lender's number may begin and end with a slash."""

    regex = ".+?"
    part_isolating = False


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("loans", __name__, url_prefix="/v1/loans")
    write = RecordWriter(services.store)

    views.record_once(lambda state: state.app.url_map.converters.update(loan_number=LoanNumberConverter))

    @views.get("/<loan_number:number>")
    def timeline(number: str) -> Response:
        lender = authenticated_lender(services.store)
        loan = services.store.find_loans([(lender.number, number)]).get((lender.number, number))
        if loan is None:
            raise NotFoundError("you have no loan of this number")
        records = services.store.loan_records(lender.number, number)
        members = {"loan": number, "state": loan.state, "records": [write.summary(record) for record in records]}
        return Response(orjson.dumps(members), mimetype="application/json")

    return views
