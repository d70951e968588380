# SPDX-License-Identifier: Apache-2.0
"""Backup, restore, rotation of keys and erasure, killed at each of their steps: done again they are whole."""

import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from uuid import uuid4

import pytest

from api.audits.auditing import Audit, Target
from api.databases import open_store
from api.folders.backup import verify_backup
from api.keys.log_keys import load_signer, load_verifiers
from api.settings import DataFolder
from api.wiring import document_files
from notary.canonical import canonical_json
from notary.errors import ErasedError
from notary.log.checkpoint import open_checkpoint
from notary.ports.store import Store
from notary.receipts.report import Verdict
from tests.faults.checks import Subject, check_head
from tests.faults.forked import Nursery, nursery
from tests.faults.starting import new_subject
from tests.faults.steps import BACKUP, DATA_KEY, ERASURE, LOG_KEY, RESTORE, Step, armed, environment
from tests.support.api import agreement, repayment, running_api
from tests.support.builders import record
from tests.support.service import until
from tests.support.spellings import files_under, found_in

LOAN = "L-1"
DOCUMENT = b"the words of a contract"
DIGEST = sha256(DOCUMENT).hexdigest()


@pytest.fixture(scope="module")
def forks() -> Iterator[Nursery]:
    with nursery() as forks:
        yield forks


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder with a loan and a document, on which nothing runs."""
    path = tmp_path_factory.mktemp("acts") / "data"
    with running_api(path) as api:
        put = api.request("PUT", f"/v1/documents/{DIGEST}", DOCUMENT, media_type="text/plain")
        assert put.status_code == 201
        for value in (agreement(LOAN, api.bank), repayment(LOAN)):
            assert api.submit(value).status_code == 201
    return path


class Stage:
    """A folder of its own, and the commands on it."""

    def __init__(self, forks: Nursery, path: Path) -> None:
        self.path, self._forks = path, forks
        self.folder = DataFolder(path / "data")

    def run(self, *arguments: str | Path, step: Step | None = None) -> int:
        """Run a command, killed at a step if one is given; return its exit code."""
        trigger, log = self.path / "trigger", self.path / "log"
        trigger.touch()
        variables = environment(armed(step, step.most, trigger) if step else {})
        code = self._forks.fork([*map(str, arguments)], variables, log).wait(60)
        trigger.unlink()
        assert code in ((-signal.SIGKILL,) if step else (0, 1)), log.read_text()
        return code

    def said(self) -> str:
        """Return all that the commands wrote."""
        return (self.path / "log").read_text()


@pytest.fixture
def stage(forks: Nursery, original: Path, tmp_path: Path) -> Stage:
    shutil.copytree(original, tmp_path / "data")
    return Stage(forks, tmp_path)


def whole(folder: DataFolder) -> None:
    """Everything opens, and the audit finds nothing."""
    store, files = open_store(folder), document_files(folder)
    lender = lender_of(store)
    assert len(store.loan_records(lender, LOAN)) == 2
    with files.find(lender, DIGEST).open() as file:
        assert file.read() == DOCUMENT
    store.close()
    report = Audit(Target("data", str(folder.path)), load_signer(folder).verifier, None, 1).run(
        lambda _: lambda _: None
    )
    assert report.verdict is Verdict.VALID, report.findings.ordered()


@pytest.mark.parametrize("step", BACKUP.values(), ids=list(BACKUP))
def test_a_backup_that_was_killed_stood_in_the_way_of_the_next_for_ever(stage: Stage, step: Step) -> None:
    target = stage.path / "backup"
    asked = ("backup", "--data", stage.folder.path, target, "--with-keys")
    stage.run(*asked, step=step)
    assert not target.exists()
    (stage.path / "backup.part" / "left.key").write_text("of an earlier one")
    assert stage.run(*asked) == 0, stage.said()
    assert verify_backup(target)[1].count == 0
    assert not (stage.path / "backup.part").exists()
    whole(stage.folder)


@pytest.mark.parametrize("step", RESTORE.values(), ids=list(RESTORE))
def test_a_restore_that_was_killed_is_done_whole(stage: Stage, step: Step) -> None:
    backup, target = stage.path / "backup", DataFolder(stage.path / "restored")
    assert stage.run("backup", "--data", stage.folder.path, backup, "--with-keys") == 0
    asked = ("restore", "--data", target.path, backup)
    stage.run(*asked, step=step)
    assert not target.path.exists()
    assert stage.run(*asked) == 0, stage.said()
    assert not (stage.path / "restored.part").exists()
    held = target.hold.read()
    assert held is not None
    assert held[0] == "restored"
    whole(target)


@pytest.mark.parametrize("step", LOG_KEY.items(), ids=list(LOG_KEY))
def test_a_new_log_key_that_was_cut_short_is_there_or_made_again(stage: Stage, step: tuple[str, Step]) -> None:
    name, where = step
    asked = ("notary-keys", "rotate", "log", "--data", stage.folder.path)
    stage.run(*asked, step=where)
    whole(stage.folder)
    again = stage.run(*asked)
    # What keys.json names is done: the next rotation waits until the overlap is over.
    assert again == (1 if name.startswith("in keys.json") else 0), stage.said()
    assert stage.run("add-lender", "--data", stage.folder.path, "Bank") == 0, stage.said()
    keys = stage.folder.keys.load()
    assert (len(keys.log), len(keys.successions)) == (2, 1)
    known = load_verifiers(stage.folder)
    head = open_store(stage.folder).head()
    assert head is not None
    assert {open_checkpoint(head.checkpoint, key).size for key in known} == {head.size}
    assert len(known) == 2
    whole(stage.folder)


@pytest.mark.parametrize("step", DATA_KEY.values(), ids=list(DATA_KEY))
def test_a_data_key_was_kept_for_ever_when_a_kill_came_before_it_was_destroyed(stage: Stage, step: Step) -> None:
    asked = ("notary-keys", "rotate", "data", "--data", stage.folder.path)
    old = stage.folder.keys.path / "data.key"
    stage.run(*asked, step=step)
    whole(stage.folder)
    assert stage.run(*asked) == 0, stage.said()
    keys = stage.folder.keys.load()
    assert (keys.data_next, keys.data_replaced, old.exists()) == (None, None, False)
    assert keys.data != "file:data.key"
    whole(stage.folder)


def test_an_erasure_that_was_killed_goes_on_by_itself_and_leaves_nothing(forks: Nursery, tmp_path: Path) -> None:
    trigger = tmp_path / "trigger"
    with new_subject(tmp_path / "data", forks) as subject:
        service, values = subject.service, list[bytes]()
        for number, step in enumerate([*ERASURE.values(), None]):
            service.variables = armed(step, 1, trigger) if step else {}
            service.start("--workers", "1")
            if number:
                goes_on(subject, f"L-to-be-erased-{number - 1}")
                # While it runs: who ends in order leaves no write-ahead log, whatever was in it.
                assert list(found_in(files_of(service.folder), values)) == [], list(ERASURE)[number - 1]
            if step:
                values = add_loan(subject, f"L-to-be-erased-{number}")
                trigger.touch()
                with pytest.raises((OSError, HTTPException)):
                    service.request("DELETE", f"/v1/loans/L-to-be-erased-{number}", api_key=subject.api_key)
                assert service.process is not None
                assert service.process.wait(60) != 0
                trigger.unlink()
                service.process = None
                service.wait_for_silence()
        assert service.stop() == 0
        check_head(subject)


def add_loan(subject: Subject, loan: str) -> list[bytes]:
    """Submit a loan of one record and return the values that must be nowhere after its erasure."""
    value = canonical_json(record("agreement", id=str(uuid4()), loan=loan))
    assert subject.service.request("POST", "/v1/records", value, subject.api_key).status == 201
    with subject.store() as store:
        lender = lender_of(store)
        found = store.find_loans([(lender, loan)])[lender, loan]
        records = store.loan_records(lender, loan)
    with closing(sqlite3.connect(subject.folder.database)) as connection:
        wrapped = connection.execute(
            "SELECT wrapped FROM loan_keys JOIN records USING (loan_id) WHERE entry_index = ?", (records[0].index,)
        ).fetchone()
    return [found.key, loan.encode(), *(item.nonce for item in records), *wrapped]


def goes_on(subject: Subject, loan: str) -> None:
    """Wait until a loan is erased, which nobody asks for again."""

    def is_erased() -> bool:
        with subject.store() as store:
            done = store.erasure(lender_of(store), loan)
        return done is not None and done.erased_at is not None

    until(is_erased, "the erasure goes on")
    with subject.store() as store, pytest.raises(ErasedError):
        store.holds(lender_of(store), loan)


def files_of(folder: Path) -> dict[Path, bytes]:
    """Return every file of a folder that is in use, from a copy that another process has made.

    Whoever reads a database's file and closes it gives up all locks that its process has on it.
    """
    copy = folder.with_name("copy")
    # What was listed may be gone when it is copied.
    while subprocess.run(["cp", "-r", folder, copy], capture_output=True, check=False).returncode:
        shutil.rmtree(copy)
    found = files_under(copy)
    shutil.rmtree(copy)
    return found


def lender_of(store: Store) -> int:
    """Return the number of the folder's first lender."""
    return min(item.number for item in store.organisations() if item.role == "lender")
