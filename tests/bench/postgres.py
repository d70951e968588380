# SPDX-License-Identifier: Apache-2.0
"""One host against two on one PostgreSQL, and what it takes until all goes on when a host is killed.

Hosts, database, chain and load generator share this machine's cores, so two hosts have no more of them than one: the
ratio says what a second one brings where a single host leaves cores idle, and not what a second machine would bring.
"""

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from api.keys.anchor_keys import load_anchor_wallet
from api.settings import DataFolder
from chain.embedded import EmbeddedNode
from tests.bench.batch import exchange
from tests.bench.figures import Figure, over_rounds, spread
from tests.bench.load import Load, drive_all, http_request
from tests.bench.notary import BenchNotary, repayments
from tests.support.hosts import BALANCE, Hosts, Stream, first_host, joining_host, streaming
from tests.support.postgres import running_postgres
from tests.support.service import Service, until

TITLE = "One host and two on one PostgreSQL"
ROUNDS = 3
CONNECTIONS, POSTS, LINES = 64, 3_000, 10_000
_QUOTA = 100_000_000
"""Requests a minute, of one key: no limit."""


def run(folder: Path) -> list[Figure]:
    """Measure with hosts of one worker each, and of as many as there are cores."""
    figures = [Figure("load of the machine before", os.getloadavg()[0])]
    with running_postgres(fsync=True) as server:
        for workers in (1, os.cpu_count() or 1):
            with server.database() as name, _hosts(folder / str(workers), server.dsn(name), workers) as hosts:
                figures += _compared(hosts, f"{workers} worker{'s' * (workers > 1)} a host")
                if workers == 1:
                    figures += _killed(hosts)
    return figures


@contextmanager
def _hosts(path: Path, dsn: str, workers: int) -> Iterator[Hosts]:
    path.mkdir()
    with EmbeddedNode.start(path / "chain") as node:
        a = first_host(path / "a", dsn, node.url, requests_a_minute=_QUOTA)
        b = joining_host(a, path / "b")
        try:
            node.fund(load_anchor_wallet(DataFolder(a.folder).keys).address, BALANCE)
            for host in (a, b):
                host.start("--workers", str(workers))
            yield Hosts(a, b, node)
        finally:
            a.end_all()
            b.end_all()


def _compared(hosts: Hosts, name: str) -> list[Figure]:
    api_key = hosts.a.add_lender()
    one, two = [_bench(hosts.a, api_key)], [_bench(host, api_key) for host in hosts.both]
    one[0].agree()
    made = 0
    posts: dict[int, list[Load]] = {1: [], 2: []}
    batches: dict[int, list[float]] = {1: [], 2: []}
    refused = 0
    for _ in range(ROUNDS):
        for asked in (one, two):
            bodies = repayments(made, POSTS)
            requests = [http_request("/v1/records", body, api_key=api_key) for body in bodies]
            posts[len(asked)].append(drive_all([item.address for item in asked], requests, CONNECTIONS, 201))
            placed, seconds = _submit(asked, repayments(made + POSTS, LINES))
            batches[len(asked)].append(placed / seconds)
            refused += LINES - placed
            made += POSTS + LINES
    rates = {count: [load.rate for load in loads] for count, loads in posts.items()}
    return [
        *(over_rounds(f"{name}, single POSTs: {_NUMBER[count]}", rates[count], "/s") for count in posts),
        over_rounds(f"{name}, single POSTs: ratio", _ratios(rates), aim=">= 1.5"),
        *spread(f"{name}, single POSTs to both", [one for load in posts[2] for one in load.latencies]),
        *(over_rounds(f"{name}, batches: {_NUMBER[count]}", batches[count], "records/s") for count in batches),
        over_rounds(f"{name}, batches: ratio", _ratios(batches)),
        Figure(f"{name}, batches: lines that the database did not take in time (503)", refused),
    ]


_NUMBER = {1: "one host", 2: "two hosts"}


def _ratios(rates: dict[int, list[float]]) -> list[float]:
    return [two / one for one, two in zip(rates[1], rates[2], strict=True)]


def _bench(host: Service, api_key: str) -> BenchNotary:
    assert host.process is not None
    return BenchNotary(host.url, api_key, host.process.pid)


def _submit(hosts: Sequence[BenchNotary], lines: Sequence[bytes]) -> tuple[int, float]:
    """Submit lines over two connections, to one host or one each; return how many were placed, in how many seconds."""
    asked = [hosts[turn % len(hosts)] for turn in range(2)]
    shares = [b"\n".join(lines[turn::2]) for turn in range(2)]
    began = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        placed = sum(pool.map(lambda host, share: exchange(host, iter([share])), asked, shares))
    return placed, time.perf_counter() - began


def _killed(hosts: Hosts) -> list[Figure]:
    """Kill the host that anchors, under load, and see when the other has taken a record, and anchored it for good."""
    a, b = (Stream(host, hosts.a.add_lender(), f"K-{name}") for name, host in zip("ab", hosts.both, strict=True))
    with streaming(a, b):
        until(lambda: min(len(a.placed), len(b.placed)) > 10, "both take records")
        hosts.a.end_all()
        killed = time.monotonic()
        seen = len(b.placed)
        until(lambda: len(b.placed) > seen + 1, "the other takes records")
        resumed = time.monotonic() - killed
        hosts.b.final_receipt(next(reversed(b.placed)), b.api_key)
        anchored = time.monotonic() - killed
    return [
        Figure("after the kill: the other host has taken a record", resumed, "s", "< 10"),
        Figure("after the kill: it has anchored one for good", anchored, "s", "< 10"),
    ]
