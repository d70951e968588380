# SPDX-License-Identifier: Apache-2.0
"""`/v1/loans`: where a loan stands at any moment, and the records that say so."""

import orjson
from flask import Blueprint, Response
from werkzeug.routing import PathConverter

from api.access.auth import authenticated_lender
from api.access.reading import reader
from api.views.access_lines import lender_lines, loan_references
from api.views.evidence import evidence_response
from api.views.loan_json import LoanWriter
from api.views.moments import asked_moment
from api.wiring import Services
from notary.errors import ErasedError


class LoanNumberConverter(PathConverter):
    """All that follows in the path: a lender's number may begin and end with a slash."""

    regex = ".+?"
    part_isolating = False


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("loans", __name__, url_prefix="/v1/loans")
    write = LoanWriter(services.store, services.keyring, services.policies)

    views.record_once(lambda state: state.app.url_map.converters.update(loan_number=LoanNumberConverter))

    @views.get("/<loan_number:number>")
    def timeline(number: str) -> Response:
        reading = reader(services)
        reading.loan(services, number)
        return Response(orjson.dumps(write.whole(reading.lender, number, asked_moment())), mimetype="application/json")

    @views.get("/<loan_number:number>/receipt")
    def receipt(number: str) -> Response:
        reading = reader(services)
        if not services.store.find_loans([(reading.lender.number, number)]):
            # Nothing keeps a lender from numbers that end like this path.
            return timeline(f"{number}/receipt")
        loan = reading.loan(services, number)
        return Response(services.issuer.history(reading.lender, loan), mimetype="application/json")

    @views.get("/<loan_number:number>/evidence.zip")
    def evidence(number: str) -> Response:
        reading = reader(services)
        if not services.store.find_loans([(reading.lender.number, number)]):
            return timeline(f"{number}/evidence.zip")
        return evidence_response(services, reading.lender, reading.loan(services, number))

    @views.get("/<loan_number:number>/accesses")
    def accesses(number: str) -> Response:
        lender = authenticated_lender(services.access).number
        loan = services.store.find_loans([(lender, number)]).get((lender, number))
        if loan is None:
            return timeline(f"{number}/accesses")
        if loan.erasure:
            raise ErasedError(loan.erasure)
        return lender_lines(services, lender, loan_references(services, lender, number))

    return views
