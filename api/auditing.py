# SPDX-License-Identifier: Apache-2.0
"""Runs a full audit: opens what is audited, hands its parts to processes, keeps what is done, asks the chain.

Every worker is a process of its own that opens the source for itself. It ends with its parent, whatever ends that.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from api.clock import now
from api.log_fetch import url_fetch
from api.parent import exit_with_parent
from api.settings import DataFolder
from api.wiring import open_store
from chain.deployment import Deployment
from chain.history import NodeHistory
from chain.witness import NodeWitness
from notary.audit.anchors import AnchorsOutcome, AuditedLog, audit_chain, audit_stored_anchors
from notary.audit.finding import Findings
from notary.audit.job import ENTRIES_A_PART, Job, Outcome, Part, PartAuditor, Whole, newest_size, plan_job, put_together
from notary.audit.report import AuditReport
from notary.audit.sources import LogSource, StoreSource, TiledSource, folder_fetch
from notary.audit.state import AuditState
from notary.errors import UnavailableError
from notary.log.anchors import AnchorState
from notary.log.signed_note import NoteVerifier
from notary.ports import Store
from notary.schemes.sodium import FAST_SCHEMES

_SMALL = 50_000
"""Entries that are audited before other processes have started."""

Done = Callable[[int], None]
"""Told how many more entries or records are done."""


@dataclass(frozen=True)
class Target:
    """What is audited: a data folder with its records, or no more than the log in it; a copy of the log on disk, or the
    log behind a URL."""

    kind: Literal["data", "tiles", "copy", "url"]
    location: str

    def open(self) -> tuple[LogSource, Store | None]:
        """Open it; the store is that of a data folder. Raises `NotFoundError`."""
        if self.kind == "data":
            store = open_store(DataFolder(Path(self.location)))
            return StoreSource(store), store
        if self.kind == "tiles":
            return StoreSource(open_store(DataFolder(Path(self.location)))), None
        fetch = url_fetch(self.location) if self.kind == "url" else folder_fetch(Path(self.location))
        return TiledSource(fetch), None

    def __str__(self) -> str:
        return f"{self.kind} {self.location}"


@dataclass(frozen=True)
class Chain:
    """The node to ask, and the log's place on the chain as far as it is known."""

    url: str
    deployment: Deployment | None


