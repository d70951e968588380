# SPDX-License-Identifier: Apache-2.0
"""Holds the ratios just measured against the committed ones: `python -m tests.bench.compare`.

Reads build/*.json, as the benchmarks leave them, and tests/bench/baseline.json. Only ratios within one run can be
compared between machines; a loss of more than a tenth is flagged and makes the exit code 1. `--accept` makes what was
measured the new baseline.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

BASELINE = Path(__file__).with_name("baseline.json")
_BUILD = Path(__file__).parents[2] / "build"
_TOLERATED = 0.1


def ratios(documents: Mapping[str, Any]) -> dict[str, tuple[float, bool]]:
    """Return the ratios of what the benchmarks wrote, and whether less is better, by benchmark and name."""
    return {
        f"{benchmark}: {item['name']}": (item["value"], item["aim"].startswith("<"))
        for benchmark, items in documents["figures"].items()
        for item in items
        if "ratio" in item["name"]
    }


def losses(baseline: Mapping[str, float], measured: Mapping[str, tuple[float, bool]]) -> dict[str, float]:
    """Return by which part each ratio is worse than the baseline's, where that is too much."""
    found = {}
    for name, (value, less_is_better) in measured.items():
        if before := baseline.get(name):
            loss = value / before - 1 if less_is_better else 1 - value / before
            if loss > _TOLERATED:
                found[name] = loss
    return found


def main() -> None:
    """Compare, or accept."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.compare", description=__doc__.split("\n\n")[0])
    parser.add_argument("--accept", action="store_true", help="make what was measured the baseline")
    measured: dict[str, tuple[float, bool]] = {}
    for path in sorted(_BUILD.glob("*.json")):
        document = json.loads(path.read_bytes())
        if "figures" in document:
            measured |= ratios(document)
    baseline: dict[str, float] = json.loads(BASELINE.read_bytes()) if BASELINE.exists() else {}
    if parser.parse_args().accept:
        kept = baseline | {name: round(value, 4) for name, (value, _) in measured.items()}
        BASELINE.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n", "utf-8")
        return
    for name, (value, _) in measured.items():
        sys.stdout.write(f"{value:10.3f}  {baseline.get(name, float('nan')):10.3f}  {name}\n")
    lost = losses(baseline, measured)
    for name, loss in lost.items():
        sys.stdout.write(f"LOST {loss:.0%}: {name}\n")
    sys.exit(1 if lost else 0)


if __name__ == "__main__":
    main()
