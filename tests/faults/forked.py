# SPDX-License-Identifier: Apache-2.0
"""A service whose processes are forked from one that has imported everything, rather than started: a tenth of the time.

Most of a start is spent on imports, which no kill can hurt. Here one process, the nursery, does them once. The
supervisor is forked from it, and at once forks one process for each of its parts, which waits until the supervisor
starts that part; from there on all is as always: the parts' own `main`, their arguments and variables, the node. Forked
before anything is opened: an SQLite database must not be carried into another process.
"""

import ctypes
import gc
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, Any, NoReturn

from api.metrics.counters import FOLDER_VARIABLE
from tests.faults.steps import environment, ready
from tests.support.service import ROOT, Service

PARTS = ("api.writer", "api.server", "api.webhooks.worker", "api.jobs.worker", "api.audits.worker")
_FURTHER = ("api.app", "api.cli.operate")
_ROOM = 600
"""Bytes of a command line, which a process that is forked writes its own over."""
_PR_SET_PDEATHSIG = 1
_Popen = subprocess.Popen


class Forked:
    """A supervisor that the nursery has forked, used as a `subprocess.Popen` is."""

    def __init__(self, pid: int, answers: IO[str]) -> None:
        self.pid, self._answers = pid, answers
        self._code: int | None = None

    def poll(self) -> int | None:
        """Return its exit code, None while it runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return its exit code. Raises `subprocess.TimeoutExpired`."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("run", timeout or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal; it must not have ended."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)

    def _ended(self, timeout: float | None) -> int | None:
        if self._code is None and select.select([self._answers], [], [], timeout)[0]:
            self._code = int(self._answers.readline())
        return self._code


class Nursery:
    """The process that others are forked from; has one supervisor at a time."""

    def __init__(self, process: "_Popen[str]") -> None:
        self._process = process

    def fork(self, arguments: Sequence[str], variables: dict[str, str], log: Path) -> Forked:
        """Fork a supervisor: `loan-notary` with these arguments."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"arguments": arguments, "variables": variables, "log": str(log)}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return Forked(int(self._process.stdout.readline()), self._process.stdout)


@contextmanager
def nursery() -> Iterator[Nursery]:
    """Run a nursery."""
    command = [sys.executable, "-m", "tests.faults.forked", "-" * _ROOM]
    pipe = subprocess.PIPE
    with tempfile.TemporaryDirectory(prefix="faults-") as counted:
        # The metrics' library makes up its mind about files or none when it is imported, and opens new ones in a fork.
        variables = environment({**ready(), FOLDER_VARIABLE: counted})
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1, cwd=ROOT, env=variables)
        try:
            yield Nursery(process)
        finally:
            process.kill()
            process.communicate()


@dataclass
class ForkedService(Service):
    """A service that comes from a nursery."""

    nursery: Nursery | None = None

    def launch(self, *options: str) -> Forked:
        """Fork the service without waiting for anything."""
        assert self.nursery is not None
        arguments = ("run", "--data", str(self.folder), "--workers", "2", *options)
        self.process = forked = self.nursery.fork(arguments, environment(self.variables), self.log)
        return forked


def main() -> None:
    """Import everything, then fork a supervisor for each line of standard input, and say how it ended."""
    for module in (*PARTS, *_FURTHER):
        import_module(module)
    gc.collect()
    gc.freeze()
    while line := sys.stdin.readline():
        asked = json.loads(line)
        if (pid := os.fork()) == 0:
            _supervise(asked["arguments"], asked["variables"], asked["log"])
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n")
        sys.stdout.flush()


def _supervise(arguments: list[str], variables: dict[str, str], log: str) -> NoReturn:
    _dies_with_its_parent()
    os.setsid()
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for number, file in enumerate((os.open(os.devnull, os.O_RDONLY), out, out)):
        os.dup2(file, number)
    parked = {part: _park(part) for part in PARTS}
    _become([*_SUPERVISOR, *arguments], {**variables, FOLDER_VARIABLE: os.environ[FOLDER_VARIABLE]})

    class Popen(_Popen[Any]):
        """Wakes a part that waits; starts any other program as always."""

        def _execute_child(self, args: Sequence[str], *more: Any) -> None:
            if (waiting := parked.pop(args[2], None)) if args[:2] == _PYTHON else None:
                self.pid, writer = waiting
                os.write(writer, json.dumps([args, more[_ENV]]).encode() + b"\n")
                os.close(writer)
                self._child_created = True
            else:
                super()._execute_child(args, *more)  # type: ignore[misc]

    subprocess.Popen = Popen  # type: ignore[misc]
    sys.argv = ["loan-notary", *arguments]
    import_module("api.cli").main()
    sys.exit(0)


_SUPERVISOR = (sys.executable, "-c", "from api.cli import main; main()")
_PYTHON = (sys.executable, "-m")
_ENV = 5
"""Place of the variables among the further arguments of `subprocess.Popen._execute_child`."""


def _park(part: str) -> tuple[int, int]:
    """Fork a process that waits to be told to be a part; return its id, and the pipe to tell it."""
    reader, writer = os.pipe()
    if pid := os.fork():
        os.close(reader)
        return pid, writer
    os.close(writer)
    _dies_with_its_parent()
    os.setsid()
    with open(reader) as asked:
        line = asked.readline()
    if not line:
        os._exit(0)
    command, variables = json.loads(line)
    _dies_with_its_parent(0)
    _become(command, variables)
    sys.argv = [part, *command[3:]]
    import_module(part).main()
    sys.exit(0)


def _become(command: Sequence[str], variables: dict[str, str]) -> None:
    """Take over variables and a command line, as everybody sees it who looks at this process."""
    os.environ.clear()
    os.environ.update(variables)
    folder = variables.get("LOAN_NOTARY_DATA", "")
    sys.orig_argv = [*command]
    import_module("sitecustomize").arm(" ".join(command))
    numbers = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, end = int(numbers[45]), int(numbers[46])
    line = b"\0".join(os.fsencode(word) for word in (*command, folder))
    ctypes.memmove(start, line[: end - start - 1].ljust(end - start, b"\0"), end - start)


def _dies_with_its_parent(number: int = signal.SIGKILL) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)


if __name__ == "__main__":
    main()