@dataclass
class Audit:
    """One full audit, ready to run.

    Without a number of `workers` a small log is audited in this process, a larger one by a process for each processor.
    `state` is a file to keep what is done in; a part has about `step` entries. With a `lender`, its loans alone are
    audited.
    """

    target: Target
    verifier: NoteVerifier
    chain: Chain | None
    workers: int | None = None
    state: Path | None = None
    step: int = ENTRIES_A_PART
    lender: int | None = None

    def run(self, begin: Callable[[int], Done]) -> AuditReport:
        """Audit; `begin` is told how much there is to do, and returns whom to tell of what is done.

        Raises `StateFileError`, and `NotFoundError` for a target that is not there.
        """
        began_at, findings = now(), Findings()
        source, store = self.target.open()
        kept = AuditState.load(self.state, str(self.target), store is not None, self.verifier) if self.state else None
        job, outcomes = kept or (self._plan(source, store, began_at, findings), {})
        resumed, unknown = len(outcomes), []
        # A log without a good checkpoint has nothing that a later run could go on from.
        keep = self.state if not findings.count else None
        done = begin(sum(map(job.weight, job.parts)))
        with ExitStack() as stack:
            state = stack.enter_context(AuditState(keep, job, str(self.target))) if keep else None
            done(sum(map(job.weight, outcomes)))
            left = [part for part in job.parts if part not in outcomes]
            workers = self.workers or (1 if job.size < _SMALL else os.cpu_count() or 1)
            for part, outcome in run_parts(self.target, job, left, workers):
                if isinstance(outcome, str):
                    unknown.append((f"{len(left) - len(outcomes) + resumed} parts of {len(job.parts)}", outcome))
                    break
                outcomes[part] = outcome
                if state:
                    state.add(part, outcome)
                done(job.weight(part))
            report = self._conclude(job, outcomes, source, store, findings, unknown, began_at, resumed, workers)
            if state and len(outcomes) == len(job.parts):
                state.remove()
        return report

    def _plan(self, source: LogSource, store: Store | None, began_at: int, findings: Findings) -> Job:
        return replace(plan_job(source, store, self.verifier, began_at, findings, self.step), lender=self.lender)

    def _conclude(
        self,
        job: Job,
        outcomes: dict[Part, Outcome],
        source: LogSource,
        store: Store | None,
        findings: Findings,
        unknown: list[tuple[str, str]],
        began_at: int,
        resumed: int,
        workers: int,
    ) -> AuditReport:
        whole, anchors = Whole(), AnchorsOutcome(findings, unknown)
        try:
            whole = put_together(job, outcomes, source, store)
            self._anchors(job, source, store, anchors)
        except UnavailableError as error:
            unknown.append(("log", str(error)))
        findings.extend(whole.findings)
        doubts = whole.histories.doubts
        unknown += [(item.place, item.text) for item in doubts.ordered()]
        if doubts.unlisted:
            unknown.append(("signatures", f"and {doubts.unlisted} more like these"))
        return AuditReport(
            job=job,
            source=str(self.target),
            began_at=began_at,
            ended_at=now(),
            workers=workers,
            resumed=resumed,
            root=whole.root,
            histories=whole.histories if store else None,
            anchors_on_chain=anchors.on_chain,
            anchors_stored=anchors.stored,
            findings=findings,
            unknown=tuple(unknown),
            not_checked=() if self.chain else ("anchors: no node and no registry to ask were named",),
        )

    def _anchors(self, job: Job, source: LogSource, store: Store | None, outcome: AnchorsOutcome) -> None:
        if not job.size:
            return
        log = AuditedLog(source, job.size, job.root)

        def newest() -> int:
            return newest_size(source, self.verifier, job, outcome.findings)

        witness = NodeWitness(self.chain.url) if self.chain else None
        if self.chain and self.chain.deployment:
            history = NodeHistory(self.chain.url, self.chain.deployment)
            if not audit_chain(history, log, newest, outcome):
                # A node of another chain would contradict every anchor, and prove nothing by it.
                witness = None
        if store:
            stored = store.anchors(AnchorState.MINED, AnchorState.FINAL)
            audit_stored_anchors(stored, witness, log, newest, outcome)


def run_parts(target: Target, job: Job, parts: Sequence[Part], workers: int) -> Iterator[tuple[Part, Outcome | str]]:
    """Yield the outcome of each part as it is done; a text instead says why the source cannot be read now."""
    if min(workers, len(parts)) <= 1:
        auditor = _auditor(target, job)
        for part in parts:
            yield part, _try(auditor, part)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(parts)), context, _begin_worker, (target, job, os.getpid()))
    try:
        futures = {pool.submit(_run_in_worker, part): part for part in parts}
        for future in as_completed(futures):
            yield futures[future], future.result()
    except BrokenProcessPool as error:
        raise UnavailableError("a process of the audit was ended from outside") from error
    finally:
        pool.shutdown(cancel_futures=True)


_worker: PartAuditor
"""Of a worker process: what it audits with."""


def _begin_worker(target: Target, job: Job, parent: int) -> None:
    global _worker
    exit_with_parent(parent)
    _worker = _auditor(target, job)


def _run_in_worker(part: Part) -> Outcome | str:
    return _try(_worker, part)


def _try(auditor: PartAuditor, part: Part) -> Outcome | str:
    try:
        return auditor.run(part)
    except UnavailableError as error:
        return str(error)


def _auditor(target: Target, job: Job) -> PartAuditor:
    source, store = target.open()
    return PartAuditor(job, source, store, FAST_SCHEMES)
