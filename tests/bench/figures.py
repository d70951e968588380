# SPDX-License-Identifier: Apache-2.0
"""What a benchmark measures, as a table for people and JSON for programs."""

import json
import platform
import re
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from os import cpu_count
from pathlib import Path
from statistics import median, quantiles

from rich.console import Console
from rich.table import Table

BUILD = Path(__file__).parents[2] / "build"
_AIM = re.compile(r"(>=|<=|<) ([0-9.,]+)")
_PACKAGES = ("cryptography", "flask", "granian", "orjson", "pydantic", "werkzeug")


@dataclass(frozen=True)
class Figure:
    """One measured value. `low` and `high` are the extremes of the rounds it is the median of.

    `aim` reads like ">= 0.5" or "< 200", in the value's unit. What says "ratio" in its name can be compared between
    machines.
    """

    name: str
    value: float
    unit: str = ""
    aim: str = ""
    low: float | None = None
    high: float | None = None

    @property
    def reached(self) -> float:
        """How far it has come on the way to its aim: 1 and more is there. Raises `ValueError` where there is none."""
        match = _AIM.fullmatch(self.aim)
        if match is None:
            raise ValueError(f"{self.name} has no aim but {self.aim!r}")
        bound = float(match[2].replace(",", ""))
        return self.value / bound if match[1] == ">=" else bound / self.value

    @property
    def written(self) -> str:
        """The value with its unit, and how far its rounds lie apart."""
        value = f"{_written(self.value)} {self.unit}".strip()
        return value if self.rounds == "" else f"{value} ({self.rounds})"

    @property
    def rounds(self) -> str:
        """The extremes of the rounds."""
        return "" if self.low is None or self.high is None else f"{_written(self.low)} – {_written(self.high)}"


def over_rounds(name: str, values: Sequence[float], unit: str = "", aim: str = "") -> Figure:
    """Return the median of several rounds, with how far they lie apart."""
    return Figure(name, median(values), unit, aim, min(values), max(values))


def spread(name: str, seconds: Sequence[float], middle: str = "", late: str = "") -> list[Figure]:
    """Return median and 99th percentile of single durations, in milliseconds, with the aim of each."""
    percentiles = quantiles(seconds, n=100)
    return [
        Figure(f"{name}, median", percentiles[49] * 1000, "ms", middle),
        Figure(f"{name}, 99th percentile", percentiles[98] * 1000, "ms", late),
    ]


def show(title: str, figures: Sequence[Figure]) -> None:
    """Print the figures of one benchmark."""
    table = Table(title=title, title_justify="left", min_width=100)
    table.add_column("figure", ratio=1)
    for head in ("value", "rounds", "aim"):
        table.add_column(head, justify="right")
    for item in figures:
        table.add_row(item.name, f"{_written(item.value)} {item.unit}".strip(), item.rounds, item.aim)
    Console().print(table)


def versions() -> dict[str, str]:
    """Return the versions of what the figures depend on most."""
    own = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    return own | {name: version(name) for name in _PACKAGES}


def save(path: Path, results: Mapping[str, Sequence[Figure]]) -> None:
    """Write all figures, and on what machine and with what versions they were measured."""
    document = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"processors": cpu_count(), "processor": processor(), "system": platform.platform()},
        "versions": versions(),
        "figures": {name: [asdict(item) for item in figures] for name, figures in results.items()},
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n", "utf-8")


def measure_sizes(
    name: str, title: str, run: Callable[[Path, Sequence[int]], list[Figure]], usual: Sequence[int]
) -> None:
    """Measure at the sizes named on the command line, or at the usual ones; print the figures and save them."""
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=BUILD) as folder:
        figures = run(Path(folder), [int(size) for size in sys.argv[1:]] or usual)
    show(title, figures)
    save(BUILD / f"{name}.json", {name: figures})


def _written(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def processor() -> str:
    """Return the name of the processor."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text("utf-8").splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
