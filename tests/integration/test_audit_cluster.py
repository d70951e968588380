# SPDX-License-Identifier: Apache-2.0
"""A full audit by a Dask cluster: it says what one process says, whatever becomes of its workers, or nothing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.audits.auditing import Audit
from api.audits.cluster import Cluster, _audit_part
from api.audits.parts import Target
from notary.audit.finding import Findings
from notary.audit.job import Job, plan_job
from notary.audit.report import AuditReport
from notary.errors import UnavailableError
from notary.log.signed_note import NoteVerifier
from notary.receipts.report import Verdict
from tests.integration.test_audit_resume import STEP, said
from tests.support.audited import AuditedLog, export, grow, make_log
from tests.support.builders import log_signer
from tests.support.cli import document, is_one_line, run
from tests.support.cluster import RunningCluster, running_cluster
from tests.support.service import free_port, until
from tests.support.serving import serving_files

AS_OF = 1_800_000_000_000


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCluster]:
    with running_cluster(tmp_path_factory.mktemp("cluster"), workers=2) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> AuditedLog:
    return make_log(tmp_path_factory.mktemp("whole") / "data")


@pytest.fixture
def log(whole: AuditedLog, tmp_path: Path) -> AuditedLog:
    return whole.copy(tmp_path / "data")


def audit(target: Target, log: AuditedLog, address: str | None = None, state: Path | None = None) -> AuditReport:
    whole = Audit(target, log.verifier, None, None if address else 1, state, STEP, cluster=address)
    return whole.run(lambda _: lambda _: None)


def of(log: AuditedLog) -> Target:
    return Target("data", str(log.folder))


def planned(log: AuditedLog) -> Job:
    source, store = of(log).open()
    return plan_job(source, store, log.verifier, AS_OF, Findings(), STEP)


def test_a_cluster_says_what_one_process_says(cluster: RunningCluster, log: AuditedLog) -> None:
    log.alter(
        "UPDATE entries SET entry = zeroblob(65) WHERE entry_index IN (5, 300, 624)",
        "DELETE FROM records WHERE entry_index = 101",
        "UPDATE records SET nonce = zeroblob(32) WHERE entry_index IN (20, 400)",
    )
    alone, together = audit(of(log), log), audit(of(log), log, cluster.address)
    assert not together.unknown
    assert {item.index for item in together.findings.listed} == {5, 20, 101, 300, 400, 624, None}
    assert said(together) == said(alone)
    assert together.workers == 2


def test_a_log_whose_checkpoint_is_damaged_says_the_same(cluster: RunningCluster, log: AuditedLog) -> None:
    log.alter("UPDATE head SET checkpoint = 'rubbish'")
    alone, together = audit(of(log), log), audit(of(log), log, cluster.address)
    assert said(together) == said(alone)
    assert together.verdict is Verdict.INVALID


def test_the_part_of_a_worker_that_was_killed_is_done_by_another(
    cluster: RunningCluster, whole: AuditedLog, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    export(whole, tmp_path / "copy")
    with serving_files(tmp_path / "copy") as (url, faults), ThreadPoolExecutor() as threads:
        target = Target("url", url)
        alone = audit(target, whole)
        faults.hanging = {"/tile/entries/001"}  # in the second of three parts
        together = threads.submit(audit, target, whole, cluster.address, state)
        until(lambda: state.exists() and len(state.read_bytes().splitlines()) == 3, "the other parts are done")
        [worker] = cluster.busy()
        faults.hanging = set()
        cluster.kill(worker)
        assert said(together.result()) == said(alone)
    cluster.add_worker()


def test_an_audit_that_lost_its_cluster_goes_on_later(whole: AuditedLog, tmp_path: Path) -> None:
    state = tmp_path / "state"
    export(whole, tmp_path / "copy")
    with (
        serving_files(tmp_path / "copy") as (url, faults),
        running_cluster(tmp_path / "cluster", workers=1) as cluster,
        ThreadPoolExecutor() as threads,
    ):
        target = Target("url", url)
        faults.hanging = {"/tile/entries/002.p/113"}
        together = threads.submit(audit, target, whole, cluster.address, state)
        until(lambda: state.exists() and len(state.read_bytes().splitlines()) == 3, "two parts are done")
        cluster.scheduler.kill()
        with pytest.raises(UnavailableError, match="scheduler has gone"):
            together.result()
        faults.hanging, faults.status = set(), {"/tile/entries/000": 403}
        faults.go_on.set()
        later = audit(target, whole, None, state)
    assert (later.verdict, later.resumed) == (Verdict.VALID, 2)


def test_a_cluster_without_workers_is_given_up(whole: AuditedLog, tmp_path: Path) -> None:
    with running_cluster(tmp_path, workers=0) as empty, Cluster(empty.address, patience=0.1) as lead:
        job = planned(whole)
        with pytest.raises(UnavailableError, match="without any worker"):
            next(lead.run(of(whole), whole.verifier, job, job.parts))


def test_workers_that_read_another_log_cannot_tell(
    cluster: RunningCluster, log: AuditedLog, whole: AuditedLog, tmp_path: Path
) -> None:
    grow(log, 10)
    job = planned(log)
    bare = replace(job, loans=None)
    export(whole, tmp_path / "older")
    elsewhere = Target("copy", str(tmp_path / "older"))
    with Cluster(cluster.address) as lead:

        def reasons(target: Target, key: NoteVerifier = log.verifier) -> set[Any]:
            return {outcome for _, outcome in lead.run(target, key, bare, bare.parts)}

        [older] = reasons(elsewhere)
        [strange] = reasons(elsewhere, log_signer(seed="another").verifier)
        [absent] = reasons(Target("copy", str(tmp_path / "absent")))
    assert "is another log here, or an older copy of it" in older
    assert "is another log here, or an older copy of it" in strange
    assert "there is no checkpoint" in absent
    assert audit(elsewhere, log, cluster.address).verdict is Verdict.VALID  # by itself there is nothing wrong with it


def test_a_log_that_has_grown_is_the_same(cluster: RunningCluster, log: AuditedLog) -> None:
    job = planned(log)
    grow(log, 10)
    with Cluster(cluster.address) as lead:
        outcomes = dict(lead.run(of(log), log.verifier, job, job.parts))
    assert set(outcomes) == set(job.parts)
    assert not [outcome for outcome in outcomes.values() if isinstance(outcome, str)]


def test_a_worker_of_another_version_cannot_tell(whole: AuditedLog) -> None:
    job = planned(whole)
    answer = _audit_part(of(whole), whole.verifier.format(), job, "0.0.1", job.parts[0])
    assert "and not 0.0.1" in str(answer)


def test_the_command(cluster: RunningCluster, whole: AuditedLog, tmp_path: Path) -> None:
    export(whole, tmp_path / "copy")
    arguments = ("audit", "--copy", tmp_path / "copy", "--log-key", whole.verifier.format())
    report = document(run(*arguments, "--cluster", cluster.address, "--json"))
    assert (report["verdict"], report["workers"]) == ("valid", 2)
    is_one_line(run(*arguments, "--cluster", f"tcp://127.0.0.1:{free_port()}"), 2, "cannot be used")
    both = run(*arguments, "--cluster", cluster.address, "--workers", "2")
    assert both.exit_code == 2
