# SPDX-License-Identifier: Apache-2.0
"""Operations on bulk jobs."""

from api.openapi import examples as ex
from api.openapi.model import Answer, Body, Link, Operation, Table
from api.openapi.shapes import BINARY, ref
from api.openapi.tables.common import DOCUMENTS

_PATH = {"job": "job_" + "0" * 32}
_ID = {"job": "$response.body#/id"}
_LINES = f"{ex.encoded(ex.agreement())}\n"
_JOB = Answer("The job.", ref("Job"))
_REFUSALS = ("not-found", "job-refused")

TABLE = Table(
    "Jobs",
    "Files of records of any length: uploaded in parts, worked through in the background.",
    {
        "jobs.create": Operation(
            "Make a job",
            {201: _JOB},
            "At most eight of a lender's jobs are open or running.",
            query=(DOCUMENTS,),
            refusals=("invalid-input", "job-refused"),
            links={201: tuple(Link(f"jobs.{name}", _ID) for name in ("show", "part", "cancel", "results"))},
        ),
        "jobs.part": Operation(
            "Upload a part",
            {201: _JOB, 200: Answer("The part was there before: the job.", ref("Job"))},
            "The parts, numbered from 1 and of at most 64 MiB each, are joined to one file of NDJSON. They may be cut "
            "anywhere, come in any order, and be sent again; other bytes under the same number are refused. The first "
            "line of the file may sign all others, as in a batch.",
            paths={**_PATH, "number": "1"},
            body=Body({"application/x-ndjson": (BINARY, {"lines": _LINES})}),
            refusals=(*_REFUSALS, "invalid-input", "wrong-digest"),
            links={201: (Link("jobs.start", _ID),)},
        ),
        "jobs.start": Operation(
            "Start a job",
            {202: _JOB},
            "All parts must be there, without a gap; none is taken afterwards.",
            paths=_PATH,
            refusals=_REFUSALS,
        ),
        "jobs.show": Operation("Show how far a job is", {200: _JOB}, paths=_PATH, refusals=("not-found",)),
        "jobs.cancel": Operation(
            "Cancel a job",
            {200: _JOB},
            "What it has placed stays in the log.",
            paths=_PATH,
            refusals=_REFUSALS,
        ),
        "jobs.results": Operation(
            "Fetch a job's results",
            {200: Answer("One line for each line so far, in order.", ref("BatchAnswer"), "application/x-ndjson")},
            paths=_PATH,
            refusals=("not-found",),
        ),
    },
)
