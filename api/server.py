# SPDX-License-Identifier: Apache-2.0
"""The HTTP server: granian with the gateway to the Flask application in several worker processes."""

import os
import sys

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.log import LogLevels

from api.app import create_gateway
from api.collector import settle_collector
from api.keys.hardening import harden
from api.logs import configure_logs
from api.parent import exit_with_parent
from api.serving.gateway import Gateway

_SERVER_VARIABLE = "LOAN_NOTARY_SERVER"
_LOGGERS = {"loggers": {"_granian": {"propagate": True}, "granian.access": {"propagate": True}}}
"""Granian's own loggers write where all others do."""


def worker_app() -> Gateway:
    """Make what one worker process serves; the process ends when the server does."""
    exit_with_parent(int(os.environ[_SERVER_VARIABLE]))
    configure_logs("server")
    harden()
    gateway = create_gateway()
    settle_collector()
    return gateway


def main() -> None:
    """Serve: `python -m api.server HOST PORT WORKERS PARENT`, PARENT being the id of the process that starts it."""
    host, port, workers, parent = sys.argv[1], *map(int, sys.argv[2:])
    exit_with_parent(parent)
    configure_logs("server")
    os.environ[_SERVER_VARIABLE] = str(os.getpid())
    serve("api.server:worker_app", host, port, workers)


def serve(
    target: str, host: str, port: int, workers: int, interface: Interfaces = Interfaces.RSGI, threads: int = 1
) -> None:
    """Serve the application that the function `target`, "module:name", makes in each worker process.

    `threads` is how many of a WSGI application's requests a worker has in hand; RSGI has one event loop.
    """
    Granian(
        target,
        address=host,
        port=port,
        interface=interface,
        # HTTP/2 has bounds of its own, which nobody here has tried; proxies speak HTTP/1.1 to what is behind them.
        http=HTTPModes.http1,
        loop=Loops.uvloop,
        factory=True,
        workers=workers,
        blocking_threads=threads,
        backpressure=1024,
        websockets=False,
        log_access=False,
        log_dictconfig=_LOGGERS,
        # Its warnings are advice on the number of threads for work that, unlike ours, does not wait for a disk.
        log_level=LogLevels.error,
        workers_kill_timeout=10,
    ).serve()


if __name__ == "__main__":
    main()
