# SPDX-License-Identifier: Apache-2.0
"""A whole service as its operator starts it: `loan-notary run`, with a real node beside it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from api.settings import DataFolder
from notary.receipts.receipt import parse_receipt
from tests.support.cli import document, run

ROOT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-c", "from api.cli import main; main()")
PATIENCE = 90.0
"""Seconds that anything may take on a busy machine before a test gives up."""


@dataclass(frozen=True)
class Ran:
    """What a command left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one JSON document."""
        return json.loads(self.out)


def command(*arguments: str | Path, **environment: str) -> Ran:
    """Run `loan-notary` with these arguments and more variables, and wait for its end."""
    done = subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment},
        timeout=PATIENCE,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def until(reached: Callable[[], bool], what: str) -> None:
    """Wait until `reached` says so."""
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE:.0f} s"
        time.sleep(0.05)


def free_port() -> int:
    """Return a port that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def processes_of(folder: Path) -> dict[int, str]:
    """Return the processes whose arguments or variables hold a data folder's path, with their command lines."""
    wanted = str(folder).encode()
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                line, variables = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
            except OSError:
                continue
            if wanted in line or b"=" + wanted + b"\0" in variables:
                found[int(entry.name)] = line.replace(b"\0", b" ").decode(errors="replace")
    return found


class Process(Protocol):
    """A process that was started, as `subprocess.Popen` has it."""

    pid: int

    def poll(self) -> int | None:
        """Return its exit code, None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return its exit code."""

    def send_signal(self, number: int, /) -> None:
        """Send it a signal."""

    def kill(self) -> None:
        """Kill it."""


@dataclass
class Service:
    """One data folder and the service that runs on it, or does not."""

    folder: Path
    port: int
    log: Path
    process: Process | None = field(default=None)
    variables: dict[str, str] = field(default_factory=dict)
    """More of the environment, for all that is launched."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def node_url(self) -> str:
        """Where the running service's node answers."""
        return str(json.loads((self.folder / "chain" / "node.json").read_bytes())["url"])

    def launch(self, *options: str) -> Process:
        """Start the service without waiting for anything; what it writes goes to the log file."""
        with self.log.open("ab") as log:
            self.process = process = subprocess.Popen(
                [*PROGRAM, "run", "--data", str(self.folder), "--workers", "2", *options],
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env={**os.environ, **self.variables},
                start_new_session=True,
            )
        return process

    def start(self, *options: str) -> None:
        """Start the service and wait until it takes records."""
        process = self.launch(*options)

        def ready() -> bool:
            assert process.poll() is None, f"the service has ended:\n{self.log.read_text()[-4000:]}"
            return self.is_ready()

        until(ready, "the service is ready")

    def is_ready(self) -> bool:
        """Tell whether the service takes records."""
        try:
            return self.request("GET", "/readyz").status == 200
        except OSError:
            return False

    def stop(self) -> int:
        """Tell the service to end, wait for it, and return its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        self.process = None
        return code

    def end_all(self) -> None:
        """Kill whatever of the service is left."""
        for pid in processes_of(self.folder):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if self.process is not None:
            self.process.wait(PATIENCE)
            self.process = None

    def wait_for_silence(self) -> None:
        """Wait until no process of this folder is left."""
        until(lambda: not processes_of(self.folder), f"the processes of {self.folder} end")

    def pids(self, words: str) -> list[int]:
        """Return the ids of the folder's processes with these words in their command line."""
        return [pid for pid, line in processes_of(self.folder).items() if words in line]

    def add_lender(self, name: str = "示范银行") -> str:
        """Register a lender and return its API key."""
        return str(document(run("add-lender", "--data", self.folder, name, "--json"))["api_key"])

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        api_key: str = "",
        media_type: str = "application/json",
        **more: str,
    ) -> "Answer":
        """Make one request on a connection of its own."""
        with connection(self.url) as link:
            return ask(link, method, path, body, api_key, media_type, **more)

    def final_receipt(self, record_id: str, api_key: str) -> bytes:
        """Wait until a record is anchored for good, and return its receipt."""
        path, found = f"/v1/records/{record_id}/receipt", b""

        def final() -> bool:
            nonlocal found
            answer = self.request("GET", path, api_key=api_key)
            assert answer.status in (200, 503), answer
            found = answer.body
            return answer.status == 200 and parse_receipt(found).state == "final"

        until(final, f"record {record_id} is final")
        return found


@dataclass(frozen=True)
class Answer:
    """What came back of a request."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@contextmanager
def connection(url: str) -> Iterator[HTTPConnection]:
    """Yield a connection that stays open between requests."""
    link = HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
    try:
        yield link
    finally:
        link.close()


def ask(
    link: HTTPConnection,
    method: str,
    path: str,
    body: bytes | None = None,
    api_key: str = "",
    media_type: str = "application/json",
    **more: str,
) -> Answer:
    """Make one request on a connection; `more` are headers, written with underscores."""
    headers = {name.replace("_", "-"): value for name, value in more.items()}
    if api_key:
        headers["Authorization"] = f"Bearer {api_key}"
    if body is not None:
        headers["Content-Type"] = media_type
    link.request(method, path, body, headers)
    response = link.getresponse()
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())


@contextmanager
def new_service(path: Path, *options: str) -> Iterator[Service]:
    """Make a data folder at `path` by `loan-notary init`; whatever runs on it at the end is killed."""
    port = free_port()
    made = run("init", "--data", path, "--port", str(port), "--anchor-interval", "0.2", *options)
    assert made.exit_code == 0, made.output
    service = Service(DataFolder(path).path, port, path.with_name(path.name + ".log"))
    try:
        yield service
    finally:
        service.end_all()
