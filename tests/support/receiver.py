# SPDX-License-Identifier: Apache-2.0
"""A receiver of webhooks: a real HTTP server in a thread that keeps what it gets."""

import base64
import hmac
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Got:
    """One request: path, headers with names in lower case, body."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def message(self) -> dict[str, Any]:
        """The body as JSON."""
        value: dict[str, Any] = json.loads(self.body)
        return value

    @property
    def ids(self) -> list[str]:
        """The ids of the records that the message names."""
        return [item["id"] for item in self.message["data"]["records"]]

    def is_signed_with(self, secret: str) -> bool:
        """Verify as Standard Webhooks says, with nothing of the notary's."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        text = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + self.body
        wanted = "v1," + base64.b64encode(hmac.new(key, text, "sha256").digest()).decode()
        return wanted in self.headers["webhook-signature"].split(" ")


@dataclass
class Receiver:
    """What a receiver has got, and how it answers: the statuses in turn, the last of them for ever.

    `meanwhile` is called while the sender waits for the answer.
    """

    url: str
    statuses: list[int] = field(default_factory=lambda: [204])
    location: str | None = None
    got: list[Got] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None

    def of(self, kind: str) -> list[Got]:
        """Return the messages of one type."""
        return [item for item in self.got if item.message["type"] == kind]


@contextmanager
def receiving(tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Receiver]:
    """Run a receiver; with a server's context it speaks TLS."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if len(body) < int(self.headers["Content-Length"]):
                return  # whoever sent it was killed in the middle
            receiver.meanwhile()
            receiver.got.append(Got(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            statuses = receiver.statuses
            self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver = Receiver(f"{'https' if tls else 'http'}://{host}:{server.server_port}/hook?to=me")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
