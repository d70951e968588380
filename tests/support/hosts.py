# SPDX-License-Identifier: Apache-2.0
"""Several hosts of one notary, each as its operator starts it, on one PostgreSQL and one chain."""

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

from api.keys.anchor_keys import load_anchor_wallet
from api.settings import DataFolder
from chain.embedded import EmbeddedNode
from chain.rpc import Rpc
from notary.canonical import canonical_json
from notary.receipts.receipt import parse_receipt
from tests.support.api import repayment
from tests.support.builders import record
from tests.support.cli import run
from tests.support.service import Service, ask, connection, free_port

BALANCE = 10**20
PAUSE = 0.1
"""Seconds between two records of a stream, so that it stays below the limits that tests set."""
SHARED = ("documents", "jobs", "audits")
"""The folders that all hosts see, as a network file system would show them."""


@dataclass(frozen=True)
class Hosts:
    """Two hosts, A with the folders that both see, and the node that both anchor through."""

    a: Service
    b: Service
    node: EmbeddedNode

    @property
    def both(self) -> tuple[Service, Service]:
        return self.a, self.b

    def sent(self) -> int:
        """Return how many transactions the anchor account has sent."""
        return Rpc(self.node.url).transaction_count(load_anchor_wallet(DataFolder(self.a.folder).keys).address)


@contextmanager
def two_hosts(path: Path, dsn: str, **settings: Any) -> Iterator[Hosts]:
    """Set up a notary on the database, have a second host join it, and start both; all is killed at the end."""
    with EmbeddedNode.start(path / "chain") as node:
        a = first_host(path / "a", dsn, node.url, **settings)
        b = joining_host(a, path / "b")
        try:
            node.fund(load_anchor_wallet(DataFolder(a.folder).keys).address, BALANCE)
            a.start()
            b.start()
            yield Hosts(a, b, node)
        finally:
            a.end_all()
            b.end_all()


def first_host(path: Path, dsn: str, rpc: str, **settings: Any) -> Service:
    """Make a notary on a database as `loan-notary init` does; `settings` are more than that has options for."""
    port = free_port()
    options = ("--port", str(port), "--anchor-interval", "0.2", "--rpc", rpc, "--depth", "0", "--database", dsn)
    made = run("init", "--data", path, *options)
    assert made.exit_code == 0, made.output
    change_settings(path, **settings)
    for name in SHARED:
        (path / name).mkdir()
    return Service(DataFolder(path).path, port, path.with_name(path.name + ".log"))


def joining_host(first: Service, path: Path) -> Service:
    """Make the data folder of another host, as docs/postgresql.md tells an operator to."""
    path.mkdir()
    shutil.copytree(first.folder / "keys", path / "keys")
    shutil.copy(first.folder / "settings.json", path)
    for name in SHARED:
        (path / name).symlink_to(first.folder / name)
    port = free_port()
    change_settings(path, port=port)
    return Service(DataFolder(path).path, port, path.with_name(path.name + ".log"), variables=first.variables)


def change_settings(folder: Path, **changes: Any) -> None:
    """Write other settings into a data folder."""
    file = folder / "settings.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


@dataclass
class Stream:
    """Records that one client sends to one host, one after the other, until it is told to stop.

    `placed` has the entry index of each that was acknowledged, `problems` the statuses of other answers, `gone` how
    often there was no answer. Each record is sent until it is acknowledged.
    """

    service: Service
    api_key: str
    loan: str
    placed: dict[str, int] = field(default_factory=dict)
    problems: list[int] = field(default_factory=list)
    gone: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Send until `stop` is set; a record under way is given up then."""
        body = canonical_json(record("agreement", id=repayment("")["id"], loan=self.loan))
        while not self.stop.is_set():
            try:
                with connection(self.service.url) as link:
                    while not self.stop.is_set():
                        answer = ask(link, "POST", "/v1/records", body, self.api_key)
                        if answer.status not in (200, 201):
                            self.problems.append(answer.status)
                            self.stop.wait(PAUSE)
                            continue
                        self.placed[json.loads(body)["id"]] = parse_receipt(answer.body).index
                        body = canonical_json(repayment(self.loan))
                        self.stop.wait(PAUSE)
            except (OSError, HTTPException):
                self.gone += 1
                self.stop.wait(PAUSE)


@contextmanager
def streaming(*streams: Stream) -> Iterator[None]:
    """Run streams in threads of their own."""
    threads = [threading.Thread(target=stream.run) for stream in streams]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for stream in streams:
            stream.stop.set()
        for thread in threads:
            thread.join()
