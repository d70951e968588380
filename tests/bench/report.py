# SPDX-License-Identifier: Apache-2.0
"""The part of docs/performance.md that `make bench` writes: what has an aim as a table and a plot, then all figures."""

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.figures import Figure, processor, versions
from tests.bench.paper import PAPER, write_part
from tests.bench.plot import shares

_PLOT = "aims.svg"


def write_report(results: Mapping[str, Sequence[Figure]], load: float, paper: Path = PAPER) -> None:
    """Write table and plot of the results, by the benchmarks' titles; `load` is the machine's before they began."""
    aimed = {
        title: with_aim for title, figures in results.items() if (with_aim := [item for item in figures if item.aim])
    }
    reached = {title: {item.name: item.reached for item in figures} for title, figures in aimed.items()}
    (paper.parent / _PLOT).write_text(shares(reached, "How much of each aim is reached"), "utf-8")
    write_part("aims", "make bench", "\n".join([*_aims(aimed, load), *_all(results)]) + "\n", paper)


def _aims(aimed: Mapping[str, Sequence[Figure]], load: float) -> Iterator[str]:
    software = ", ".join(f"{name} {version}" for name, version in versions().items())
    yield (
        f"{datetime.now(UTC).date()}, {os.cpu_count()} cores of an {processor()}, load {load:.1f} before it began; "
        f"{software}. The extremes of the rounds stand in brackets. What says ratio is within one run."
    )
    yield ""
    yield "| | measured | aim | of it |"
    yield "|---|---|---|---|"
    for title, figures in aimed.items():
        yield f"| **{title}** | | | |"
        for item in figures:
            share = f"{item.reached:,.2f}" if item.reached >= 1 else f"**{item.reached:.2f}**"
            yield f"| {item.name} | {item.written} | {item.aim} | {share} |"
    yield ""
    yield f"![how much of each aim is reached]({_PLOT})"


def _all(results: Mapping[str, Sequence[Figure]]) -> Iterator[str]:
    yield "\n<details><summary>All figures</summary>\n\n| | measured |\n|---|---|"
    for title, figures in results.items():
        yield f"| **{title}** | |"
        for item in figures:
            yield f"| {item.name} | {item.written} |"
    yield "\n</details>"
