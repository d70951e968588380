# SPDX-License-Identifier: Apache-2.0
"""An Ethereum node that says what a test wants, over HTTP as web pages may ask it, and remembers what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class NodeStub:
    """`results` are by method, or by method and first parameter; `asked` are the requests as they came.

    `headers` are the names of all headers that came with them, in lower case.
    """

    def __init__(self, results: dict[str, Any]) -> None:
        self.results = results
        self.asked: list[dict[str, Any]] = []
        self.headers: set[str] = set()
        self.url = ""

    def answer(self, body: bytes) -> dict[str, Any]:
        """Answer one request."""
        asked = json.loads(body)
        self.asked.append(asked)
        method, params = asked["method"], asked["params"]
        name = f"{method} {params[0]}" if params and f"{method} {params[0]}" in self.results else method
        if name not in self.results:
            return {"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -32601, "message": "no such method"}}
        return {"jsonrpc": "2.0", "id": asked["id"], "result": self.results[name]}


@contextmanager
def running_node(results: dict[str, Any]) -> Iterator[NodeStub]:
    """Serve a node at a free port."""
    node = NodeStub(results)

    class Handler(BaseHTTPRequestHandler):
        def do_OPTIONS(self) -> None:
            self._send(b"")

        def do_POST(self) -> None:
            node.headers |= {name.lower() for name in self.headers}
            self._send(json.dumps(node.answer(self.rfile.read(int(self.headers["Content-Length"])))).encode())

        def _send(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Access-Control-Allow-Headers", "content-type")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        node.url = f"http://127.0.0.1:{server.server_address[1]}/"
        try:
            yield node
        finally:
            server.shutdown()
            thread.join()
