# SPDX-License-Identifier: Apache-2.0
"""`/v1/drafts`: half-signed records, which the other parties can read and sign."""

from typing import Any

import orjson
from flask import Blueprint, Response, request

from api.access.auth import authenticated_lender
from api.submitting.required_documents import check_documents, documents_required
from api.views.answers import no_content, receipt_response
from api.views.bodies import read_body
from api.wiring import Services
from notary.drafts import Admission, Completed, Waiting
from notary.encoding import format_time
from notary.parties.signatures import missing_signers
from notary.ports.drafts import Draft
from notary.ports.parties import Lender
from notary.records import parse_record
from notary.registration import MAX_BODY

_PAGE = 200


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("drafts", __name__, url_prefix="/v1/drafts")

    @views.post("")
    def hand_in() -> Response:
        lender = authenticated_lender(services.access)
        body = read_body("application/json", "application/jose+json", limit=MAX_BODY)
        return _answer(services, lender, services.drafts.hand_in(lender, body, _admission(services, lender)))

    @views.get("")
    def index() -> Response:
        lender = authenticated_lender(services.access)
        services.reads.note(lender.number)
        drafts, following = services.drafts.page(lender, request.args.get("after", ""), _PAGE)
        return _json({"drafts": [_members(draft) for draft in drafts], "after": following})

    @views.get("/<record_id>")
    def show(record_id: str) -> Response:
        lender = authenticated_lender(services.access)
        draft = services.drafts.find(lender, record_id)
        record = orjson.loads(draft.payload)
        services.reads.note(lender.number, loan=record["loan"])
        return _json({**_members(draft), "record": record, "envelope": draft.envelope.to_json()})

    @views.post("/<record_id>/signatures")
    def sign(record_id: str) -> Response:
        lender = authenticated_lender(services.access)
        body = read_body("application/json", limit=MAX_BODY)
        return _answer(services, lender, services.drafts.sign(lender, record_id, body, _admission(services, lender)))

    @views.delete("/<record_id>")
    def withdraw(record_id: str) -> Response:
        lender = authenticated_lender(services.access)
        services.drafts.withdraw(lender, record_id)
        return no_content()

    return views


def _admission(services: Services, lender: Lender) -> Admission:
    required = documents_required()
    return lambda submission: check_documents(services, lender, submission, required)


def _answer(services: Services, lender: Lender, outcome: Waiting | Completed) -> Response:
    if isinstance(outcome, Waiting):
        return _json(_members(outcome.draft), 202 if outcome.changed else 200)
    return receipt_response(services, lender, outcome.index, outcome.placed)


def _members(draft: Draft) -> dict[str, Any]:
    record = parse_record(orjson.loads(draft.payload))
    return {
        "id": draft.record_id,
        "loan": record.loan,
        "type": record.type,
        "signed": [{"party": party, "kid": kid} for kid, party in draft.signed.items()],
        "missing": missing_signers(record, draft.signed),
        "created_at": format_time(draft.created_at),
        "expires_at": format_time(draft.expires_at),
    }


def _json(members: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(members), status, mimetype="application/json")
