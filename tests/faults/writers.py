# SPDX-License-Identifier: Apache-2.0
"""The writer process by itself, with submitters at its socket: a start takes a second, so it can be hurt often.

Faults of its disk: full, read-only, slow, failing; and what a power cut leaves of the write-ahead log.
"""

import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from uuid import uuid4

from api.audits.auditing import Audit, Target
from api.clock import now
from api.databases import open_store
from api.keys.log_keys import load_signer
from api.settings import DataFolder
from api.writer_client import WriterClient
from notary.canonical import canonical_json
from notary.errors import UnavailableError
from notary.log.submission import Placed, Submission
from notary.registration import Registrar
from notary.schemes import SCHEMES
from tests.faults.steps import environment
from tests.faults.strikes import STRACE
from tests.support.api import make_folder, repayment
from tests.support.builders import NOW, add_lender, record
from tests.support.service import ROOT, until

SUBMITTERS = 4


class WriterUnderTest:
    """A data folder with one lender, its writer process, and what the writer acknowledged: index by record id."""

    def __init__(self, path: Path, sockets: Path) -> None:
        self.folder: DataFolder = make_folder(path)
        self._socket = sockets / "writer"
        self.acknowledged: dict[str, int] = {}
        self.refusals: list[str] = []
        self._lock = threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None
        store = open_store(self.folder)
        self._lender = add_lender(store, "示范银行", b"\1" * 32, NOW)
        self._registrar = Registrar(store, SCHEMES, now)

    def start(self, variables: dict[str, str] | None = None) -> None:
        """Start the writer and wait until it listens."""
        self._socket.unlink(missing_ok=True)
        command = (sys.executable, "-m", "api.writer", str(self.folder.path), str(self._socket), str(os.getpid()))
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment(variables or {}), stderr=subprocess.DEVNULL)

        def listens() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, "the writer has ended"
            return self._socket.exists()

        until(listens, "the writer listens")

    def submit(self, count: int) -> bool:
        """Submit a loan's records in one request; tell whether they were placed."""
        client = WriterClient(self._socket)
        try:
            return self._submit(client, count)
        finally:
            client.close()

    def load(self, stop: threading.Event) -> list[threading.Thread]:
        """Begin submitters that go on until they are told to stop, or the writer is gone."""

        def work(seed: int) -> None:
            random, client = Random(seed), WriterClient(self._socket)
            while not stop.is_set() and self._submit(client, random.randint(1, 20)):
                pass
            client.close()

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(SUBMITTERS)]
        for thread in threads:
            thread.start()
        return threads

    def end(self) -> None:
        """Kill the writer, if it is there."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def check(self, database: Path | None = None) -> int:
        """What was acknowledged is there, at its index, once, and the audit finds nothing; return the log's size."""
        folder = self.folder if database is None else DataFolder(database.parent)
        store = open_store(folder)
        try:
            head = store.head()
            assert head is not None
            stored = [item for item, _ in store.records()]
        finally:
            store.close()
        assert [item.index for item in stored] == list(range(1, head.size))
        places = {item.record_id: item.index for item in stored}
        assert len(places) == len(stored)
        with self._lock:
            lost = {name for name, index in self.acknowledged.items() if places.get(name) != index}
        assert not lost, f"{len(lost)} records that were acknowledged are not where they were"
        target = Target("data", str(folder.path))
        report = Audit(target, load_signer(self.folder).verifier, None, workers=1).run(lambda _: lambda _: None)
        assert report.findings.count == 0, report.findings.listed[:3]
        assert report.unknown == ()
        return head.size

    def _submit(self, client: WriterClient, count: int) -> bool:
        items = self._new(count)
        try:
            answers = client.append(items)
        except UnavailableError as error:
            with self._lock:
                self.refusals.append(str(error))
            return False
        with self._lock:
            for item, answer in zip(items, answers, strict=True):
                assert isinstance(answer, Placed), answer
                self.acknowledged[item.record_id] = answer.index
        return True

    def _new(self, count: int) -> list[Submission]:
        loan = str(uuid4())
        values = [record("agreement", id=str(uuid4()), loan=loan), *(repayment(loan) for _ in range(count - 1))]
        return [self._registrar.submission(self._lender, canonical_json(value), prove=True) for value in values]


@contextmanager
def writer_in(path: Path) -> Iterator[WriterUnderTest]:
    """Make a folder with a writer that is not started yet; end it afterwards."""
    sockets = Path(tempfile.mkdtemp(prefix="faults-"))
    subject = WriterUnderTest(path, sockets)
    try:
        yield subject
    finally:
        subject.end()
        shutil.rmtree(sockets)


@contextmanager
def calls_that(subject: WriterUnderTest, calls: str, what: str) -> Iterator[None]:
    """Have system calls of the writer fail or take long, as strace(1) does it: `error=ENOSPC`, `delay_enter=100000`."""
    assert STRACE is not None
    assert subject.process is not None
    rules = ("-e", f"trace={calls}", "-e", f"inject={calls}:{what}")
    command = (STRACE, "-f", "-o", "/dev/null", "-p", str(subject.process.pid), *rules)
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE)
    assert tracer.stderr is not None
    assert b"attached" in tracer.stderr.readline()
    try:
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait()
        tracer.stderr.close()


@contextmanager
def files_that_may_not_grow(subject: WriterUnderTest) -> Iterator[None]:
    """Let no file of the writer become longer than it is, as on a disk that is full (RLIMIT_FSIZE)."""
    assert subject.process is not None
    pid = subject.process.pid
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
