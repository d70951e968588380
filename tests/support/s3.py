# SPDX-License-Identifier: Apache-2.0
"""Real servers that speak S3, and a proxy in front of one that loses, denies and garbles what passes.

moto comes with `make test`, into an environment of its own; versitygw, a gateway over a folder, with `make s3` (needs a
Go toolchain and takes some minutes).
"""

import re
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.service import PATIENCE, free_port, until

ROOT = Path(__file__).parents[2]
MOTO = ROOT / ".venv-s3" / "bin" / "moto_server"
VERSITYGW = ROOT / "build" / "versitygw"
BUCKET = "published"
KEY_ID, SECRET = "testkeyid", "testsecretkey"


def variables(url: str) -> dict[str, str]:
    """Return the environment of a client of a server."""
    keys = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1"}
    return {**keys, "AWS_ENDPOINT_URL": url}


@contextmanager
def running_moto(folder: Path) -> Iterator[str]:
    """Run moto's server with an empty bucket; yield its URL."""
    written = folder / "moto.log"
    with written.open("wb") as log:
        server = subprocess.Popen([MOTO, "-H", "127.0.0.1", "-p", "0"], stdout=log, stderr=log)
        try:
            until(lambda: bool(_address(written)), "moto listens")
            url = _address(written)
            assert ask(url, "PUT", f"/{BUCKET}")[0] == 200
            yield url
        finally:
            server.terminate()
            server.wait()


def _address(log: Path) -> str:
    found = re.search(r"http://127\.0\.0\.1:[0-9]+", log.read_text())
    return found[0] if found else ""


@contextmanager
def running_versitygw(folder: Path) -> Iterator[str]:
    """Run versitygw over a folder with an empty bucket; yield its URL."""
    (folder / "root" / BUCKET).mkdir(parents=True)
    port = free_port()
    command = (VERSITYGW, "--access", KEY_ID, "--secret", SECRET, "--port", f"127.0.0.1:{port}", "--quiet")
    with (folder / "versitygw.log").open("wb") as log:
        server = subprocess.Popen([*command, "posix", folder / "root"], stdout=log, stderr=log)
        try:
            until(lambda: _listens(port), "versitygw listens")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def _listens(port: int) -> bool:
    try:
        return ask(f"http://127.0.0.1:{port}", "GET", "/")[0] > 0
    except OSError:
        return False


def ask(
    url: str, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, list[tuple[str, str]], bytes]:
    """Make one request; return status, headers and body."""
    link = HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
    try:
        link.request(method, path, body, headers or {})
        answer: HTTPResponse = link.getresponse()
        return answer.status, answer.getheaders(), answer.read()
    finally:
        link.close()


class Fault(Enum):
    """What the proxy does to a request."""

    LOSE = "answers that it is stored, and stores nothing"
    DENY = "stores it, and answers that a condition was not met"
    IGNORE = "leaves the conditions out"
    SILENCE = "stores it, and hangs up"
    REFUSE = "answers with an error of the server"
    CONFLICT = "does nothing, and answers that something else is being done"
    UNMET = "does nothing, and answers that a condition was not met"
    GARBLE = "answers with other bytes"


class Proxy:
    """What the proxy is to fail at: faults by method and the end of a path; those in `once` are over after one time.

    `seen` are the requests that came, such as `PUT tile/0/000`.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.faults: dict[tuple[str, str], Fault] = {}
        self.once: set[tuple[str, str]] = set()
        self.seen: list[str] = []

    def fault(self, method: str, path: str) -> Fault | None:
        """Return what is to go wrong with a request."""
        for key, fault in list(self.faults.items()):
            if key[0] == method and path.endswith(key[1]):
                if key in self.once:
                    del self.faults[key]
                return fault
        return None


_Answer = tuple[int, list[tuple[str, str]], bytes]
_DONE_NOTHING: dict[Fault | None, _Answer] = {
    Fault.LOSE: (200, [("ETag", '"0"')], b""),
    Fault.REFUSE: (503, [], b"<Error><Code>SlowDown</Code></Error>"),
    Fault.CONFLICT: (409, [], b"<Error><Code>ConditionalRequestConflict</Code></Error>"),
    Fault.UNMET: (412, [], b"<Error><Code>PreconditionFailed</Code></Error>"),
}


def _pass_on(
    server: str, fault: Fault | None, method: str, path: str, body: bytes, headers: Mapping[str, str]
) -> _Answer | None:
    """Return what the proxy answers; None to hang up."""
    if fault in _DONE_NOTHING:
        return _DONE_NOTHING[fault]
    left_out = "if-" if fault is Fault.IGNORE else "\0"
    kept = {name: value for name, value in headers.items() if not name.lower().startswith(left_out)}
    status, answered, data = ask(server, method, path, body, kept)
    if fault is Fault.DENY:
        return _DONE_NOTHING[Fault.UNMET]
    return None if fault is Fault.SILENCE else (status, answered, data[::-1] if fault is Fault.GARBLE else data)


@contextmanager
def failing(server: str) -> Iterator[Proxy]:
    """Run a proxy in front of a server; yield what it is to fail at."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path = urlsplit(self.path).path
            proxy.seen.append(f"{self.command} {path.partition(BUCKET)[2].lstrip('/')}")
            answer = _pass_on(server, proxy.fault(self.command, path), self.command, self.path, body, self.headers)
            if answer:
                self.answer(*answer)
            else:
                self.close_connection = True

        do_GET = do_PUT = do_DELETE = do_HEAD = do_POST = pass_on  # noqa: N815 - the names that http.server wants

        def answer(self, status: int, headers: list[tuple[str, str]], data: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy = Proxy(f"http://127.0.0.1:{listener.server_port}")
    thread = threading.Thread(target=listener.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield proxy
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()
