# SPDX-License-Identifier: Apache-2.0
"""Shares of the processor for groups of processes, as if each group had a machine of its own: Linux's cgroups.

Version 1 (`cpu.cfs_quota_us`) and version 2 (`cpu.max`) will do. Both take root, and a hierarchy that may be written.
"""

import secrets
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

_PERIOD = 4_000
"""Microseconds in which a share is spent: short, so that whoever has spent his is not away for long."""
_UNIFIED = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Share:
    """A group that gets so much of one core and no more."""

    path: Path

    def take(self, pids: Iterable[int]) -> None:
        """Bring processes into the group; what they start later begins there."""
        _move(pids, self.path)

    def release(self) -> None:
        """Give all its processes back to whoever shares the machine."""
        _move(map(int, (self.path / "cgroup.procs").read_text("ascii").split()), self.path.parent)


@contextmanager
def shares(count: int, cores: float) -> Iterator[list[Share]]:
    """Make so many groups with as many cores each; they go at the end. Raises `OSError` where none can be made."""
    with ExitStack() as stack:
        yield [stack.enter_context(_share(cores)) for _ in range(count)]


@contextmanager
def _share(cores: float) -> Iterator[Share]:
    quota, parent = round(cores * _PERIOD), _hierarchy()
    path = parent / f"bench-{secrets.token_hex(4)}"
    path.mkdir()
    share = Share(path)
    try:
        if (path / "cpu.max").exists():
            (path / "cpu.max").write_text(f"{quota} {_PERIOD}", "ascii")
        else:
            (path / "cpu.cfs_period_us").write_text(str(_PERIOD), "ascii")
            (path / "cpu.cfs_quota_us").write_text(str(quota), "ascii")
        yield share
    finally:
        share.release()
        path.rmdir()


def _hierarchy() -> Path:
    """Return where groups with a share of the processor are made."""
    for line in Path("/proc/self/mounts").read_text("utf-8").splitlines():
        _, place, kind, options, *_ = line.split()
        if kind == "cgroup" and "cpu" in options.split(","):
            return Path(place)
    (_UNIFIED / "cgroup.subtree_control").write_text("+cpu", "ascii")
    return _UNIFIED


def _move(pids: Iterable[int], group: Path) -> None:
    for pid in pids:
        try:
            (group / "cgroup.procs").write_text(str(pid), "ascii")
        except ProcessLookupError:
            continue
