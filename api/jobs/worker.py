# SPDX-License-Identifier: Apache-2.0
"""The process that works through the jobs: `python -m api.jobs.worker DATA SOCKET PARENT`.

The jobs take turns, a slice of lines each. What a slice was answered is on disk before the next one begins; a slice
that a kill cut short is done again, which the log allows: what it holds already is `known` then.
"""

import signal
import sys
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import orjson
import structlog

from api.clock import now
from api.folders.state_files import file_errors
from api.hosts.choosing import host_of
from api.jobs.batches import Comparison, compare, opened_tree, read_job_batch
from api.jobs.files import JobFiles
from api.jobs.input import JobLines
from api.jobs.job import Job, Progress
from api.jobs.results import opened_results
from api.keys.hardening import harden
from api.logs import configure_logs
from api.operator import BY
from api.parent import exit_with_parent
from api.problems import describe
from api.settings import DataFolder
from api.submitting.batch import Line, SignatureOf, answer_line, cut_lines, place_part
from api.tracing.start import start_tracing
from api.wiring import Services, make_services
from notary.errors import (
    CorruptLogError,
    DuplicateBatchError,
    InvalidInputError,
    NotaryError,
    RefusedError,
    UnavailableError,
)
from notary.signed_batch import SignedBatch

_IDLE, _PAUSE = 0.5, 1.0
_SLICE = 16
"""Parts of lines that a job may place before it is the next one's turn."""
_TIDY_EVERY = 3_600_000

_log = structlog.get_logger()


class Worker:
    """Works through the jobs of all lenders."""

    def __init__(self, services: Services, files: JobFiles) -> None:
        self._services = services
        self._files = files
        self._tidied = 0
        self._comparing: dict[str, Comparison] = {}

    def round(self) -> bool:
        """Do a slice of each running job; say whether there was one."""
        if now() - self._tidied > _TIDY_EVERY:
            self._tidied = now()
            self._files.sweep(self._tidied)
            self._finish_erasures()
        running = [job for job in self._files.at_hand() if job.state == "running"]
        ids = {job.id for job in running}
        self._comparing = {job: steps for job, steps in self._comparing.items() if job in ids}
        turns = [self._turn(job) for job in running]
        return any(turns)

    def run(self, stop: threading.Event) -> None:
        """Go round until told to stop."""
        while not stop.is_set():
            try:
                if not self.round():
                    stop.wait(_IDLE)
            except NotaryError as error:
                _log.error("jobs wait", reason=str(error))
                stop.wait(_PAUSE)

    def _finish_erasures(self) -> None:
        """Bring to their end the erasures that a crash has cut short; those that wait for jobs go on later."""
        try:
            self._services.eraser.resume(BY)
        except RefusedError as error:
            _log.warning("an erasure waits", reason=str(error))

    def _turn(self, job: Job) -> bool:
        """Do a slice of a job; False if that is not possible now, so that it waits and holds up no other."""
        try:
            with file_errors():
                self._slice(job)
        except NotaryError as error:
            if not (isinstance(error, CorruptLogError) and self._is_set_aside(job)):
                _log.error("a job waits", job=job.id, reason=str(error))
            return False
        return True

    def _is_set_aside(self, job: Job) -> bool:
        """Set a job aside if its own files are what is damaged, and not the log; say whether they are."""
        try:
            self._files.require_whole(job)
        except CorruptLogError as error:
            self._files.set_aside(job.lender, job.id, str(error))
            return True
        except NotaryError:
            return False
        return False

    def _slice(self, job: Job) -> None:
        try:
            batch = read_job_batch(job)
            if batch is not None and not job.progress.lines:
                self._compare(job, batch)
                return
        except (InvalidInputError, DuplicateBatchError) as error:
            self._refuse(job, error)
            return
        with opened_tree(job, batch) as signature_of:
            self._place_lines(job, signature_of)

    def _compare(self, job: Job, batch: SignedBatch) -> None:
        """Compare some more of a signed batch with what was signed; its signature counts as a line once all is."""
        lender = self._services.store.lender(job.lender)
        steps = self._comparing.pop(job.id, None)
        if steps is None:
            self._services.registrar.check_batch(lender, batch)
            steps = compare(job, batch)
        position = next(steps)
        if position is None:
            self._comparing[job.id] = steps
            return
        self._services.registrar.claim_batch(lender, batch.statement)
        self._files.save(job, replace(job.progress, lines=1, read=position))

    def _refuse(self, job: Job, error: NotaryError) -> None:
        """Answer a batch's signature with a problem, and end its job: no record of it is taken."""
        answers = answer_line(1, describe(error))
        with opened_results(job) as results:
            written = results.append(answers)
        progress = _further(job.progress, answers, written, job.size, 0)
        self._files.save(job, replace(progress, finished_at=now()))
        job.tree.unlink(missing_ok=True)

    def _place_lines(self, job: Job, signature_of: SignatureOf | None) -> None:
        progress = job.progress
        lender = self._services.store.lender(job.lender)
        with opened_results(job) as results:
            source = JobLines(job.parts, progress.read)
            with closing(source.lines()) as lines:
                first, required = progress.lines + 1, job.documents_required
                parts = cut_lines(self._services, lender, lines, required, first, signature_of)
                for _ in range(_SLICE):
                    began = time.monotonic()
                    part = next(parts, None)
                    if part is None:
                        self._files.save(job, replace(progress, finished_at=now()))
                        job.tree.unlink(missing_ok=True)
                        return
                    answers = self._place(job, part)
                    written = results.append(answers)
                    spent = round((time.monotonic() - began) * 1000)
                    progress = _further(progress, answers, written, source.position, spent)
                    if not self._files.save(job, progress):
                        return

    def _place(self, job: Job, part: list[Line]) -> bytes:
        """Place some lines and return their answers. Raises `UnavailableError` rather than give that as an answer."""
        if any(isinstance(line.result, dict) and line.result["status"] == 503 for line in part):
            raise UnavailableError("lines cannot be checked now")
        return place_part(self._services, self._services.store.lender(job.lender), part)


def _further(progress: Progress, answers: bytes, written: int, position: int, spent: int) -> Progress:
    statuses = [orjson.loads(line)["status"] for line in answers.splitlines()]
    placed, known = statuses.count(201), statuses.count(200)
    return replace(
        progress,
        lines=progress.lines + len(statuses),
        placed=progress.placed + placed,
        known=progress.known + known,
        refused=progress.refused + len(statuses) - placed - known,
        read=position,
        written=written,
        busy=progress.busy + spent,
    )


def main() -> None:
    """Run until the service ends."""
    folder, path, parent = DataFolder(Path(sys.argv[1])), Path(sys.argv[2]), int(sys.argv[3])
    exit_with_parent(parent)
    configure_logs("jobs")
    harden()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    services = make_services(folder, path, tracing=start_tracing("jobs"))
    host_of(folder).led("jobs", Worker(services, services.jobs).run)(stop)


if __name__ == "__main__":
    main()
