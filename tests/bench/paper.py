# SPDX-License-Identifier: Apache-2.0
"""The parts of docs/performance.md that benchmarks write: each stands between two comments that say which one."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
PAPER = DOCS / "performance.md"


def write_part(name: str, command: str, text: str, paper: Path = PAPER) -> None:
    """Put `text` in place of the part `name`, which `command` makes. Raises `ValueError` if there is no such part."""
    begin, end = f"<!-- {name}: made by `{command}` -->\n", f"<!-- end of {name} -->\n"
    before = paper.read_text("utf-8")
    after, found = re.subn(re.escape(begin) + ".*?" + re.escape(end), lambda _: begin + text + end, before, flags=re.S)
    if found != 1:
        raise ValueError(f"{paper.name} has the part {name!r} {found} times")
    paper.write_text(after, "utf-8")
