# SPDX-License-Identifier: Apache-2.0
"""The comparison of benchmarks with the committed baseline, and what they write into the paper."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.bench.compare import BASELINE, losses, ratios
from tests.bench.figures import Figure
from tests.bench.paper import PAPER, write_part
from tests.bench.plot import bars
from tests.bench.report import write_report


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


@pytest.mark.parametrize(
    ("value", "aim", "reached"),
    [(0.25, ">= 0.5", 0.5), (30_000.0, ">= 15,000", 2.0), (50.0, "< 200", 4.0), (3.0, "<= 1.5", 0.5)],
)
def test_how_much_of_an_aim_is_reached(value: float, aim: str, reached: float) -> None:
    assert Figure("x", value, aim=aim).reached == reached


def test_an_aim_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no aim"):
        assert Figure("x", 1.0, aim="flat").reached


def test_a_report_names_each_aim_and_leaves_the_rest_of_the_paper_alone(tmp_path: Path) -> None:
    paper = tmp_path / "performance.md"
    paper.write_text("before\n<!-- aims: made by `make bench` -->\nold\n<!-- end of aims -->\nafter\n", "utf-8")
    figures = [Figure("a ratio", 0.25, aim=">= 0.5", low=0.2, high=0.3), Figure("no aim", 3.0, "s")]
    write_report({"Posts": figures, "Nothing": figures[1:]}, 0.5, paper)
    text = paper.read_text("utf-8")
    assert text.startswith("before\n<!-- aims")
    assert text.endswith("<!-- end of aims -->\nafter\n")
    assert "| a ratio | 0.25 (0.2 – 0.3) | >= 0.5 | **0.50** |" in text
    assert "old" not in text
    assert text.count("no aim") == 2  # of all figures, and not of those with an aim
    assert text.index("<details>") < text.index("no aim")
    [drawn] = ElementTree.parse(tmp_path / "aims.svg").getroot().iter("{http://www.w3.org/2000/svg}rect")
    assert float(drawn.attrib["width"]) > 0


def test_a_part_that_is_not_there_is_not_written(tmp_path: Path) -> None:
    paper = tmp_path / "performance.md"
    paper.write_text("text\n", "utf-8")
    with pytest.raises(ValueError, match="0 times"):
        write_part("aims", "make bench", "x\n", paper)
    assert paper.read_text("utf-8") == "text\n"


@pytest.mark.parametrize(
    ("name", "command"),
    [("aims", "make bench"), ("peers", "make bench-peers"), ("many logs", "python -m tests.bench.many_logs")],
)
def test_the_paper_has_the_parts_that_are_written(name: str, command: str) -> None:
    text = PAPER.read_text("utf-8")
    assert text.count(f"<!-- {name}: made by `{command}` -->\n") == text.count(f"<!-- end of {name} -->\n") == 1
