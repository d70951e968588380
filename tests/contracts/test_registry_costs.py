# SPDX-License-Identifier: Apache-2.0
"""The committed gas report: made from its snapshot, within the aims. `python -m tests.bench.gas --check` measures."""

import json

import pytest

from chain.artifact import load_artifact
from tests.bench.gas import GROWTHS, REPORT, SAMPLES, SIZES, SNAPSHOT, compare
from tests.bench.gas_report import AIMS, format_report


@pytest.fixture(scope="module")
def costs() -> dict[str, int]:
    loaded: dict[str, int] = json.loads(SNAPSHOT.read_text())
    return loaded


def test_report_is_made_from_the_snapshot(costs: dict[str, int]) -> None:
    assert REPORT.read_text() == format_report(costs, SIZES, GROWTHS, SAMPLES)


@pytest.mark.parametrize(("exponent", "growth", "aim"), AIMS)
def test_aim_is_held(costs: dict[str, int], exponent: int, growth: int, aim: int) -> None:
    assert costs[f"anchor 2^{exponent} + {growth} mean"] <= aim


def test_runtime_code_is_under_8_kib() -> None:
    assert len(load_artifact().deployed_bytecode) < 8 * 1024


def test_check_reports_growth_over_one_percent_and_the_unknown() -> None:
    old = {"a": 1000, "b": 1000, "c": 1000}
    assert compare(old, {"a": 1010, "b": 1011, "c": 900, "d": 1}) == ["b: 1000 -> 1011", "d: not in the snapshot -> 1"]
