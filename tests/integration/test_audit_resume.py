# SPDX-License-Identifier: Apache-2.0
"""A full audit in parts: by several processes, cut short and gone on with, over a log that grows meanwhile."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest

from api.audits.auditing import Audit, Target
from notary.audit.report import AuditReport
from notary.audit.state import StateFileError
from notary.privacy.cipher import Cipher
from notary.receipts.report import Verdict
from tests.support.audited import AuditedLog, audited, export, grow, make_bare_log, make_log
from tests.support.builders import log_signer
from tests.support.cli import document, is_one_line, run
from tests.support.service import PROGRAM, ROOT, processes_of, until
from tests.support.serving import serving_files
from tests.support.spellings import found_in

STEP = 256
"""A tile a part: the smallest."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> AuditedLog:
    return make_log(tmp_path_factory.mktemp("parts") / "data")


@pytest.fixture
def log(whole: AuditedLog, tmp_path: Path) -> AuditedLog:
    return whole.copy(tmp_path / "data")


def audit(log: AuditedLog, workers: int = 1, state: Path | None = None, cipher: Cipher | None = None) -> AuditReport:
    return Audit(Target("data", str(log.folder)), log.verifier, None, workers, state, STEP, state_cipher=cipher).run(
        lambda _: lambda _: None
    )


def said(report: AuditReport) -> dict[str, Any]:
    """Return what a report says of the log: all but how it was come by."""
    members = report.members()
    for name in ("began_at", "ended_at", "workers", "resumed_parts"):
        del members[name]
    if members["records"]:
        del members["records"]["history_findings"]["as_of"]
    return members


def test_many_processes_say_what_one_says(log: AuditedLog) -> None:
    log.alter(
        "UPDATE entries SET entry = zeroblob(65) WHERE entry_index IN (5, 300, 624)",
        "DELETE FROM records WHERE entry_index = 101",
        "UPDATE records SET nonce = zeroblob(32) WHERE entry_index IN (20, 400)",
    )
    alone, together, in_one = audit(log), audit(log, workers=3), log.audit()
    assert {item.index for item in alone.findings.listed} == {5, 20, 101, 300, 400, 624, None}
    assert said(alone) == said(together) == said(in_one)
    assert (together.workers, len(alone.job.parts), len(in_one.job.parts)) == (3, 6, 2)


def test_an_audit_that_could_not_read_on_goes_on_later(whole: AuditedLog, tmp_path: Path) -> None:
    state = tmp_path / "state"
    export(whole, tmp_path / "copy")
    with serving_files(tmp_path / "copy") as (url, faults):
        target = Target("url", url)
        faults.status["/tile/entries/001"] = 403

        def cut_short() -> AuditReport:
            return Audit(target, whole.verifier, None, 1, state, STEP).run(lambda _: lambda _: None)

        first = cut_short()
        assert (first.verdict, first.root, first.resumed) == (Verdict.CANNOT_TELL, None, 0)
        assert [place for place, _ in first.unknown] == ["2 parts of 3"]
        assert len(state.read_bytes().splitlines()) == 2
        del faults.status["/tile/entries/001"]
        faults.status["/tile/entries/000"] = 403  # done before, so nobody asks for it again
        second = cut_short()
    assert (second.verdict, second.resumed) == (Verdict.VALID, 1)
    assert not state.exists()
    assert said(second) == {
        **said(audited(Target("copy", str(tmp_path / "copy")), whole.verifier)),
        "source": str(target),
    }


@pytest.mark.parametrize("workers", [1, 2])
def test_an_audit_that_was_killed_goes_on_at_the_size_it_began_with(tmp_path: Path, workers: int) -> None:
    log = make_bare_log(tmp_path / "data", 40_000)
    export(log, tmp_path / "copy")
    state = tmp_path / "state"
    with serving_files(tmp_path / "copy") as (url, faults):
        faults.hanging = {"/tile/entries/100"}  # in the second of three parts
        arguments = (
            "audit",
            "--log",
            url,
            "--log-key",
            log.verifier.format(),
            "--state",
            str(state),
            "--workers",
            str(workers),
        )
        process = subprocess.Popen(
            [*PROGRAM, *arguments], cwd=ROOT, env={**os.environ, "MARK": str(tmp_path)}, stderr=subprocess.DEVNULL
        )
        until(lambda: state.exists() and state.read_bytes().count(b"\n") > workers, "parts are done")
        assert len(processes_of(tmp_path)) >= workers
        process.send_signal(signal.SIGKILL)
        process.wait()
        until(lambda: not processes_of(tmp_path), "its workers have ended with it")
        faults.hanging = set()
        faults.go_on.set()
        (tmp_path / "copy" / "tile/entries/000").write_bytes(b"")  # as far as it had come, it does not look again
        report = document(run(*arguments, "--json"))
    assert (report["verdict"], report["resumed_parts"], report["entries"]) == ("valid", workers, 40_000)
    assert not state.exists()


def test_a_log_that_grows_is_audited_at_one_size(log: AuditedLog, tmp_path: Path) -> None:
    state = tmp_path / "state"
    keep_first_parts(log, state, 3)
    grow(log, 100)
    report = audit(log, state=state)
    assert (report.verdict, report.job.size, report.resumed) == (Verdict.VALID, 625, 3)
    assert report.members()["records"]["records"] == 624


def test_what_came_after_the_checkpoint_is_not_part_of_the_audit(log: AuditedLog, tmp_path: Path) -> None:
    state = tmp_path / "state"
    keep_first_parts(log, state, 0)
    grow(log, 100)
    log.alter("UPDATE records SET nonce = zeroblob(32) WHERE entry_index = 650")
    assert audit(log, state=state).verdict is Verdict.VALID
    assert audit(log).verdict is Verdict.INVALID


