# SPDX-License-Identifier: Apache-2.0
"""Ways to kill a service: at a named step, at a system call of its writer, or at any moment."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Protocol

import psutil

from api.settings import DataFolder
from chain.embedded import EmbeddedNode
from tests.faults.steps import STEPS, Step, armed
from tests.support.service import PATIENCE, Service, processes_of

LOAD = (0.1, 0.6)
"""Seconds of load before a kill that comes at any moment."""
# Of a process that lets nobody read its memory, only root may follow the system calls.
STRACE = shutil.which("strace") if os.geteuid() == 0 else None


class Strike(Protocol):
    """One kill: prepared before the service starts, dealt while it is under load."""

    def variables(self, trigger: Path) -> dict[str, str]:
        """Return what the service's environment must have; the file `trigger` is made when the load begins."""

    def deal(self, service: Service, random: Random) -> None:
        """Wait for the right moment, kill, and return; something of the service may live for a moment yet."""


class AtStep:
    """Kills a process right before a line of its code."""

    def __init__(self, step: Step, random: Random) -> None:
        self._step, self._passage = step, random.randint(1, step.most)

    def variables(self, trigger: Path) -> dict[str, str]:
        return armed(self._step, self._passage, trigger)

    def deal(self, service: Service, random: Random) -> None:  # noqa: ARG002 - the moment was chosen before
        assert service.process is not None
        service.process.wait(PATIENCE)


class AtCall:
    """Kills the writer as it enters a system call: a page written, the rest not; all written, nothing on disk."""

    def __init__(self, calls: str, most: int, random: Random) -> None:
        self._calls, self._passage = calls, random.randint(1, most)

    def variables(self, trigger: Path) -> dict[str, str]:  # noqa: ARG002 - nothing is needed inside
        return {}

    def deal(self, service: Service, random: Random) -> None:  # noqa: ARG002
        assert STRACE is not None
        [writer] = service.pids("api.writer")
        inject = f"inject={self._calls}:signal=SIGKILL:when={self._passage}"
        rules = ("-e", f"trace={self._calls}", "-e", inject)
        command = (STRACE, "-f", "-qq", "-o", "/dev/null", "-p", str(writer), *rules)
        subprocess.run(command, check=True, timeout=PATIENCE, stderr=subprocess.DEVNULL)


class AtAnyMoment:
    """Kills the processes that `chosen` picks, after a random time under load."""

    def __init__(self, chosen: Callable[[Service], list[int]], random: Random) -> None:
        self._chosen, self._after = chosen, random.uniform(*LOAD)

    def variables(self, trigger: Path) -> dict[str, str]:  # noqa: ARG002
        return {}

    def deal(self, service: Service, random: Random) -> None:  # noqa: ARG002
        time.sleep(self._after)
        for pid in self._chosen(service):
            kill(pid)


def kill(pid: int) -> None:
    """Kill a process that may be gone already."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _part(words: str) -> Callable[[Service], list[int]]:
    return lambda service: service.pids(words)


def _all_but_the_node(service: Service) -> list[int]:
    # Its guard stays too, and ends it in order: it writes its state down.
    return [pid for pid, line in processes_of(service.folder).items() if "anvil" not in line]


def _node(service: Service) -> list[int]:
    running = EmbeddedNode.find(DataFolder(service.folder).chain)
    return [running.pid] if running else []


def _http_server(service: Service) -> list[int]:
    # It forks its workers, which have the same command line.
    family = service.pids("api.server")
    return [pid for pid in family if psutil.Process(pid).ppid() not in family]


def _http_worker(service: Service) -> list[int]:
    return sorted({*service.pids("api.server")} - {*_http_server(service)})[:1]


def _supervisor(service: Service) -> list[int]:
    assert service.process is not None
    return [service.process.pid]


REWINDS = ("everything, the node too", "the node")
"""Kills that may take the embedded chain back by a second."""

KINDS: dict[str, Callable[[Random], Strike]] = {
    **{name: (lambda random, step=step: AtStep(step, random)) for name, step in STEPS.items()},
    "all but the node": lambda random: AtAnyMoment(_all_but_the_node, random),
    "the supervisor": lambda random: AtAnyMoment(_supervisor, random),
    "the writer": lambda random: AtAnyMoment(_part("api.writer"), random),
    "the HTTP server": lambda random: AtAnyMoment(_http_server, random),
    "an HTTP worker": lambda random: AtAnyMoment(_http_worker, random),
    "the sender of webhooks": lambda random: AtAnyMoment(_part("api.webhooks"), random),
    "the worker of jobs": lambda random: AtAnyMoment(_part("api.jobs"), random),
    "everything, the node too": lambda random: AtAnyMoment(lambda service: service.pids(""), random),
    "the node": lambda random: AtAnyMoment(_node, random),
    **(
        {
            "in a commit, before a page is written": lambda random: AtCall("pwrite64", 200, random),
            "in a commit, before the disk is waited for": lambda random: AtCall("fdatasync,fsync", 30, random),
        }
        if STRACE
        else {}
    ),
}
"""All kinds of kills by name; those at system calls only where strace(1) is installed."""
