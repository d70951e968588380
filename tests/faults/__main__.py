# SPDX-License-Identifier: Apache-2.0
"""Does harm to a real notary and checks what is left: `python -m tests.faults [NAME] [--count N] [--minutes M]`.

All campaigns without a name. Ends with an error for the first thing that does not hold; the message names the seed
that does it again. Prints a table for each and keeps it in build/faults.json; `--write` puts the tables into
docs/reliability.md.
"""

import argparse
import math
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.faults import chain, clock, kills, starts
from tests.faults.figures import Rows, keep, show, write

CAMPAIGNS: dict[str, tuple[int, Callable[[Path, int, int, float], Rows]]] = {
    "kills": (1000, kills.run),
    "starts": (60, starts.run),
    "chain": (300, chain.run),
    "clock": (60, clock.run),
}
"""Each campaign with the number that it does unless told otherwise."""
_BUILD = Path(__file__).parents[2] / "build"


def main() -> None:
    """Run the campaigns named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__.split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(CAMPAIGNS)}")
    parser.add_argument("--count", type=int, help="how many faults of each campaign")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no fault of a campaign after these")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--more", action="store_true", help="add the figures to those of the runs before")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/reliability.md")
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(CAMPAIGNS):
        parser.error(f"there is no campaign {', '.join(sorted(unknown))}")
    # So that the services that run are ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    _BUILD.mkdir(exist_ok=True)
    for name in chosen.names or CAMPAIGNS:
        count, run = CAMPAIGNS[name]
        # In build/, not in the system's folder for temporary files: that may be memory, where nothing is durable.
        folder = Path(tempfile.mkdtemp(prefix="faults-", dir=_BUILD))
        rows = run(folder, chosen.count or count, chosen.seed, chosen.minutes)
        show(name, rows)
        keep(name, [("runs", "1"), *rows], chosen.more)
    if chosen.write:
        write()


if __name__ == "__main__":
    main()
