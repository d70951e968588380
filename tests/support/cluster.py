# SPDX-License-Identifier: Apache-2.0
"""A Dask cluster of real processes: a scheduler, and workers of one thread each."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import distributed

from tests.support.service import ROOT, free_port, until

_SCHEDULER = (sys.executable, "-m", "distributed.cli.dask_scheduler", "--no-dashboard", "--no-show")
_WORKER = (sys.executable, "-m", "distributed.cli.dask_worker", "--no-dashboard", "--no-nanny", "--nthreads", "1")


@dataclass
class RunningCluster:
    """The scheduler's address, and the processes."""

    address: str
    folder: Path
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add_worker(self) -> None:
        """Start one more, and wait until it can work."""
        place = self.folder / f"worker-{len(self.workers)}"
        name = str(len(self.workers))
        command = (*_WORKER, "--name", name, "--local-directory", str(place), "--host", "127.0.0.1", self.address)
        log = place.with_suffix(".log")
        with log.open("wb") as output:
            self.workers.append(subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output))
        until(lambda: b"Starting established connection" in log.read_bytes(), "a worker has joined the cluster")

    def busy(self) -> list[int]:
        """Return the workers that have something to do."""
        with distributed.Client(self.address, set_as_default=False) as client:
            known = client.scheduler_info(n_workers=-1)["workers"]
            return sorted(int(known[address]["name"]) for address, tasks in client.processing().items() if tasks)

    def kill(self, worker: int) -> None:
        """End a worker as a crash does."""
        self.workers[worker].send_signal(signal.SIGKILL)
        self.workers[worker].wait()


@contextmanager
def running_cluster(folder: Path, workers: int) -> Iterator[RunningCluster]:
    """Run a cluster with so many workers, which keep their files in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    known = folder / "scheduler.json"
    command = (*_SCHEDULER, "--host", "127.0.0.1", "--port", str(free_port()), "--scheduler-file", str(known))
    with (folder / "scheduler.log").open("wb") as log:
        scheduler = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    cluster = RunningCluster("", folder, scheduler)
    try:
        until(lambda: known.exists() and bool(known.read_bytes()), "the scheduler listens")
        cluster.address = json.loads(known.read_bytes())["address"]
        for _ in range(workers):
            cluster.add_worker()
        yield cluster
    finally:
        for process in (*cluster.workers, scheduler):
            process.kill()
            process.wait()
