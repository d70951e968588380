# SPDX-License-Identifier: Apache-2.0
"""The service of a host that only reads: the HTTP server on a replica, and nothing that writes.

It has no writer, anchorer, timestamper, webhooks, jobs, audits, publishers, scrubber or node: hosts that write do.
"""

from contextlib import ExitStack
from pathlib import Path

from prometheus_client import CollectorRegistry

from api.databases import open_access_log, open_replica
from api.folders.locks import log_lock
from api.metrics.replica import ReplicaCollector
from api.service import Service
from api.settings import DataFolder, Settings


class ReadingService(Service):
    """Runs the service of a data folder whose settings say where to write (`writes_at`)."""

    def __init__(self, folder: DataFolder, settings: Settings, sockets: Path, workers: int, reanchor: bool) -> None:
        super().__init__(folder, settings, sockets, workers, reanchor)
        self._locked = ExitStack()

    def close(self) -> None:
        super().close()
        self._locked.close()

    def _start(self) -> None:
        # One service a folder, as the writer's lock has it elsewhere.
        self._locked.enter_context(log_lock(self._folder))
        self._host.check()
        open_access_log(self._folder)
        with self._host.deploying(self._folder.deployment, anew=False):
            _, signing = self._environments()
            self._spawn_server(signing)
        registry = CollectorRegistry()
        registry.register(ReplicaCollector(open_replica(self._folder), self._parts()))
        self._serve_metrics(registry)
        self._until_it_answers()
