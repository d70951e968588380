# SPDX-License-Identifier: Apache-2.0
"""`/v1/jobs`: long files of records, uploaded in parts and worked through in the background."""

import re
from typing import Any

import orjson
from flask import Blueprint, Response

from api.access.auth import authenticated_lender
from api.clock import now
from api.folders.owned import ID_SIZE
from api.jobs.files import MAX_PART
from api.jobs.job import Job
from api.jobs.results import read_results
from api.making import making
from api.submitting.required_documents import documents_required
from api.views.bodies import promised_digest, read_parts, require_media_type
from api.wiring import Services
from notary.encoding import format_time
from notary.errors import Fault, InvalidInputError

_NUMBER = re.compile("[1-9][0-9]{0,8}")


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("jobs", __name__, url_prefix="/v1/jobs")
    files = services.jobs

    @views.post("")
    def create() -> Response:
        lender, made = authenticated_lender(services.access), making()
        return _answer(files.create(lender.number, documents_required(), made.moment, made.draw("job", ID_SIZE)), 201)

    @views.get("/<job>")
    def show(job: str) -> Response:
        lender = authenticated_lender(services.access)
        return _answer(files.find(lender.number, job))

    @views.put("/<job>/parts/<number>")
    def part(job: str, number: str) -> Response:
        lender = authenticated_lender(services.access)
        require_media_type("application/x-ndjson")
        if not _NUMBER.fullmatch(number):
            raise InvalidInputError(Fault("", "a part has a number from 1 on"))
        new = files.add_part(lender.number, job, int(number), read_parts(MAX_PART), promised_digest())
        return _answer(files.find(lender.number, job), 201 if new else 200)

    @views.post("/<job>/start")
    def start(job: str) -> Response:
        lender = authenticated_lender(services.access)
        return _answer(files.start(lender.number, job, now()), 202)

    @views.post("/<job>/cancel")
    def cancel(job: str) -> Response:
        lender = authenticated_lender(services.access)
        return _answer(files.cancel(lender.number, job, now()))

    @views.get("/<job>/results")
    def results(job: str) -> Response:
        lender = authenticated_lender(services.access)
        found = files.find(lender.number, job)
        services.reads.note(lender.number)
        return Response(read_results(found), mimetype="application/x-ndjson")

    return views


def _answer(job: Job, status: int = 200) -> Response:
    return Response(orjson.dumps(_members(job)), status, mimetype="application/json")


def _members(job: Job) -> dict[str, Any]:
    progress = job.progress
    times = {"created_at": job.created_at, "started_at": job.started_at, "cancelled_at": job.cancelled_at}
    times["finished_at"] = progress.finished_at
    known = progress.busy and progress.read
    return {
        "id": job.id,
        "state": job.state,
        **{name: None if moment is None else format_time(moment) for name, moment in times.items()},
        "parts": [{"number": part.number, "sha256": part.sha256, "size": part.size} for part in job.parts],
        "bytes": job.size,
        "bytes_read": progress.read,
        "lines": progress.lines,
        "placed": progress.placed,
        "known": progress.known,
        "refused": progress.refused,
        "lines_per_second": round(progress.lines * 1000 / progress.busy) if progress.busy else None,
        "seconds_left": round((job.size - progress.read) * progress.busy / progress.read / 1000) if known else None,
    }
