# SPDX-License-Identifier: Apache-2.0
"""`/v1/loans`: where a loan stands at any moment, and the records that say so."""

import orjson
from flask import Blueprint, Response
from werkzeug.routing import PathConverter

from api.auth import authenticated_lender
from api.views.moments import asked_moment
from api.views.record_json import RecordWriter
from api.wiring import Services
from notary.errors import NotFoundError
from notary.history import Book, loan_view, read_events, view_json


class LoanNumberConverter(PathConverter):
    """All that follows in the path: a lender's number may begin and end with a slash."""

    regex = ".+?"
    part_isolating = False


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("loans", __name__, url_prefix="/v1/loans")
    write = RecordWriter(services.store, services.keyring)

    views.record_once(lambda state: state.app.url_map.converters.update(loan_number=LoanNumberConverter))

    @views.get("/<loan_number:number>")
    def timeline(number: str) -> Response:
        lender = authenticated_lender(services.store)
        if not services.store.find_loans([(lender.number, number)]):
            raise NotFoundError("you have no loan of this number")
        as_of = asked_moment()
        records = [
            record for record in services.store.loan_records(lender.number, number) if record.received_at <= as_of
        ]
        version, policy = services.policies.at(lender, as_of)
        view = loan_view(Book.of(read_events(records), as_of), policy.thresholds)
        members = {
            "loan": number,
            **view_json(view),
            "policy": version,
            "records": [write.summary(record) for record in records],
        }
        return Response(orjson.dumps(members), mimetype="application/json")

    @views.get("/<loan_number:number>/receipt")
    def receipt(number: str) -> Response:
        lender = authenticated_lender(services.store)
        loan = services.store.find_loans([(lender.number, number)]).get((lender.number, number))
        if loan is None:
            # Nothing keeps a lender from numbers that end like this path.
            return timeline(f"{number}/receipt")
        return Response(services.issuer.history(lender, loan), mimetype="application/json")

    return views
