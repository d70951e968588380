# SPDX-License-Identifier: Apache-2.0
"""Runs a full audit: opens what is audited, hands its parts to processes, keeps what is done, asks the chain."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from api.audits.cluster import Cluster
from api.audits.parts import Target, run_parts
from api.clock import now
from chain.deployment import Deployment
from chain.history import NodeHistory
from chain.witness import NodeWitness
from notary.audit.anchors import AnchorsOutcome, AuditedLog, audit_chain, audit_stored_anchors
from notary.audit.finding import Findings
from notary.audit.job import ENTRIES_A_PART, Job, Outcome, Part, Whole, newest_size, plan_job, put_together
from notary.audit.report import AuditReport
from notary.audit.sources import LogSource
from notary.audit.state import AuditState
from notary.errors import CorruptLogError, UnavailableError
from notary.log.anchors import AnchorState
from notary.log.signed_note import NoteVerifier
from notary.ports.store import Store
from notary.privacy.cipher import Cipher

_SMALL = 50_000
"""Entries that are audited before other processes have started."""

Done = Callable[[int], None]
"""Told how many more entries or records are done."""


@dataclass(frozen=True)
class Chain:
    """The node to ask, and the log's place on the chain as far as it is known."""

    url: str
    deployment: Deployment | None


@dataclass
class Audit:
    """One full audit, ready to run.

    Without a number of `workers` a small log is audited in this process, a larger one by a process for each processor;
    with the address of a `cluster`, its workers do it. `state` is a file to keep what is done in, sealed with
    `state_cipher` if there is one; a part has about `step` entries. With a `lender`, its loans alone are audited.
    """

    target: Target
    verifier: NoteVerifier
    chain: Chain | None
    workers: int | None = None
    state: Path | None = None
    step: int = ENTRIES_A_PART
    lender: int | None = None
    cluster: str | None = None
    state_cipher: Cipher | None = None

    def run(self, begin: Callable[[int], Done]) -> AuditReport:
        """Audit; `begin` is told how much there is to do, and returns whom to tell of what is done.

        Raises `StateFileError`, and `NotFoundError` for a target that is not there.
        """
        began_at, findings = now(), Findings()
        source, store = self.target.open()
        kept = self._load_state(store is not None)
        job, outcomes = kept or (self._plan(source, store, began_at, findings), {})
        resumed, unknown = len(outcomes), []
        # A log without a good checkpoint has nothing that a later run could go on from.
        keep = self.state if not findings.count else None
        done = begin(sum(map(job.weight, job.parts)))
        with ExitStack() as stack:
            state = stack.enter_context(AuditState(keep, job, str(self.target), self.state_cipher)) if keep else None
            done(sum(map(job.weight, outcomes)))
            left = [part for part in job.parts if part not in outcomes]
            workers, results = self._begin(job, left, stack)
            for part, outcome in results:
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

    def _load_state(self, with_records: bool) -> tuple[Job, dict[Part, Outcome]] | None:
        if self.state is None:
            return None
        return AuditState.load(self.state, str(self.target), with_records, self.verifier, self.state_cipher)

    def _plan(self, source: LogSource, store: Store | None, began_at: int, findings: Findings) -> Job:
        return replace(plan_job(source, store, self.verifier, began_at, findings, self.step), lender=self.lender)

    def _begin(
        self, job: Job, parts: Sequence[Part], stack: ExitStack
    ) -> tuple[int, Iterator[tuple[Part, Outcome | str]]]:
        """Have the parts done; return by how many at once, and the outcomes as they come."""
        if self.cluster:
            cluster = stack.enter_context(Cluster(self.cluster))
            return cluster.workers, cluster.run(self.target, self.verifier, job, parts)
        workers = self.workers or (1 if job.size < _SMALL else os.cpu_count() or 1)
        return workers, run_parts(self.target, job, parts, workers)

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
            for text in _damage(store) if store else ():
                findings.place("database", text)
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
            erased=whole.erased,
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


def _damage(store: Store) -> list[str]:
    try:
        return store.damage()
    except CorruptLogError as error:
        return [str(error)]
