# SPDX-License-Identifier: Apache-2.0
"""What a process and all that it has started use, as the kernel tells (proc(5))."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICK = 1 / os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Usage:
    """Processor time in seconds and resident memory in bytes."""

    seconds: float = 0.0
    resident: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(self.seconds + other.seconds, self.resident + other.resident)


def usage(pid: int) -> Usage:
    """Return what a process uses with its descendants; nothing for one that has ended."""
    folder = Path(f"/proc/{pid}")
    try:
        # The name, in brackets, may hold anything; the numbers come after the last bracket.
        numbers = (folder / "stat").read_text().rpartition(")")[2].split()
        children = [child for task in (folder / "task").iterdir() for child in (task / "children").read_text().split()]
    except OSError:
        return Usage()
    own = Usage((int(numbers[11]) + int(numbers[12])) * _TICK, int(numbers[21]) * _PAGE)
    return sum((usage(int(child)) for child in children), own)
