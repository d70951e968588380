# SPDX-License-Identifier: Apache-2.0
"""A real anvil with a registry on it, for tests; and a node that misbehaves."""

import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests

from chain import toolchain
from chain.deploy import deploy
from chain.deployment import Deployment
from chain.embedded import EmbeddedNode
from chain.errors import ChainUnavailableError
from chain.registry import Registry
from chain.registry_deployment import deploy_registry, plan_registry
from chain.rpc import Rpc
from chain.wallet import Wallet

ORIGIN = "notary.example/test-log"
BALANCE = 10**21


@dataclass(frozen=True)
class Chain:
    """A running node, the operator's wallet, and the log registered by it."""

    node: EmbeddedNode
    rpc: Rpc
    wallet: Wallet
    registry: Registry

    def mine(self, blocks: int = 1) -> None:
        """Add blocks."""
        self.rpc.call("anvil_mine", hex(blocks))

    def automine(self, on: bool) -> None:
        """Say whether a transaction gets its block at once."""
        self.rpc.call("evm_setAutomine", on)


def new_wallet(node: EmbeddedNode, folder: Path, name: str = "operator.key") -> Wallet:
    """Make a key with money on the node's chain."""
    wallet = Wallet.create(folder / name)
    node.fund(wallet.address, BALANCE)
    return wallet


@contextmanager
def running_chain(folder: Path, *arguments: str) -> Iterator[Chain]:
    """Run a new chain in `folder`, with a registry and a log."""
    with EmbeddedNode.start(folder / "node", *arguments) as node:
        rpc, wallet = Rpc(node.url), new_wallet(node, folder)
        yield Chain(node, rpc, wallet, Registry(rpc, registered(rpc, wallet)))


def registered(rpc: Rpc, wallet: Wallet) -> Deployment:
    """Put a registry on a chain that has none and register the log in it."""
    plan = plan_registry(rpc, wallet.address, None)
    deploy_registry(rpc, wallet, plan)
    return deploy(rpc, wallet, ORIGIN, plan.address)


@contextmanager
def running_hardhat() -> Iterator[Rpc]:
    """Run a node of Hardhat's own kind (EDR), a second make beside anvil."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = (str(toolchain.node()), "node_modules/hardhat/dist/src/cli.js", "node", "--port", str(port))
    node = subprocess.Popen(command, cwd=toolchain.ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        rpc = Rpc(f"http://127.0.0.1:{port}")
        for _ in range(600):
            try:
                rpc.chain_id()
                break
            except ChainUnavailableError:
                time.sleep(0.05)
        yield rpc
    finally:
        node.terminate()
        node.wait()


@contextmanager
def answering(answer: Callable[[dict[str, Any]], tuple[int, bytes]]) -> Iterator[str]:
    """Run a node that answers each request with the status and the bytes that `answer` gives; yield its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, body = answer(request)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


Tamper = Callable[[str, Callable[[], tuple[int, bytes]]], tuple[int, bytes]]
"""Answers a request for a method; may call its second argument to have the real node answer it."""


@contextmanager
def tampered(url: str, tamper: Tamper) -> Iterator[str]:
    """Run a node that passes requests on to the one at `url`, as far as `tamper` lets it; yield its URL."""
    with requests.Session() as session:
        session.trust_env = False

        def answer(request: dict[str, Any]) -> tuple[int, bytes]:
            def forward() -> tuple[int, bytes]:
                response = session.post(url, json=request, timeout=10)
                return response.status_code, response.content

            return tamper(request["method"], forward)

        with answering(answer) as tampered_url:
            yield tampered_url
