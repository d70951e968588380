# SPDX-License-Identifier: Apache-2.0
"""The whole service: node, writer, HTTP server, webhooks, jobs, audits, anchorer, timestamper and publishers, started
and ended together.

The parts are processes of their own (anchorer, timestamper and publishers are threads here). When one of them dies,
all are ended: each is safe to kill at any instruction, and whoever started the service may start it again.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog
from prometheus_client import CollectorRegistry

from api.access.cover import AccessCover
from api.anchoring import confirm_restored, make_anchorer, open_chain
from api.clock import now
from api.databases import hold_of, open_access_log, open_store, open_traffic, open_webhooks
from api.folders.set_aside import SetAsideCollector
from api.hosts.choosing import host_of
from api.hosts.host import Run
from api.keys.places import environment_with
from api.metrics.counters import FOLDER_VARIABLE
from api.metrics.service import ServiceCollector, Watch, serving_metrics
from api.publishing import PublicationCollector, make_publishers
from api.settings import DataFolder, Settings
from api.timestamping import make_timestamper
from api.tracing.start import start_tracing
from api.traffic.repeats import Repeats
from api.wiring import DATA_VARIABLE, WRITER_VARIABLE, audit_files, document_files, job_files, make_scrubber
from chain.anchorer import Anchorer
from chain.embedded import EmbeddedNode
from chain.rpc import Rpc
from loan_notary import Client, Retries
from notary.audit.scrubbing import Scrubber
from notary.errors import NotaryError, UnavailableError
from notary.publishing import Publisher

START_WAIT = 60.0
_STOP_WAIT = 15.0

_log = structlog.get_logger()


class Service:
    """Runs a data folder's service: `with Service.start(folder) as service: service.wait()`."""

    def __init__(self, folder: DataFolder, settings: Settings, sockets: Path, workers: int, reanchor: bool) -> None:
        self._folder = folder
        self._settings = settings
        self._sockets = sockets
        self._writer_socket, self._counted = sockets / "writer", sockets / "metrics"
        self._workers = workers
        self._port = settings.port or _free_port()
        self._host = host_of(folder)
        self._reanchor = reanchor
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._node: EmbeddedNode | None = None
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._metrics = ExitStack()

    @classmethod
    def start(cls, folder: DataFolder, workers: int | None = None, reanchor: bool = False) -> Self:
        """Start all parts and return once the service takes records; `reanchor` begins anew on a chain that forgot.

        Raises `UnavailableError` if a part does not come up, and what the parts raise for a wrong set-up; nothing is
        left running then.
        """
        # A socket's path is limited to about a hundred bytes, which a data folder's may be longer than.
        sockets = Path(tempfile.mkdtemp(prefix="loan-notary-"))
        service = cls(folder, folder.settings(), sockets, workers or os.cpu_count() or 1, reanchor)
        try:
            service._start()
        except BaseException:
            service.close()
            raise
        return service

    @property
    def url(self) -> str:
        """Where the service answers."""
        host = self._settings.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self._port}"

    @property
    def node_url(self) -> str:
        """Where the chain's node answers."""
        return self._node.url if self._node else self._settings.rpc or ""

    def wait(self) -> None:
        """Return when the service is told to stop (SIGTERM, SIGINT). Raises `UnavailableError` if a part dies."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        while not self._stop.wait(0.25):
            for name, child in self._children.items():
                if child.poll() is not None:
                    raise UnavailableError(f"the {name} has ended with code {child.returncode}")
            if self._node and not self._node.is_alive():
                raise UnavailableError("the embedded node has ended")

    def close(self) -> None:
        """End all parts, those first that others do without."""
        self._stop.set()
        self._metrics.close()
        self._forget(self._folder.metrics_address)
        for name in ("server", "webhooks", "jobs", "audits", "writer"):
            if child := self._children.pop(name, None):
                _end(child)
        for thread in self._threads:
            thread.join(_STOP_WAIT)
        if self._node:
            self._node.close()
        self._forget(self._folder.writer_address)
        shutil.rmtree(self._sockets, ignore_errors=True)

    def _forget(self, address: Path) -> None:
        # A disk that has become read-only must not keep the parts from being ended.
        with suppress(OSError):
            address.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self) -> None:
        self._host.check()
        plain, signing = self._environments()
        path = self._writer_socket
        self._spawn("writer", signing, "api.writer", str(self._folder.path), str(path), str(os.getpid()))
        self._until(path.exists, "writer")
        self._folder.writer_address.write_text(str(path))
        # The writer holds the log's lock by now, so whoever served this folder before is gone.
        open_access_log(self._folder)
        self._host.enter(self._tidy)
        self._run_beside(self._host.stay, "presence")
        self._spawn_server(signing)
        self._spawn("webhooks", plain, "api.webhooks.worker", str(self._folder.path), str(os.getpid()))
        self._spawn("jobs", signing, "api.jobs.worker", str(self._folder.path), str(path), str(os.getpid()))
        since = open_webhooks(self._folder).next_anchor_change()
        anchorer = self._start_anchoring()
        # After the node: without one it would start its own.
        self._spawn("audits", plain, "api.audits.worker", str(self._folder.path), str(os.getpid()))
        self._start_stamping()
        publishers = self._start_publishing()
        scrubber = make_scrubber(self._folder)
        self._lead(AccessCover(self._folder, now).run, "access-cover")
        self._lead(scrubber.run, "scrubber")
        self._watch(anchorer, scrubber, publishers, since)
        self._until_it_answers()

    def _environments(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return the variables of parts that may open what is sealed, and of those that may also sign."""
        self._counted.mkdir()
        own = {
            DATA_VARIABLE: str(self._folder.path),
            WRITER_VARIABLE: str(self._writer_socket),
            FOLDER_VARIABLE: str(self._counted),
        }
        config = self._folder.keys.load()
        plain = {**environment_with(self._folder.keys.variables(config, "data")), **own}
        return plain, {**plain, **environment_with(self._folder.keys.variables(config, "log", "data"))}

    def _spawn_server(self, environment: dict[str, str]) -> None:
        arguments = (self._settings.host, str(self._port), str(self._workers), str(os.getpid()))
        self._spawn("server", environment, "api.server", *arguments)

    def _until_it_answers(self) -> None:
        with Client(self.url, retries=Retries(attempts=1)) as client:
            self._until(partial(_answers, client), "server")

    def _tidy(self) -> None:
        document_files(self._folder).sweep()
        job_files(self._folder).tidy()
        audit_files(self._folder).tidy()
        Repeats(open_traffic(self._folder), open_store(self._folder).owner_keys).release_all()

    def _start_anchoring(self) -> Anchorer:
        if self._settings.rpc is None:
            self._node = EmbeddedNode.start(self._folder.chain)
        with self._host.deploying(self._folder.deployment, self._reanchor):
            registry = open_chain(self._folder, self._settings, self._node, self._reanchor)
        store, tracing = open_store(self._folder), start_tracing("service")
        confirm_restored(self._folder, registry, store)
        anchorer = make_anchorer(self._folder, self._settings, registry, store, tracing)
        self._lead(anchorer.run, "anchorer")
        return anchorer

    def _start_stamping(self) -> None:
        timestamper = make_timestamper(self._folder, self._settings, open_store(self._folder))
        if timestamper:
            self._lead(timestamper.run, "timestamper")

    def _start_publishing(self) -> list[Publisher]:
        publishers, interval = make_publishers(self._folder, self._settings), self._settings.publish_interval
        for number, publisher in enumerate(publishers):
            self._lead(partial(publisher.run, interval=interval), f"publisher {number}")
        return publishers

    def _watch(self, anchorer: Anchorer, scrubber: Scrubber, publishers: list[Publisher], since: int) -> None:
        store, hooks, registry = open_store(self._folder), open_webhooks(self._folder), CollectorRegistry()
        rpc = Rpc(self.node_url)
        watch = Watch(store, hooks, lambda: rpc.quantity("eth_getBalance", anchorer.account, "latest"), registry, since)
        authorities = tuple(item.url for item in self._settings.timestamp_authorities)
        registry.register(
            ServiceCollector(
                store,
                hooks,
                authorities,
                self._parts(),
                lambda: anchorer.status,
                lambda: watch.balance,
                hold_of(self._folder),
                lambda: scrubber.finished_at,
            )
        )
        registry.register(PublicationCollector(store, publishers))
        registry.register(SetAsideCollector((job_files(self._folder), audit_files(self._folder))))
        self._serve_metrics(registry)
        self._run_beside(watch.run, "watch")

    def _serve_metrics(self, registry: CollectorRegistry) -> None:
        host, port = self._settings.metrics_host, self._settings.metrics_port
        url = self._metrics.enter_context(serving_metrics(host, port, self._counted, registry))
        self._folder.metrics_address.write_text(url)

    def _parts(self) -> dict[str, int]:
        """Return the processes by the names of what they do."""
        return {"service": os.getpid(), **{name: child.pid for name, child in self._children.items()}}

    def _lead(self, run: Run, name: str) -> None:
        self._run_beside(self._host.led(name, run), name)

    def _run_beside(self, run: Run, name: str) -> None:
        thread = threading.Thread(target=run, args=(self._stop,), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _spawn(self, name: str, environment: dict[str, str], module: str, *arguments: str) -> None:
        command = (sys.executable, "-m", module, *arguments)
        # A session of its own: Ctrl-C in a terminal reaches this process first, which ends the others in order.
        self._children[name] = subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603

    def _until(self, ready: Callable[[], bool], name: str) -> None:
        deadline = time.monotonic() + START_WAIT
        while not ready():
            if self._children[name].poll() is not None:
                raise UnavailableError(f"the {name} has ended at once; see what it wrote above")
            if time.monotonic() > deadline:
                raise UnavailableError(f"the {name} did not come up in {START_WAIT:.0f} s")
            time.sleep(0.05)


def _answers(client: Client) -> bool:
    try:
        client.readiness()
        return True
    except NotaryError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(_STOP_WAIT)
    except subprocess.TimeoutExpired:
        _log.warning("a part did not end in time and is killed", pid=child.pid)
        child.kill()
        child.wait()
