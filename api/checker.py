# SPDX-License-Identifier: Apache-2.0
"""The processes that check documents: a few, started when they are first needed, each with one document at a time.

What a document can do is bounded inside them (`notary.inspection`). Should one of them end or fall silent all the same,
it is replaced, and the document's check is `unknown`.
"""

import os
import queue
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import orjson
import structlog

from api.metrics.counters import count_checks
from notary.documents.document import CheckStatus, CheckTask, DocumentCheck
from notary.errors import CheckerBusyError, UnavailableError
from notary.inspection.limits import WALL_SECONDS
from notary.inspection.tasks import write_task

PROCESSES = 1
"""Checking processes of each process that serves HTTP."""
WAIT = 30.0
"""Seconds that a document may wait for one."""
_SILENCE = WALL_SECONDS + 15.0
_MAX_ANSWER = 128 * 1024

_log = structlog.get_logger()


class CheckerPool:
    """Implements `notary.documents.document.DocumentChecker`; for any number of threads."""

    def __init__(self, processes: int = PROCESSES, wait: float = WAIT) -> None:
        self._wait = wait
        self._places: queue.LifoQueue[_Process | None] = queue.LifoQueue()
        for _ in range(processes):
            self._places.put(None)
        self._count = processes

    def check(self, task: CheckTask) -> tuple[DocumentCheck, ...]:
        with self._place() as process:
            answer = process.ask(write_task(task))
        checks = _read(answer, task)
        count_checks(check.status.value for check in checks)
        return checks

    def close(self) -> None:
        """End the processes, once they have checked what they have in hand."""
        for _ in range(self._count):
            if process := self._places.get():
                process.end()
            self._places.put(None)

    @contextmanager
    def _place(self) -> Iterator["_Process"]:
        try:
            process = self._places.get(timeout=self._wait)
        except queue.Empty:
            raise CheckerBusyError("more documents wait than are checked; try again shortly") from None
        try:
            process = process or _Process.start()
            yield process
        finally:
            usable = process is not None and process.is_usable
            # First of all: a place that is not given back is missed for ever.
            self._places.put(process if usable else None)
            if process is not None and not usable:
                _log.error("a checking process has failed and is replaced")
                process.end()


def _read(answer: bytes | None, task: CheckTask) -> tuple[DocumentCheck, ...]:
    if answer is None:
        return (DocumentCheck(task.subject.value, CheckStatus.UNKNOWN, "the checking process did not answer"),)
    return tuple(map(DocumentCheck.from_json, orjson.loads(answer)))


class _Process:
    """One checking process."""

    @classmethod
    def start(cls) -> "_Process":
        """Start one. Raises `UnavailableError`."""
        try:
            return cls()
        except OSError as error:
            raise UnavailableError(f"no document can be checked now: {error}") from error

    def __init__(self) -> None:
        command = (sys.executable, "-m", "notary.inspection")
        # A session of its own: Ctrl-C in a terminal is for the service, which ends its parts in order.
        self._process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self.is_usable = True

    def ask(self, task: bytes) -> bytes | None:
        """Hand over a task and return the line of the answer, or None where none came."""
        self.is_usable = False
        try:
            answer = self._exchange(task)
        except OSError:
            return None
        self.is_usable = answer is not None
        return answer

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for stream in (self._stdin, self._stdout):
            # What was not taken of a task is still to be written, and nobody reads it any more.
            with suppress(BrokenPipeError):
                stream.close()

    def _exchange(self, task: bytes) -> bytes | None:
        self._stdin.write(task + b"\n")
        self._stdin.flush()
        answer = b""
        while not answer.endswith(b"\n") and len(answer) <= _MAX_ANSWER:
            ready, _, _ = select.select([self._stdout], [], [], _SILENCE)
            if not ready:
                return None
            part = os.read(self._stdout.fileno(), _MAX_ANSWER)
            if not part:
                return None
            answer += part
        return answer
