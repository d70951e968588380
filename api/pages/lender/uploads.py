# SPDX-License-Identifier: Apache-2.0
"""`/lender/uploads`: a file of records, sent by a form and worked through as a job, with its progress and errors."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import orjson
from flask import Blueprint, Response, request
from flask_babel import gettext as _

from api.clock import now
from api.jobs.files import MAX_PART
from api.jobs.job import Job
from api.jobs.results import read_results
from api.pages.language import chosen_language
from api.pages.page import page, see_other
from api.pages.sessions import signed_in
from api.problem_texts import problem_texts
from api.wiring import Services
from notary.access import WRITE_RECORDS
from notary.errors import JobError

LARGEST = 512 * 1024 * 1024
"""Bytes of a file that the form takes; longer ones go through the API, in parts."""
_MOST_ERRORS, _MOST_SCANNED = 200, 16 * 1024 * 1024


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("uploads", __name__, url_prefix="/lender/uploads")
    files = services.jobs

    @views.get("")
    def index() -> Response:
        return _index()

    @views.post("")
    @_takes(LARGEST)
    def create() -> Response:
        lender = signed_in(services, WRITE_RECORDS, "lender").caller.organisation.number
        sent = request.files.get("records")
        if sent is None or not sent.stream.read(1):
            return _index(422, _("Choose a file with one record or envelope on each line."))
        sent.stream.seek(0)
        try:
            job = files.create(lender, "documents_required" in request.form, now())
            for number, part in enumerate(iter(lambda: sent.stream.read(MAX_PART), b""), 1):
                files.add_part(lender, job.id, number, [part], None)
            files.start(lender, job.id, now())
        except JobError as error:
            return _index(409, str(error))
        return see_other(f"/lender/uploads/{job.id}")

    @views.get("/<identity>")
    def show(identity: str) -> Response:
        lender = signed_in(services, WRITE_RECORDS, "lender").caller.organisation.number
        job = files.find(lender, identity)
        services.reads.note(lender)
        errors = list(islice(_errors(job), _MOST_ERRORS + 1))
        return page(
            "lender/upload.html", forms=True, private=True, connects=True, job=job, left=_seconds_left(job),
            errors=errors[:_MOST_ERRORS], more=len(errors) > _MOST_ERRORS, problems=problem_texts(chosen_language()),
        )  # fmt: skip

    @views.get("/<identity>/results.ndjson")
    def results(identity: str) -> Response:
        lender = signed_in(services, WRITE_RECORDS, "lender").caller.organisation.number
        job = files.find(lender, identity)
        services.reads.note(lender)
        response = Response(read_results(job), mimetype="application/x-ndjson")
        response.headers["Content-Disposition"] = f'attachment; filename="{job.id}.results.ndjson"'
        response.headers["Cache-Control"] = "private, no-store"
        return response

    @views.post("/<identity>/cancellation")
    def cancel(identity: str) -> Response:
        lender = signed_in(services, WRITE_RECORDS, "lender").caller.organisation.number
        files.cancel(lender, identity, now())
        return see_other(f"/lender/uploads/{identity}")

    def _index(status: int = 200, error: str = "") -> Response:
        lender = signed_in(services, WRITE_RECORDS, "lender").caller.organisation.number
        jobs = list(reversed(files.all_of(lender)))
        return page(
            "lender/uploads.html", status=status, forms=True, private=True, jobs=jobs, error=error, largest=LARGEST,
            is_test=services.environment == "test",
        )  # fmt: skip

    return views


def _takes(size: int) -> Callable[[Any], Any]:
    """Say how long a view's form may be (`api.pages.sessions`)."""

    def mark(view: Any) -> Any:
        view.largest_form = size
        return view

    return mark


def _seconds_left(job: Job) -> int | None:
    progress = job.progress
    if job.state != "running" or not progress.read or not progress.busy:
        return None
    return round((job.size - progress.read) * progress.busy / progress.read / 1000)


def _errors(job: Job) -> Iterator[dict[str, Any]]:
    """Yield the answers to lines that were refused, as far as the beginning of the results tells."""
    left = _MOST_SCANNED
    for piece in read_results(job):
        for line in piece.splitlines():
            answer: dict[str, Any] = orjson.loads(line)
            if answer["status"] >= 400:
                yield answer
        left -= len(piece)
        if left <= 0:
            return
