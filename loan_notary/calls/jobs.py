# SPDX-License-Identifier: Apache-2.0
"""Calls on bulk jobs: a file of any length, uploaded in parts and worked through by the notary."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from loan_notary.answers import Job
from loan_notary.call import NDJSON, Call, get, get_lines, path, send_json
from loan_notary.errors import Fault, InvalidInputError
from notary.encoding import b64

PART = 16 * 1024 * 1024
"""Bytes of a part that `uploads` makes."""


def create_job(*, documents_required: bool = False) -> Call[Job]:
    """Make a job for a file with a record or envelope a line.

    >>> client.create_job()["state"]
    'open'
    """
    return send_json("POST", path("jobs", documents="required" if documents_required else None))


def job(job_id: str) -> Call[Job]:
    """Return how far a job is.

    >>> client.job(client.create_job()["id"])["lines"]
    0
    """
    return get(path("jobs", job_id))


def put_part(job_id: str, part: int, data: bytes) -> Call[Job]:
    """Upload the part of this number of a job's file; parts are numbered from 1, cut anywhere, and may be sent again.

    >>> client.put_part(client.create_job()["id"], 1, b"{}")["bytes"]
    2
    """
    digest = b64(sha256(data).digest())
    address = path("jobs", job_id, "parts", str(part))
    return Call("PUT", address, orjson.loads, data, NDJSON, {"Content-Digest": f"sha-256=:{digest}:"})


def start_job(job_id: str) -> Call[Job]:
    """Let the notary begin with a job whose parts are all there. `upload_job` uploads and starts.

    >>> job = client.put_part(client.create_job()["id"], 1, b"{}")
    >>> client.start_job(job["id"])["state"]
    'running'
    """
    return send_json("POST", path("jobs", job_id, "start"))


def cancel_job(job_id: str) -> Call[Job]:
    """Stop a job; what it has placed stays in the log.

    >>> client.cancel_job(client.create_job()["id"])["state"]
    'cancelled'
    """
    return send_json("POST", path("jobs", job_id, "cancel"))


def job_results(job_id: str) -> Call[list[dict[str, Any]]]:
    """Return the answers to a job's lines, as far as it is; a client's `job_results` yields them one by one."""
    return get_lines(path("jobs", job_id, "results"))


def uploads(job: Job, source: Path) -> Iterator[Call[Job]]:
    """Yield the calls that upload what a job lacks of a file, and start it. Raises `InvalidInputError`, `OSError`.

    So an upload that was interrupted goes on. A file that was changed since is refused.
    """
    there = {part["number"]: part["sha256"] for part in job["parts"]}
    number = 0
    with source.open("rb") as file:
        while (data := file.read(PART)) or not number:
            number += 1
            if there.pop(number, None) != sha256(data).hexdigest():
                yield put_part(job["id"], number, data)
    if there:
        raise InvalidInputError(Fault("", f"{source} is shorter than what was uploaded of it"))
    yield start_job(job["id"])
