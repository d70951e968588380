# SPDX-License-Identifier: Apache-2.0
"""`/v1/my-loan`: one loan, for whoever holds its pass (`Authorization: Bearer lp_...`)."""

import orjson
from flask import Blueprint, Response

from api.auth import authenticated_pass
from api.views.evidence import certificate_response, evidence_response
from api.views.loan_json import LoanWriter
from api.views.moments import asked_moment
from api.wiring import Services
from notary.encoding import format_time
from notary.errors import NotFoundError
from notary.ports import StoredRecord


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("my_loan", __name__, url_prefix="/v1/my-loan")
    write = LoanWriter(services.store, services.keyring, services.policies)

    @views.get("")
    def show() -> Response:
        found = authenticated_pass(services.access)
        lender = services.store.lender(found.lender)
        members = write.whole(lender, found.loan, asked_moment())
        told = {"lender": lender.name, "pass": {"id": found.id, "expires_at": format_time(found.expires_at)}}
        return Response(orjson.dumps({**members, **told}), mimetype="application/json")

    @views.get("/evidence.zip")
    def evidence() -> Response:
        found = authenticated_pass(services.access)
        loan = services.store.find_loans([(found.lender, found.loan)])[found.lender, found.loan]
        return evidence_response(services, services.store.lender(found.lender), loan)

    @views.get("/records/<record_id>/receipt")
    def receipt(record_id: str) -> Response:
        return Response(services.issuer.stored(_record(services, record_id)), mimetype="application/json")

    @views.get("/records/<record_id>/certificate.pdf")
    def certificate(record_id: str) -> Response:
        return certificate_response(services, _record(services, record_id))

    return views


def _record(services: Services, record_id: str) -> StoredRecord:
    """Return a record of the loan of the request's pass. Raises `NotFoundError`, and `Unauthorized` (401)."""
    found = authenticated_pass(services.access)
    key = (found.lender, record_id)
    record = services.store.find_records([key]).get(key)
    if record is None or record.loan != found.loan:
        raise NotFoundError("this loan has no record of this id")
    return record
