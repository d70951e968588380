# SPDX-License-Identifier: Apache-2.0
"""`/v1/my-loan`: one loan, for whoever holds its pass (`Authorization: Bearer lp_...`).

He can read all of it, and add his own word: that a record is wrong, or that he paid. With his signature or without it,
such a record goes into the loan's history, and nothing that the lender does keeps it out.
"""

import orjson
from flask import Blueprint, Response

from api.access.auth import authenticated_pass
from api.clock import now
from api.views.answers import receipt_response
from api.views.bodies import read_body
from api.views.evidence import certificate_response, evidence_response
from api.views.loan_json import LoanWriter
from api.views.moments import asked_moment
from api.wiring import Services
from notary.access import LoanPass
from notary.encoding import format_time
from notary.errors import Fault, InvalidRecordError, NotFoundError, RefusedError
from notary.log.submission import Submission
from notary.ports.records import StoredRecord
from notary.registration import MAX_BODY

OWN_WORD = ("dispute", "payment_claim")
"""The types of record that whoever holds a loan's pass may add to it."""
MOST_WORDS = 50
"""Records of these types that one loan can have before a pass adds no more."""


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("my_loan", __name__, url_prefix="/v1/my-loan")
    write = LoanWriter(services.store, services.keyring, services.policies)

    @views.get("")
    def show() -> Response:
        found = authenticated_pass(services.access)
        lender = services.store.lender(found.lender)
        services.reads.note(found.lender, loan=found.loan)
        members = write.whole(lender, found.loan, asked_moment())
        told = {"lender": lender.name, "pass": {"id": found.id, "expires_at": format_time(found.expires_at)}}
        return Response(orjson.dumps({**members, **told}), mimetype="application/json")

    @views.get("/evidence.zip")
    def evidence() -> Response:
        found = authenticated_pass(services.access)
        loan = services.store.find_loans([(found.lender, found.loan)]).get((found.lender, found.loan))
        if loan is None:
            raise NotFoundError("this loan has no records")
        services.reads.note(found.lender, loan=found.loan)
        return evidence_response(services, services.store.lender(found.lender), loan)

    @views.post("/records")
    def submit() -> Response:
        found = authenticated_pass(services.access)
        lender = services.store.lender(found.lender)
        body = read_body("application/json", "application/jose+json", limit=MAX_BODY)
        submission = services.registrar.submission(lender, body, prove=True)
        _require_own_word(services, found, submission)
        _note(services, found, submission)
        # Past the lender's own policy: it is the borrower who speaks, and the lender has no say in that.
        [placed] = services.gate.append_unjudged([submission])
        if isinstance(placed, RefusedError):
            raise placed
        return receipt_response(services, lender, placed.index, (submission, placed) if placed.fresh else None)

    @views.get("/records/<record_id>/receipt")
    def receipt(record_id: str) -> Response:
        return Response(services.issuer.stored(_record(services, record_id)), mimetype="application/json")

    @views.get("/records/<record_id>/certificate.pdf")
    def certificate(record_id: str) -> Response:
        return certificate_response(services, _record(services, record_id))

    return views


def _require_own_word(services: Services, found: LoanPass, submission: Submission) -> None:
    """Raise `InvalidRecordError` unless a record is one that the holder of a pass may add to its loan."""
    payload = orjson.loads(submission.payload)
    if submission.type not in OWN_WORD:
        raise InvalidRecordError(Fault("/type", f"with a loan pass it must be one of {', '.join(OWN_WORD)}"))
    if submission.loan != found.loan:
        raise InvalidRecordError(Fault("/loan", "must be the loan of the pass"))
    about = payload.get("about")
    if about is not None:
        other = services.store.find_records([(found.lender, about)]).get((found.lender, about))
        if other is None or other.loan != found.loan:
            raise InvalidRecordError(Fault("/about", "must be the id of a record of this loan"))


def _note(services: Services, found: LoanPass, submission: Submission) -> None:
    """Write down that this pass, and not the lender, brought the record, unless it is there already.

    Raises `RefusedError` where the loan has so many open words of this kind that more would only be noise.
    """
    history = services.store.loan_records(found.lender, found.loan)
    if any(record.record_id == submission.record_id for record in history):
        return
    brought = sum(orjson.loads(record.payload)["type"] in OWN_WORD for record in history)
    if brought >= MOST_WORDS:
        raise RefusedError(f"this loan has {brought} disputes and claims already")
    reference = services.store.loan_reference(found.lender, found.loan)
    subject = "record_" + services.store.owner_keys(found.lender).record(submission.record_id).hex()
    services.administration.note(found.lender, now(), "pass.submit", found.id, subject, about_loan=reference)


def _record(services: Services, record_id: str) -> StoredRecord:
    """Return a record of the loan of the request's pass, and note that it is read.

    Raises `NotFoundError`, and `Unauthorized` (401).
    """
    found = authenticated_pass(services.access)
    key = (found.lender, record_id)
    record = services.store.find_records([key]).get(key)
    if record is None or record.loan != found.loan:
        raise NotFoundError("this loan has no record of this id")
    services.reads.note(found.lender, loan=found.loan, entry=record.index)
    return record
