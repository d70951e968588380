# SPDX-License-Identifier: Apache-2.0
"""Measures speed: `python -m tests.bench [NAME ...]`; all benchmarks but the long run without a name.

Prints a table for each and writes build/bench.json; all of them together also write their part of docs/performance.md.
Nothing fails for being slow. What says "ratio" can be compared between machines; the rest tells of this machine and
what else it was doing.
"""

import argparse
import os
import tempfile
from functools import partial
from pathlib import Path

from tests.bench import anchors, audit, batch, growth, loan, memory, post, postgres, sequencer, soak, submit, verify
from tests.bench.figures import BUILD, save, show
from tests.bench.report import write_report

BENCHMARKS = {
    "post": post,
    "batch": batch,
    "submit": submit,
    "anchors": anchors,
    "growth": growth,
    "memory": memory,
    "sequencer": sequencer,
    "loan": loan,
    "verify": verify,
    "audit": audit,
    "postgres": postgres,
}
SOAK = "soak"


def main() -> None:
    """Run the benchmarks named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}, {SOAK}")
    parser.add_argument("--minutes", type=float, default=10, help="how long the long run, soak, goes on")
    asked = parser.parse_args()
    names = asked.names or list(BENCHMARKS)
    if unknown := set(names) - {*BENCHMARKS, SOAK}:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    BUILD.mkdir(exist_ok=True)
    results = {}
    load = os.getloadavg()[0]
    for name in names:
        # In build/, not in the system's folder for temporary files: that may be memory, where nothing is durable.
        with tempfile.TemporaryDirectory(prefix="bench-", dir=BUILD) as folder:
            run = partial(soak.run, minutes=asked.minutes) if name == SOAK else BENCHMARKS[name].run
            results[name] = run(Path(folder))
        show((soak if name == SOAK else BENCHMARKS[name]).TITLE, results[name])
        save(BUILD / "bench.json", results)
    if not asked.names:
        write_report({BENCHMARKS[name].TITLE: figures for name, figures in results.items()}, load)


if __name__ == "__main__":
    main()
