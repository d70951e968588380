# SPDX-License-Identifier: Apache-2.0
"""Files and applications behind a real HTTP server, which can be told to fail."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from flask import Flask
from werkzeug.serving import make_server


@contextmanager
def serving_app(app: Flask) -> Iterator[str]:
    """Serve an application; yield its URL."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Faults:
    """What the server does instead of sending its files: answer a path with a status, or hang for as long as told."""

    def __init__(self) -> None:
        self.status: dict[str, int] = {}
        self.hanging: set[str] = set()
        self.go_on = threading.Event()


@contextmanager
def serving_files(folder: Path) -> Iterator[tuple[str, Faults]]:
    """Serve the files of a folder; yield its URL and what it is to fail at."""
    faults = Faults()

    class Handler(SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else each answer waits for the acknowledgement of its header

        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(folder))  # type: ignore[arg-type]

        def do_GET(self) -> None:
            if self.path in faults.hanging:
                faults.go_on.wait()
            if status := faults.status.get(self.path):
                self.send_error(status)
            else:
                super().do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", faults
    finally:
        faults.go_on.set()
        server.shutdown()
        thread.join()
        server.server_close()
