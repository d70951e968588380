# SPDX-License-Identifier: Apache-2.0
"""What the campaigns have found, kept in build/faults.json and written into docs/reliability.md."""

import json
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.support.service import ROOT

FIGURES = ROOT / "build" / "faults.json"
PAPER = ROOT / "docs" / "reliability.md"
Rows = list[tuple[str, str]]


def keep(name: str, rows: Rows, more: bool = False) -> None:
    """Keep the rows of one campaign beside those of the others; with `more`, added to those that it had."""
    FIGURES.parent.mkdir(exist_ok=True)
    kept = json.loads(FIGURES.read_bytes()) if FIGURES.exists() else {}
    if more and name in kept:
        rows = added(kept[name], rows)
    FIGURES.write_text(json.dumps({**kept, name: rows}, indent=2, ensure_ascii=False))


def added(first: Sequence[Sequence[str]], second: Rows) -> Rows:
    """Add up the numbers of two tables; a row that only the second has stands where it stands there."""
    order, numbers = [what for what, _ in first], Counter[str]()
    for place, (what, _) in enumerate(second):
        if what not in order:
            order.insert(order.index(second[place - 1][0]) + 1 if place else 0, what)
    for what, number in (*first, *second):
        numbers[what] += int(number.replace(",", ""))
    return [(what, f"{numbers[what]:,}") for what in order]


def write(paper: Path = PAPER) -> None:
    """Put each table that was kept between its two marks in the paper."""
    text = paper.read_text("utf-8")
    for name, rows in json.loads(FIGURES.read_bytes()).items():
        table = "\n".join(f"| {what} | {number} |" for what, number in [("", "number"), ("---", "---:"), *rows])
        marks = rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)"
        text, found = re.subn(marks, lambda match, table=table: f"{match[1]}{table}\n{match[2]}", text, flags=re.DOTALL)
        if not found:
            raise ValueError(f"{paper} has no place for {name}")
    paper.write_text(text, "utf-8")


def show(name: str, rows: Rows) -> None:
    """Print a table."""
    width = max(len(what) for what, _ in rows)
    lines = [name, *(f"  {what:<{width}}  {number:>12}" for what, number in rows)]
    sys.stdout.write("\n".join(lines) + "\n")
