# SPDX-License-Identifier: Apache-2.0
"""`/v1/records`: submitting records, and what became of them."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson
from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from api.auth import authenticated_lender
from api.problems import describe
from api.views.bodies import read_body, read_lines, require_media_type
from api.views.record_json import RecordWriter
from api.wiring import Services
from api.writer_protocol import MAX_SUBMISSIONS
from notary.errors import InvalidInputError, NotaryError, NotFoundError, RefusedError
from notary.ports import Lender, StoredRecord
from notary.registration import MAX_BODY
from notary.sequencer import Placed, Submission

MAX_BATCH = 64 * 1024 * 1024


class _Line(NamedTuple):
    number: int
    result: Submission | dict[str, Any]


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("records", __name__, url_prefix="/v1")
    write = RecordWriter(services.store)

    @views.post("/records")
    def submit() -> Response:
        lender = authenticated_lender(services.store)
        body = read_body("application/json", "application/jose+json", limit=MAX_BODY)
        submission = services.registrar.submission(lender, body, prove=True)
        [placed] = services.writer.append([submission])
        if isinstance(placed, RefusedError):
            raise placed
        if placed.fresh:
            receipt, status = services.issuer.fresh(lender, submission, placed), 201
        else:
            receipt, status = services.issuer.stored(services.store.record_at(placed.index)), 200
        response = Response(receipt, status, mimetype="application/json")
        response.headers["Location"] = f"/v1/records/{submission.record_id}"
        return response

    @views.post("/records:batch")
    def submit_batch() -> Response:
        lender = authenticated_lender(services.store)
        require_media_type("application/x-ndjson")
        if (request.content_length or 0) > MAX_BATCH:
            raise RequestEntityTooLarge(f"a batch has at most {MAX_BATCH} bytes")
        lines = read_lines(request.stream, MAX_BODY)
        return Response(_answer_lines(services, lender, lines), mimetype="application/x-ndjson")

    @views.get("/records/<record_id>")
    def show(record_id: str) -> Response:
        lender = authenticated_lender(services.store)
        record = _find(services, lender, record_id)
        return Response(orjson.dumps(write.whole(record)), mimetype="application/json")

    @views.get("/records/<record_id>/receipt")
    def receipt(record_id: str) -> Response:
        lender = authenticated_lender(services.store)
        record = _find(services, lender, record_id)
        return Response(services.issuer.stored(record), mimetype="application/json")

    return views


def _find(services: Services, lender: Lender, record_id: str) -> StoredRecord:
    # An id that is no UUID is nobody's, so it is simply not found.
    try:
        found = services.store.find_records([(lender.number, record_id)])
    except ValueError:
        found = {}
    if (lender.number, record_id) not in found:
        raise NotFoundError("you have no record of this id")
    return found[lender.number, record_id]


def _answer_lines(services: Services, lender: Lender, lines: Iterator[bytes]) -> Iterator[bytes]:
    part: list[_Line] = []
    for number, body in enumerate(lines, 1):
        try:
            result: Submission | dict[str, Any] = services.registrar.submission(lender, body, prove=False)
        except InvalidInputError as error:
            result = describe(error)
        part.append(_Line(number, result))
        if len(part) == MAX_SUBMISSIONS:
            yield _place_part(services, part)
            part = []
    if part:
        yield _place_part(services, part)


def _place_part(services: Services, part: list[_Line]) -> bytes:
    """Place some lines together, and return a line of answer for each, in order."""
    submissions = [line.result for line in part if isinstance(line.result, Submission)]
    try:
        places = iter(services.writer.append(submissions) if submissions else ())
    except NotaryError as error:
        # The response has begun, so its status cannot change: each line says itself that it was not taken.
        problem = describe(error)
        return b"".join(
            _line(line.number, problem if isinstance(line.result, Submission) else line.result) for line in part
        )
    answers = []
    for line in part:
        if isinstance(line.result, Submission):
            answers.append(_line(line.number, _placed_members(line.result, next(places))))
        else:
            answers.append(_line(line.number, line.result))
    return b"".join(answers)


def _placed_members(submission: Submission, placed: Placed | RefusedError) -> dict[str, Any]:
    if isinstance(placed, RefusedError):
        return {"id": submission.record_id, **describe(placed)}
    return {
        "status": 201 if placed.fresh else 200,
        "id": submission.record_id,
        "index": placed.index,
        "sequence": placed.sequence,
    }


def _line(number: int, members: dict[str, Any]) -> bytes:
    return orjson.dumps({"line": number, **members}, option=orjson.OPT_APPEND_NEWLINE)
