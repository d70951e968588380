# SPDX-License-Identifier: Apache-2.0
"""How many jobs and audits were set aside because their files are damaged: for the operator, who has to look."""

from collections.abc import Iterator, Sequence
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from api.folders.owned import OwnedFolders
from notary.errors import UnavailableError

SET_ASIDE_GAUGES = {
    "loan_notary_set_aside": "Jobs, and audits, that were set aside because their files are damaged.",
}
"""The metric and its meaning."""


class SetAsideCollector(Collector):
    """Counts what of each kind is set aside."""

    def __init__(self, kinds: Sequence[OwnedFolders[Any]]) -> None:
        self._kinds = kinds

    def describe(self) -> Iterator[Metric]:
        return (GaugeMetricFamily(name, text) for name, text in SET_ASIDE_GAUGES.items())

    def collect(self) -> Iterator[Metric]:
        """Count; what cannot be counted now is left out."""
        for name, text in SET_ASIDE_GAUGES.items():
            family = GaugeMetricFamily(name, text, labels=("kind",))
            for files in self._kinds:
                try:
                    family.add_metric((files.kind,), files.count_aside())
                except UnavailableError:
                    continue
            yield family
