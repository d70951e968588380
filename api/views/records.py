# SPDX-License-Identifier: Apache-2.0
"""`/v1/records`: submitting records, and what became of them."""

from itertools import chain

import orjson
from flask import Blueprint, Response, request, stream_with_context
from werkzeug.exceptions import RequestEntityTooLarge

from api.access.auth import authenticated_lender
from api.access.reading import reader
from api.clock import now
from api.serving.single_post import decided
from api.submitting.required_documents import check_documents, documents_required
from api.submitting.signed_lines import answer_file
from api.views.answers import receipt_response
from api.views.bodies import checked_stream, read_body, read_lines, require_media_type
from api.views.evidence import certificate_response
from api.views.record_json import RecordWriter
from api.wiring import Services
from notary.errors import RefusedError
from notary.exports import cose, tlog_proof
from notary.ports.parties import Lender
from notary.registration import MAX_BODY

MAX_BATCH = 64 * 1024 * 1024


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("records", __name__, url_prefix="/v1")
    write = RecordWriter(services.store, services.keyring)

    @views.post("/records")
    def submit() -> Response:
        lender = authenticated_lender(services.access)
        before = decided(request.environ)
        return receipt_response(services, lender, before.index, None) if before else _place(services, lender)

    @views.post("/records:batch")
    def submit_batch() -> Response:
        lender = authenticated_lender(services.access)
        require_media_type("application/x-ndjson")
        if (request.content_length or 0) > MAX_BATCH:
            raise RequestEntityTooLarge(f"a batch has at most {MAX_BATCH} bytes")
        lines = read_lines(checked_stream(request.stream, services.scratch), MAX_BODY)
        answers = answer_file(services, lender, lines, documents_required(), MAX_BATCH)
        # The first part is placed before the response begins, so that a busy log can still be said with a 503.
        first = next(answers, b"")
        # The lines' problems have the request's own trace id.
        return Response(stream_with_context(chain([first], answers)), mimetype="application/x-ndjson")

    @views.get("/records/<record_id>")
    def show(record_id: str) -> Response:
        reading = reader(services)
        record = reading.record(services, record_id)
        thresholds = services.policies.of(reading.lender).thresholds
        return Response(orjson.dumps(write.whole(record, now(), thresholds)), mimetype="application/json")

    @views.get("/records/<record_id>/receipt")
    def receipt(record_id: str) -> Response:
        record = reader(services).record(services, record_id)
        return Response(services.issuer.stored(record), mimetype="application/json")

    @views.get("/records/<record_id>/proof.tlog-proof")
    def proof(record_id: str) -> Response:
        record = reader(services).record(services, record_id)
        return Response(services.exporter.tlog_proof(record.index), content_type=tlog_proof.MEDIA_TYPE)

    @views.get("/records/<record_id>/receipt.cose")
    def cose_receipt(record_id: str) -> Response:
        record = reader(services).record(services, record_id)
        return Response(services.exporter.inclusion_receipt(record.index), content_type=cose.MEDIA_TYPE)

    @views.get("/records/<record_id>/certificate.pdf")
    def certificate(record_id: str) -> Response:
        return certificate_response(services, reader(services).record(services, record_id))

    return views


def _place(services: Services, lender: Lender) -> Response:
    body = read_body("application/json", "application/jose+json", limit=MAX_BODY)
    submission = services.registrar.submission(lender, body, prove=True)
    check_documents(services, lender, submission, documents_required())
    [placed] = services.gate.append(lender, [submission])
    if isinstance(placed, RefusedError):
        raise placed
    return receipt_response(services, lender, placed.index, (submission, placed) if placed.fresh else None)
