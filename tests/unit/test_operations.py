# SPDX-License-Identifier: Apache-2.0
"""docs/operations.md explains every metric that there is, and none that there is not."""

import re
from pathlib import Path

from prometheus_client import CollectorRegistry

from api.folders.set_aside import SET_ASIDE_GAUGES
from api.metrics.counters import REGISTRY
from api.metrics.replica import REPLICA_GAUGES
from api.metrics.service import ANCHOR_WAIT, ANCHORS_DROPPED, GAUGES
from api.publishing import PUBLICATION_GAUGES

PAPER = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text("utf-8")
TABLE = dict(re.findall(r"^\| `(\w+)` \|([^|]*)\|", PAPER, re.MULTILINE))


def exposed(registry: CollectorRegistry) -> set[str]:
    return {family.name + ("_total" if family.type == "counter" else "") for family in registry.collect()}


def test_the_table_names_every_metric_and_no_other() -> None:
    gauges = {*GAUGES, *PUBLICATION_GAUGES, *REPLICA_GAUGES, *SET_ASIDE_GAUGES}
    assert set(TABLE) == exposed(REGISTRY) | gauges | {ANCHOR_WAIT, ANCHORS_DROPPED}


def test_alerts_use_metrics_that_there_are() -> None:
    used = set(re.findall(r"loan_notary_\w+", PAPER.split("## Alerts")[1].split("## The log")[0]))
    assert {re.sub("_(bucket|count|sum)$", "", name) for name in used} <= set(TABLE)
    assert used


def test_labels_are_named_and_few() -> None:
    for collector in REGISTRY._collector_to_names:
        named = set(re.findall(r"`([a-z]+)`", re.sub(r"\([^)]*\)", "", TABLE[name_of(collector)])))
        assert named == set(collector._labelnames)  # type: ignore[attr-defined]
        assert not named & {"lender", "loan", "id", "kid", "organisation", "webhook", "url"}


def name_of(collector: object) -> str:
    name = str(collector._name)  # type: ignore[attr-defined]
    return name + "_total" if collector._type == "counter" else name  # type: ignore[attr-defined]
