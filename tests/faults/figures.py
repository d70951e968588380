# SPDX-License-Identifier: Apache-2.0
"""What the campaigns have found, kept in build/faults.json and written into docs/reliability.md."""

import json
import re
import sys
from pathlib import Path

from tests.support.service import ROOT

FIGURES = ROOT / "build" / "faults.json"
PAPER = ROOT / "docs" / "reliability.md"
Rows = list[tuple[str, str]]


def keep(name: str, rows: Rows) -> None:
    """Keep the rows of one campaign beside those of the others."""
    FIGURES.parent.mkdir(exist_ok=True)
    kept = json.loads(FIGURES.read_bytes()) if FIGURES.exists() else {}
    FIGURES.write_text(json.dumps({**kept, name: rows}, indent=2, ensure_ascii=False))


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
