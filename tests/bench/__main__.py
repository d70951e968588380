# SPDX-License-Identifier: Apache-2.0
"""Measures speed: `python -m tests.bench [NAME ...]`; all benchmarks without a name.

Prints a table for each and writes build/bench.json. Nothing fails for being slow. What says "ratio" can be
compared between machines; the rest tells of this machine and what else it was doing.
"""

import argparse
import tempfile
from pathlib import Path

from tests.bench import audit, loan, post, proof, sequencer, submit, verify
from tests.bench.figures import save, show

BENCHMARKS = {
    "post": post,
    "submit": submit,
    "proof": proof,
    "sequencer": sequencer,
    "loan": loan,
    "verify": verify,
    "audit": audit,
}
_BUILD = Path(__file__).parents[2] / "build"


def main() -> None:
    """Run the benchmarks named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}")
    names = parser.parse_args().names or list(BENCHMARKS)
    if unknown := set(names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    _BUILD.mkdir(exist_ok=True)
    results = {}
    for name in names:
        # In build/, not in the system's folder for temporary files: that may be memory, where nothing is durable.
        with tempfile.TemporaryDirectory(prefix="bench-", dir=_BUILD) as folder:
            results[name] = BENCHMARKS[name].run(Path(folder))
        show(BENCHMARKS[name].TITLE, results[name])
        save(_BUILD / "bench.json", results)


if __name__ == "__main__":
    main()
