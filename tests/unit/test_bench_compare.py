# SPDX-License-Identifier: Apache-2.0
"""The comparison of benchmarks with the committed baseline, and the plot of peers."""

import json
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.bench.compare import BASELINE, losses, ratios
from tests.bench.peers.plot import bars


def document(value: float, aim: str = "", name: str = "ratio to bare hashes") -> dict[str, Any]:
    return {"figures": {"audit": [{"name": name, "value": value, "aim": aim}]}}


@pytest.mark.parametrize(
    ("before", "now", "aim", "lost"),
    [
        (0.5, 0.46, ">= 0.8", False),
        (0.5, 0.44, ">= 0.8", True),
        (0.5, 0.9, ">= 0.8", False),
        (0.5, 0.44, "", True),
        (1.0, 1.09, "<= 1.5", False),
        (1.0, 1.11, "<= 1.5", True),
        (1.0, 0.5, "<= 1.5", False),
    ],
)
def test_more_than_a_tenth_is_a_loss(before: float, now: float, aim: str, lost: bool) -> None:
    found = losses({"audit: ratio to bare hashes": before}, ratios(document(now, aim)))
    assert bool(found) is lost


def test_only_ratios_that_were_there_before_are_compared() -> None:
    assert ratios(document(1.0, name="records a second")) == {}
    assert losses({}, ratios(document(0.1))) == {}


def test_the_baseline_holds_ratios() -> None:
    baseline = json.loads(BASELINE.read_bytes())
    assert baseline
    assert all("ratio" in name and value > 0 for name, value in baseline.items())


def test_a_plot_has_a_bar_for_each_in_order_of_length() -> None:
    root = ElementTree.fromstring(bars({"a & b": 6.0, "Loan Notary": 80.0, "c": 2700.0}, "µs"))
    widths = [float(item.attrib["width"]) for item in root.iter("{http://www.w3.org/2000/svg}rect")]
    assert widths == sorted(widths)
    assert len(widths) == 3
