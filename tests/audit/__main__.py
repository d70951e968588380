# SPDX-License-Identifier: Apache-2.0
"""Looks for faults in the contracts: `make audit-contracts`, or `python -m tests.audit [symbolic] [static]`.

`symbolic` runs the specifications of tests/contracts/symbolic with halmos, `static` analyses contracts/ with slither.
Both run in .venv-audit and compile with forge and the solc npm package.
"""

import argparse
import sys
import time

from chain import toolchain
from tests.audit import forge, static, symbolic

STEPS = {"static": static, "symbolic": symbolic}
_PROGRAMS = toolchain.ROOT / ".venv-audit" / "bin"


def main() -> None:
    """Run the steps named on the command line; exit with 1 when one of them has something to say."""
    parser = argparse.ArgumentParser(prog="python -m tests.audit", description=__doc__.split("\n\n")[0])
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"one of {', '.join(STEPS)}")
    names = parser.parse_args().steps or list(STEPS)
    if unknown := set(names) - set(STEPS):
        parser.error(f"there is no step {', '.join(sorted(unknown))}")
    (toolchain.ROOT / forge.BUILD).mkdir(parents=True, exist_ok=True)
    failed = False
    with forge.environment(_PROGRAMS) as environment:
        for name in names:
            begin = time.monotonic()
            complaints = STEPS[name].run(_PROGRAMS, environment)
            sys.stdout.write(f"{name}: {time.monotonic() - begin:.0f} s, {len(complaints)} complaints\n")
            sys.stdout.writelines(f"  {complaint}\n" for complaint in complaints)
            failed = failed or bool(complaints)
    sys.exit(failed)


if __name__ == "__main__":
    main()
