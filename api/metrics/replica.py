# SPDX-License-Identifier: Apache-2.0
"""What `/metrics` of a host that only reads tells: how far its replica has come, and what its parts use."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from api.metrics.service import GAUGES, part_metrics
from notary.errors import NotaryError
from notary.ports.log import LogStore
from notary.ports.replica import Replica

REPLICA_GAUGES = {
    "loan_notary_replica_behind_seconds": "Seconds that the replica is behind, as far as it knows.",
    "loan_notary_replica_behind_bytes": "Bytes of the write-ahead log that the replica has got and not applied.",
    "loan_notary_replica_connected": "1 while the replica is being sent what its primary commits, else 0.",
    "loan_notary_replica_promoted": "1 once the replica was made a primary, else 0.",
}
"""Metrics of a host that only reads, beside the log's size and what its parts use."""
_SIZE = "loan_notary_log_size"


class ReplicaStore(LogStore, Replica, Protocol):
    """The log on a replica."""

    def close(self) -> None:
        """Give up what the calling thread holds open."""


class ReplicaCollector(Collector):
    """Tells how a host that only reads stands; `parts` are process ids by name."""

    def __init__(self, store: ReplicaStore, parts: Mapping[str, int]) -> None:
        self._store, self._parts = store, parts

    def describe(self) -> Iterator[Metric]:
        return (GaugeMetricFamily(name, text) for name, text in REPLICA_GAUGES.items())

    def collect(self) -> Iterator[Metric]:
        """Read everything; what cannot be read now is left out."""
        yield from part_metrics(self._parts)
        try:
            standing, head = self._store.standing(), self._store.head()
        except NotaryError:
            return
        finally:
            self._store.close()
        yield GaugeMetricFamily(_SIZE, GAUGES[_SIZE], head.size if head else 0)
        values = (standing.behind_seconds, standing.behind_bytes, standing.connected, not standing.follows)
        for (name, text), value in zip(REPLICA_GAUGES.items(), values, strict=True):
            if value is not None:
                yield GaugeMetricFamily(name, text, float(value))
