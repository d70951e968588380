# SPDX-License-Identifier: Apache-2.0
"""What the processes of a service spend: processor time and memory, from /proc.

Processor time tells what a request costs where wall time tells what else the machine was doing.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PARTS = ("api.server", "api.writer", "anvil", "api.webhooks.worker", "api.jobs.worker")


@dataclass(frozen=True)
class Process:
    """One process: the part of the service that it is, its processor time in seconds, and its memory in MiB."""

    part: str
    seconds: float
    resident: float
    peak: float


def processes(root: int) -> dict[int, Process]:
    """Return the processes below `root`, and itself, by id."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        if fields := _stat(path):
            children.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found, waiting = {}, [root]
    while waiting:
        pid = waiting.pop()
        waiting += children.get(pid, [])
        if (process := _process(pid)) is not None:
            found[pid] = process
    return found


def spent(before: Mapping[int, Process], after: Mapping[int, Process]) -> dict[str, float]:
    """Return the processor time in seconds that each part of the service has used between two looks."""
    used: dict[str, float] = {}
    for pid, process in after.items():
        earlier = before[pid].seconds if pid in before else 0.0
        used[process.part] = used.get(process.part, 0.0) + process.seconds - earlier
    return used


def peak(found: Mapping[int, Process], part: str) -> float:
    """Return the highest memory that one process of a part has had, in MiB."""
    return max(process.peak for process in found.values() if process.part == part)


def _process(pid: int) -> Process | None:
    folder = Path(f"/proc/{pid}")
    fields = _stat(folder / "stat")
    try:
        command = (folder / "cmdline").read_text("utf-8", "replace")
        status = (folder / "status").read_text("utf-8")
    except OSError:
        return None
    if not fields or "VmRSS" not in status:
        return None
    part = next((name for name in _PARTS if name in command), "service")
    resident, highest = (
        int(value) / 1024 for name in ("VmRSS", "VmHWM") for value in re.findall(rf"{name}:\s+(\d+)", status)
    )
    return Process(part, (int(fields[11]) + int(fields[12])) / _TICK, resident, highest)


def _stat(path: Path) -> list[str]:
    """Return the fields behind the name of the command, which may hold anything."""
    try:
        return path.read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return []
