# SPDX-License-Identifier: Apache-2.0
"""Submitting a long file as a bulk job: uploaded in parts, worked through by the notary, also while nobody waits.

Which job a file became is kept beside it until the job is done, so that the same command goes on after an interruption.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from loan_notary import Client, ProblemError
from loan_notary.answers import Job
from notary.errors import NotFoundError


class JobSubmission:
    """Submits one NDJSON file. `report` is called with the job as the notary shows it, now and then."""

    def __init__(self, client: Client, source: Path, report: Callable[[Job], object]) -> None:
        self._client = client
        self._source = source
        self._report = report
        self._note = source.with_name(source.name + ".job")

    def run(self) -> Job:
        """Submit the file, or go on with it, and return the job once it is done or cancelled.

        Raises `UnavailableError` when the notary cannot be reached, and `InvalidInputError` or `RefusedError` for a
        file that was changed since its upload began.
        """
        job = self._find() or self._create()
        if job["state"] == "open":
            self._client.upload_job(job, self._source, self._report)
        return self._client.wait_for_job(job["id"], self._report)

    def refused(self, job: Job) -> Iterator[ProblemError]:
        """Yield what was refused, and forget the job once all was read; an error's `members` name the line."""
        for answer in self._client.job_results(job["id"]):
            if answer.error is not None:
                yield answer.error
        self._note.unlink(missing_ok=True)

    def _find(self) -> Job | None:
        try:
            return self._client.job(self._note.read_text().strip())
        except (FileNotFoundError, NotFoundError):
            return None

    def _create(self) -> Job:
        job = self._client.create_job()
        self._note.write_text(job["id"] + "\n")
        return job
