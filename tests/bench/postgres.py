# SPDX-License-Identifier: Apache-2.0
"""One host against two on one PostgreSQL, and what it takes until all goes on when a host is killed.

Measured twice. First hosts, database, chain and load generator share this machine's cores, so that two hosts have no
more of them than one: the ratio says what a second one costs. Then each host has a share of a core to itself, as
machines of their own would have, and all others have the rest: the ratio says what a second machine brings.
"""

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from api.keys.anchor_keys import load_anchor_wallet
from api.settings import DataFolder
from chain.embedded import EmbeddedNode
from tests.bench.batch import exchange
from tests.bench.figures import Figure, over_rounds, spread
from tests.bench.load import Load, drive_all, http_request
from tests.bench.notary import BenchNotary, repayments
from tests.bench.shares import shares
from tests.support.hosts import BALANCE, Hosts, Stream, first_host, joining_host, streaming
from tests.support.postgres import running_postgres
from tests.support.service import Service, processes_of, until

TITLE = "One host and two on one PostgreSQL"
ROUNDS = 3
CONNECTIONS, POSTS, LINES = 64, 3_000, 10_000
SHARE = 0.4
"""Of one core, for each host, where hosts have shares."""
APART = 64, 256
"""Connections in all, where hosts have shares: two hosts that are to do more take more clients to keep busy."""
_QUOTA = 100_000_000
"""Requests a minute, of one key: no limit."""


def run(folder: Path) -> list[Figure]:
    """Measure with hosts of one worker each, and of as many as there are cores."""
    figures = [Figure("load of the machine before", os.getloadavg()[0])]
    with running_postgres(fsync=True) as server:
        for workers in (1, os.cpu_count() or 1):
            with server.database() as name, _hosts(folder / str(workers), server.dsn(name), workers) as hosts:
                pair = _Pair.on(hosts)
                figures += pair.compared(f"{workers} worker{'s' * (workers > 1)} a host", CONNECTIONS)
                if workers == 1:
                    figures += _apart(hosts, pair)
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


def _apart(hosts: Hosts, pair: "_Pair") -> list[Figure]:
    """Compare with a share of a core for each host; say so where there can be none."""
    with ExitStack() as stack:
        try:
            groups = stack.enter_context(shares(2, SHARE))
        except OSError as error:
            return [Figure(f"no shares of the processor can be had here ({error}): cores shared by all only", 0)]
        for host, group in zip(hosts.both, groups, strict=True):
            group.take(processes_of(host.folder))
        return pair.compared(f"{SHARE} of a core a host", *APART)


class _Pair:
    """Two hosts, of which one or both are given the same work."""

    def __init__(self, one: BenchNotary, other: BenchNotary) -> None:
        self._asked = [one], [one, other]
        self._made = 0
        one.agree()

    @classmethod
    def on(cls, hosts: Hosts) -> "_Pair":
        """Return two hosts with a lender of their own."""
        api_key = hosts.a.add_lender()
        return cls(_bench(hosts.a, api_key), _bench(hosts.b, api_key))

    def compared(self, name: str, *connections: int) -> list[Figure]:
        """Compare one with both in single POSTs over so many connections in all, and in batches."""
        figures: list[Figure] = []
        for count in connections:
            figures += self._posts(f"{name}, single POSTs over {count}", count)
        return figures + self._batches(f"{name}, batches")

    def _posts(self, name: str, connections: int) -> list[Figure]:
        loads: dict[int, list[Load]] = {1: [], 2: []}
        for _ in range(ROUNDS):
            for asked in self._asked:
                requests = [http_request("/v1/records", body, api_key=asked[0].api_key) for body in self._next(POSTS)]
                loads[len(asked)].append(drive_all([item.address for item in asked], requests, connections, 201))
        rates = {count: [load.rate for load in done] for count, done in loads.items()}
        return [
            *(over_rounds(f"{name}: {_NUMBER[count]}", rates[count], "/s") for count in rates),
            over_rounds(f"{name}: ratio", _ratios(rates), aim=">= 1.5"),
            *spread(f"{name} to both", [one for load in loads[2] for one in load.latencies]),
        ]

    def _batches(self, name: str) -> list[Figure]:
        rates: dict[int, list[float]] = {1: [], 2: []}
        refused = 0
        for _ in range(ROUNDS):
            for asked in self._asked:
                placed, seconds = _submit(asked, self._next(LINES))
                rates[len(asked)].append(placed / seconds)
                refused += LINES - placed
        return [
            *(over_rounds(f"{name}: {_NUMBER[count]}", rates[count], "records/s") for count in rates),
            over_rounds(f"{name}: ratio", _ratios(rates)),
            Figure(f"{name}: lines that the database did not take in time (503)", refused),
        ]

    def _next(self, count: int) -> list[bytes]:
        self._made += count
        return repayments(self._made - count, count)


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
