# SPDX-License-Identifier: Apache-2.0
"""A long run: 64 connections post single records as fast as they are answered. No error, each record once, flat memory.

`python -m tests.bench soak --minutes 10`
"""

import threading
from pathlib import Path
from statistics import mean
from urllib.request import urlopen

from tests.bench.figures import Figure, spread
from tests.bench.load import drive_from
from tests.bench.notary import BenchNotary, NewRecords, command, running_notary
from tests.bench.spent import processes

TITLE = "A long run of single POSTs, 64 connections"
CONNECTIONS = 64
_EVERY = 5.0
"""Seconds between two looks at the memory."""


def run(folder: Path, minutes: float) -> list[Figure]:
    """Measure. Raises `RuntimeError` for any answer but 201, and for a log that does not hold each record once."""
    data = folder / "data"
    with running_notary(data) as notary:
        memory = _Memory(notary.pid)
        before = _log_size(notary)
        load = drive_from(NewRecords(notary.api_key, minutes * 60), notary.address, CONNECTIONS, 201)
        grown = _log_size(notary) - before
        memory.stop()
    if grown != load.statuses[201]:
        raise RuntimeError(f"{load.statuses[201]} records were acknowledged, and the log has grown by {grown}")
    if "CLEAN" not in command("audit", "--data", str(data)):
        raise RuntimeError("the log is not clean")
    return [
        Figure("minutes", load.seconds / 60),
        Figure("records acknowledged, all of them once in the log", grown),
        Figure("rate", load.rate, "/s"),
        *spread("answer", load.latencies),
        *memory.figures(),
    ]


class _Memory:
    """Looks at the memory of all parts of a service, in a thread of its own, until it is stopped."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._looks: dict[str, list[float]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def stop(self) -> None:
        """Stop looking."""
        self._stop.set()
        self._thread.join()

    def figures(self) -> list[Figure]:
        """Return what each part had in the second tenth of the time, when all caches are filled, and in the last."""
        made = []
        for part, looks in sorted(self._looks.items()):
            tenth = max(1, len(looks) // 10)
            for name, some in (
                ("in the second tenth", looks[tenth : 2 * tenth]),
                ("in the last tenth", looks[-tenth:]),
            ):
                made.append(Figure(f"memory of {part}, {name}", mean(some or looks), "MiB"))
        return made

    def _look(self) -> None:
        while not self._stop.wait(_EVERY):
            sums: dict[str, float] = {}
            for process in processes(self._pid).values():
                sums[process.part] = sums.get(process.part, 0.0) + process.resident
            for part, value in sums.items():
                self._looks.setdefault(part, []).append(value)


def _log_size(notary: BenchNotary) -> int:
    with urlopen(f"{notary.url}/log/checkpoint") as response:
        return int(response.read().split(b"\n")[1])
