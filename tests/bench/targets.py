# SPDX-License-Identifier: Apache-2.0
"""What the service is compared with: an empty Flask echo under the same server, and no server at all.

`python -m tests.bench.targets echo|nothing HOST PORT PARENT`
"""

import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from flask import Flask, Response, request
from granian.constants import Interfaces

from api.parent import exit_with_parent
from api.server import serve
from tests.bench.load import Address

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
_START_WAIT = 30.0
_THREADS = 64


def echo_app() -> Flask:
    """Make an application that answers a POST with its body."""
    exit_with_parent(os.getppid())
    app = Flask(__name__, static_folder=None)

    @app.post("/echo")
    def echo() -> Response:
        return Response(request.get_data(cache=False), mimetype="application/json")

    return app


def answer_blindly(address: Address) -> None:
    """Answer whatever comes in with the same bytes, for ever: the ceiling of the load generator."""
    listener = socket.create_server(address)
    poll = select.epoll()
    poll.register(listener.fileno(), select.EPOLLIN)
    connections: dict[int, socket.socket] = {}
    while True:
        for number, _ in poll.poll():
            if number == listener.fileno():
                connection, _ = listener.accept()
                connections[connection.fileno()] = connection
                poll.register(connection.fileno(), select.EPOLLIN)
            elif connections[number].recv(1 << 16):
                connections[number].sendall(_ANSWER)
            else:
                connections.pop(number).close()


class Target(NamedTuple):
    """A target that runs: where it listens, and its first process."""

    address: Address
    pid: int


@contextmanager
def running_target(name: str) -> Iterator[Target]:
    """Run one of the targets in processes of its own, on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        host, port = probe.getsockname()
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.targets", name, host, str(port), str(os.getpid())])
    try:
        _wait((host, port))
        yield Target((host, port), process.pid)
    finally:
        process.terminate()
        process.wait()


def _wait(address: Address) -> None:
    deadline = time.monotonic() + _START_WAIT
    while True:
        try:
            socket.create_connection(address).close()
            return
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def main() -> None:
    """Run a target."""
    name, host, port, parent = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
    exit_with_parent(parent)
    if name == "echo":
        serve("tests.bench.targets:echo_app", host, port, os.cpu_count() or 1, Interfaces.WSGI, _THREADS)
    else:
        answer_blindly((host, port))


if __name__ == "__main__":
    main()
