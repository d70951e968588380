# SPDX-License-Identifier: Apache-2.0
"""Submitting a long file as a bulk job: uploaded in parts, worked through by the notary, also while nobody waits.

Which job a file became is kept beside it until the job is done, so that the same command goes on after an interruption.
"""

import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from api.client import NotaryClient
from notary.errors import Fault, InvalidInputError, NotFoundError

_PART = 16 * 1024 * 1024
_LOOK_EVERY = 0.5

Json = dict[str, Any]


class JobSubmission:
    """Submits one NDJSON file. `report` is called with the job as the notary shows it, now and then."""

    def __init__(self, client: NotaryClient, source: Path, report: Callable[[Json], None]) -> None:
        self._client = client
        self._source = source
        self._report = report
        self._note = source.with_name(source.name + ".job")

    def run(self) -> Json:
        """Submit the file, or go on with it, and return the job once it is done or cancelled.

        Raises `UnavailableError` when the notary cannot be reached, and `InvalidInputError` for a file that was
        changed since its upload began.
        """
        job = self._find() or self._create()
        if job["state"] == "open":
            job = self._upload(job)
        while job["state"] == "running":
            self._report(job)
            time.sleep(_LOOK_EVERY)
            job = self._client.call("GET", f"/v1/jobs/{job['id']}")
        self._report(job)
        return job

    def refused(self, job: Json) -> Iterator[Json]:
        """Yield the answers to the lines that were refused, and forget the job once all were read."""
        yield from (item for item in self._client.job_results(job["id"]) if item["status"] >= 400)
        self._note.unlink(missing_ok=True)

    def _find(self) -> Json | None:
        try:
            return self._client.call("GET", f"/v1/jobs/{self._note.read_text().strip()}")
        except (FileNotFoundError, NotFoundError):
            return None

    def _create(self) -> Json:
        job = self._client.call("POST", "/v1/jobs")
        self._note.write_text(job["id"] + "\n")
        return job

    def _upload(self, job: Json) -> Json:
        there = {part["number"]: part["sha256"] for part in job["parts"]}
        number = 0
        with self._source.open("rb") as file:
            while (data := file.read(_PART)) or not number:
                number += 1
                if there.pop(number, None) == (digest := sha256(data).hexdigest()):
                    continue
                self._report(self._client.put_part(job["id"], number, data, digest))
        if there:
            raise InvalidInputError(Fault("", f"{self._source} was changed; remove {self._note} to begin anew"))
        return self._client.call("POST", f"/v1/jobs/{job['id']}/start")
