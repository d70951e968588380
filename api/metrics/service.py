# SPDX-License-Identifier: Apache-2.0
"""`/metrics`: what all processes of the service have counted, and how the whole stands, on a port of its own.

A port of its own, on this machine alone unless the settings say otherwise: the public port cannot give away by a
mistake in a proxy what it does not have, and an operator gets numbers when all workers are busy, which is when he wants
them. What the database can tell is read when it is asked for, so no number can be older than the question.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from api.clock import now
from api.hold import Hold
from api.processes import usage
from api.views.health import newest_anchor, newest_timestamps
from chain.anchorer import AnchorStatus
from notary.errors import NotaryError, UnavailableError
from notary.log.anchors import AnchorState
from notary.ports.store import Store
from notary.webhooks import WebhookStore

# When a counter began is of no use, and twice as many lines.
disable_created_metrics()  # type: ignore[no-untyped-call]

_LOOK_EVERY = 1.0
_ASK_EVERY = 15.0
_WEI = 10**18
_WAITS = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 14400.0, 86400.0)

GAUGES = {
    "loan_notary_log_size": "Entries in the log.",
    "loan_notary_unanchored": "Entries that no mined or final anchor covers.",
    "loan_notary_anchor_age_seconds": "Seconds since the block of the newest anchor.",
    "loan_notary_anchoring_failed": "1 while the last step of anchoring has failed, else 0.",
    "loan_notary_signing_held": "1 while nothing is signed on top of the stored log, else 0.",
    "loan_notary_scrub_age_seconds": "Seconds since all of the stored log was last hashed again.",
    "loan_notary_wallet_ether": "Balance of the account that pays for anchors.",
    "loan_notary_webhook_lag_seconds": "Seconds for which the oldest message that is due has been due.",
    "loan_notary_timestamp_age_seconds": "Seconds since the newest timestamp of an authority.",
    "loan_notary_process_cpu_seconds": "Processor time of a part and all that it has started.",
    "loan_notary_process_resident_bytes": "Resident memory of a part and all that it has started.",
}
"""Metrics of the whole service and their meaning."""
ANCHOR_WAIT = "loan_notary_anchor_wait_seconds"
ANCHORS_DROPPED = "loan_notary_anchors_dropped_total"
_DROPPED = (AnchorState.REORGED, AnchorState.LOST)


class ServiceCollector(Collector):
    """Tells how the service stands.

    `parts` are process ids by name, `balance` the anchor account's wei if known, `scrubbed` when the stored log was
    last hashed to the end, in seconds since 1970.
    """

    def __init__(
        self,
        store: Store,
        hooks: WebhookStore,
        authorities: tuple[str, ...],
        parts: Mapping[str, int],
        status: Callable[[], AnchorStatus],
        balance: Callable[[], int | None],
        hold: Hold,
        scrubbed: Callable[[], float | None],
    ) -> None:
        self._hold, self._scrubbed = hold, scrubbed
        self._store, self._hooks, self._authorities = store, hooks, authorities
        self._parts, self._status, self._balance = parts, status, balance

    def describe(self) -> Iterator[Metric]:
        return (GaugeMetricFamily(name, text) for name, text in GAUGES.items())

    def collect(self) -> Iterator[Metric]:
        """Read everything; what cannot be read now is left out."""
        try:
            yield from self._stored()
        except NotaryError:
            return
        finally:
            # Each answer is given by a thread of its own, which ends after it.
            self._store.close()
            self._hooks.close()
        yield _gauge("loan_notary_anchoring_failed", int(self._status().error is not None))
        scrubbed = self._scrubbed()
        if scrubbed is not None:
            yield _gauge("loan_notary_scrub_age_seconds", max(0.0, now() / 1000 - scrubbed))
        balance = self._balance()
        if balance is not None:
            yield _gauge("loan_notary_wallet_ether", balance / _WEI)
        yield from part_metrics(self._parts)

    def _stored(self) -> list[Metric]:
        head, anchor = self._store.head(), newest_anchor(self._store)
        size = head.size if head else 0
        due = self._hooks.oldest_due(now())
        ages = {
            # Of the address no more than the host: there may be a password in it.
            urlsplit(item["authority"]).hostname or "": item["age_seconds"]
            for item in newest_timestamps(self._store, self._authorities)
            if item["age_seconds"] is not None
        }
        return [
            _gauge("loan_notary_log_size", size),
            _gauge("loan_notary_unanchored", size - (anchor["size"] if anchor else 0)),
            *([_gauge("loan_notary_anchor_age_seconds", anchor["age_seconds"])] if anchor else []),
            _gauge("loan_notary_webhook_lag_seconds", max(0, now() - due) / 1000 if due is not None else 0),
            _labelled("loan_notary_timestamp_age_seconds", "authority", ages),
            _gauge("loan_notary_signing_held", int(self._hold.read() is not None)),
        ]


class Watch:
    """Follows the anchors and the account that pays for them; `run` it in a thread.

    `ask_balance` returns wei and may raise `NotaryError`; `balance` is what it last returned, None while it raises.
    `since` is the first change of an anchor that counts.
    """

    def __init__(
        self,
        store: Store,
        hooks: WebhookStore,
        ask_balance: Callable[[], int],
        registry: CollectorRegistry,
        since: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._hooks, self._ask_balance, self._clock = store, hooks, ask_balance, clock
        self._next = since
        self._waits = Histogram(
            ANCHOR_WAIT, "Seconds that the longest-waiting record of an anchor waited for it.", ("state",),
            buckets=_WAITS, registry=registry,
        )  # fmt: skip
        self._dropped = Counter(
            ANCHORS_DROPPED, "Anchors whose block the chain has dropped.", ("state",), registry=registry
        )
        for state in _DROPPED:
            self._dropped.labels(state)
        self._asked = float("-inf")
        self.balance: int | None = None

    def run(self, stop: threading.Event) -> None:
        """Step until told to stop."""
        while not stop.wait(_LOOK_EVERY):
            self.step()
        self._store.close()
        self._hooks.close()

    def step(self) -> None:
        """Look for anchors that have come further, and, now and then, at the balance."""
        try:
            self._follow()
            if self._clock() - self._asked >= _ASK_EVERY:
                self._asked, self.balance = self._clock(), None
                self.balance = self._ask_balance()
        except NotaryError:
            # A database or a node that is away is told of by those who need it.
            return

    def _follow(self) -> None:
        while change := self._hooks.anchor_change(self._next):
            if change.state in (AnchorState.MINED, AnchorState.FINAL):
                self._observe("anchored", change.standing, change.size)
            if change.state is AnchorState.FINAL:
                self._observe("final", change.final, change.size)
            if change.state in _DROPPED:
                self._dropped.labels(change.state).inc()
            self._next = change.number + 1

    def _observe(self, state: str, start: int, size: int) -> None:
        # The log's first entry is no record.
        oldest = max(start, 1)
        if oldest < size:
            waited = now() - self._store.record_at(oldest).received_at
            self._waits.labels(state).observe(max(0, waited) / 1000)


@contextmanager
def serving_metrics(host: str, port: int, folder: Path, registry: CollectorRegistry) -> Iterator[str]:
    """Answer at `/metrics` with a registry and the files in `folder`; yield the URL. Port 0 takes a free one.

    Raises `UnavailableError` when the port is not to be had.
    """
    MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise UnavailableError(f"metrics cannot be served at {host}:{port}: {error.strerror}") from error
    try:
        yield f"http://{f'[{host}]' if ':' in host else host}:{server.server_port}/metrics"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def part_metrics(parts: Mapping[str, int]) -> list[Metric]:
    """Return what the parts of a service use; `parts` are process ids by name."""
    used = {name: usage(pid) for name, pid in list(parts.items())}
    return [
        _labelled("loan_notary_process_cpu_seconds", "process", {name: use.seconds for name, use in used.items()}),
        _labelled("loan_notary_process_resident_bytes", "process", {name: use.resident for name, use in used.items()}),
    ]


def _gauge(name: str, value: float) -> Metric:
    return GaugeMetricFamily(name, GAUGES[name], value)


def _labelled(name: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, GAUGES[name], labels=(label,))
    for value, number in values.items():
        family.add_metric((value,), number)
    return family