def test_a_line_that_was_cut_off_is_done_again(log: AuditedLog, tmp_path: Path) -> None:
    state = tmp_path / "state"
    keep_first_parts(log, state, 2)
    state.write_bytes(state.read_bytes()[:-5])
    keep_first_parts(log, state, 3)  # what is added begins on a line of its own
    report = audit(log, state=state)
    assert (report.verdict, report.resumed) == (Verdict.VALID, 3)


def test_a_file_that_was_cut_off_in_its_first_line_is_begun_again(log: AuditedLog, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.write_bytes(b'{"format":"loan-not')
    assert audit(log, state=state).resumed == 0


def test_a_sealed_state_tells_nothing_and_is_gone_on_with(log: AuditedLog, tmp_path: Path) -> None:
    state, cipher = tmp_path / "state", Cipher(bytes(range(32)))
    keep_first_parts(log, state, 2, cipher)
    data = state.read_bytes()
    assert not list(found_in({state: data}, [b"audit-state@1", b'"checkpoint"', b'{"part":["']))
    state.write_bytes(data[:-5])
    keep_first_parts(log, state, 3, cipher)
    first, second, third, fourth = state.read_bytes().splitlines(keepends=True)
    for lines, key in (
        ((first, third, second, fourth), cipher),
        ((first, second, fourth), cipher),
        ((first, second, third, fourth), Cipher(bytes(32))),
        ((first, second, third, b"rubbish\n"), cipher),
    ):
        state.write_bytes(b"".join(lines))
        with pytest.raises(StateFileError, match="damaged"):
            audit(log, state=state, cipher=key)
    state.write_bytes(first + second + third + fourth)
    report = audit(log, state=state, cipher=cipher)
    assert (report.verdict, report.resumed) == (Verdict.VALID, 3)
    assert not state.exists()


def keep_first_parts(log: AuditedLog, state: Path, parts: int, cipher: Cipher | None = None) -> None:
    """Leave the state that an audit leaves which is killed after so many parts."""
    lines: list[bytes] = []
    export(log, state.with_suffix(".copy"))

    class KilledError(Exception):
        pass

    def done(_: int) -> None:
        lines[:] = state.read_bytes().splitlines(keepends=True)
        if len(lines) > parts:
            raise KilledError

    with pytest.raises(KilledError):
        Audit(Target("data", str(log.folder)), log.verifier, None, 1, state, STEP, state_cipher=cipher).run(
            lambda _: done
        )
    assert len(lines) == parts + 1


def damaged(change: dict[str, Any]) -> Any:
    def write(first: bytes) -> bytes:
        return orjson.dumps(orjson.loads(first) | change)

    return write


STATES = {
    "rubbish": (lambda _: b"rubbish", "damaged"),
    "another format": (damaged({"format": "loan-notary/audit-state@2"}), "not of the format"),
    "a member more": (damaged({"more": 1}), "damaged"),
    "another source": (damaged({"source": "data /elsewhere"}), "audit of data /elsewhere"),
    "another size": (damaged({"size": 624}), "not that of its checkpoint"),
    "without records": (damaged({"loans": None}), "audit of"),
    "no checkpoint": (damaged({"checkpoint": "625"}), "not one of this log"),
}


@pytest.mark.parametrize("name", STATES)
def test_a_state_file_that_is_not_this_audits_is_refused(log: AuditedLog, tmp_path: Path, name: str) -> None:
    change, words = STATES[name]
    state = tmp_path / "state"
    keep_first_parts(log, state, 0)
    state.write_bytes(change(state.read_bytes()) + b"\n")
    before = state.read_bytes()
    with pytest.raises(StateFileError, match=words):
        audit(log, state=state)
    assert state.read_bytes() == before


def test_a_part_that_is_none_of_the_job_is_refused(log: AuditedLog, tmp_path: Path) -> None:
    state = tmp_path / "state"
    keep_first_parts(log, state, 1)
    state.write_bytes(state.read_bytes().replace(b'{"part":["tiles",0,1]', b'{"part":["tiles",0,2]'))
    with pytest.raises(StateFileError, match="not that of its checkpoint"):
        audit(log, state=state)


def test_the_command_says_it_in_one_line(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.write_bytes(b"rubbish\n")
    vkey = log_signer().verifier.format()
    is_one_line(run("audit", "--copy", tmp_path, "--log-key", vkey, "--state", state), 1, "state file")


@pytest.mark.parametrize("suffix", [".json", ".md"])
def test_a_report_is_written(whole: AuditedLog, tmp_path: Path, suffix: str) -> None:
    export(whole, tmp_path / "copy")
    path = tmp_path / f"report{suffix}"
    result = run("audit", "--copy", tmp_path / "copy", "--log-key", whole.verifier.format(), "--report", path, "--json")
    assert result.exit_code == 0
    if suffix == ".json":
        assert orjson.loads(path.read_bytes()) == document(result)
    else:
        text = path.read_text()
        assert "**CLEAN" in text
        assert document(result)["checkpoint"].splitlines()[0] in text


def test_misuse(tmp_path: Path, whole: AuditedLog) -> None:
    vkey = whole.verifier.format()
    for arguments in (
        ("--copy", tmp_path),
        ("--copy", tmp_path, "--log", "http://127.0.0.1:9", "--log-key", vkey),
        ("--copy", tmp_path, "--log-key", vkey, "--rpc", "http://127.0.0.1:9"),
        ("--copy", tmp_path, "--log-key", vkey, "--anchored-in", "1/0x00"),
        ("--copy", tmp_path, "--log-key", vkey, "--report", "report.txt"),
        ("--workers", "0"),
    ):
        result = run("audit", *arguments)
        assert result.exit_code == 2, result.output
        assert "Usage" in result.stderr
