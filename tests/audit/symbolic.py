# SPDX-License-Identifier: Apache-2.0
"""Symbolic execution: halmos on every `check_` function of tests/contracts/symbolic."""

import json
import subprocess
from pathlib import Path

from chain import toolchain
from tests.audit import forge

_HALMOS = Path(__file__).with_name("run_halmos.py")
_REPORT = forge.BUILD / "halmos.json"
_SOURCES = toolchain.ROOT / "tests" / "contracts" / "symbolic"

# No loop of the contracts or specifications runs more often, so no path is cut. A query may take long on a slow
# machine.
_OPTIONS = ["--loop", "64", "--solver-timeout-assertion", "600s", "--early-exit", "--statistics", "--no-status"]

_SECONDS = 1800
"""Many times what it takes. Where a rule that bounds a loop is broken, halmos may follow the loop for hours instead."""


def run(programs: Path, environment: dict[str, str]) -> list[str]:
    """Return a line for each specification that does not hold or was not fully explored; halmos prints the rest."""
    (toolchain.ROOT / _REPORT).unlink(missing_ok=True)
    command: list[str | Path] = [
        programs / "python",
        _HALMOS,
        *_OPTIONS,
        "--forge-build-out",
        forge.OUT,
        "--json-output",
        _REPORT,
    ]
    try:
        done = subprocess.run(command, cwd=toolchain.ROOT, env=environment, check=False, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        return [
            f"halmos was not done after {_SECONDS} s: what it printed last holds, the specification after it may not"
        ]
    if not (toolchain.ROOT / _REPORT).is_file():
        return [f"halmos ended with {done.returncode} and wrote no report"]
    results = json.loads((toolchain.ROOT / _REPORT).read_text())["test_results"]
    checks = [check for contract in results.values() for check in contract]
    complaints = [f"{check['name']}: {_verdict(check)}" for check in checks if _verdict(check)]
    if len(checks) != (written := _checks_written()):
        complaints.append(f"{written} specifications are written, {len(checks)} were run")
    if not forge.is_the_committed_code():
        complaints.append("the code is not that of chain/compiled: run `python -m chain.compile`")
    return complaints


def _verdict(check: dict[str, object]) -> str:
    if check["exitcode"] != 0:
        return f"does not hold (halmos: {check['exitcode']})"
    if check["num_bounded_loops"]:
        return "some paths were cut: raise --loop"
    return ""


def _checks_written() -> int:
    return sum(path.read_text().count("function check_") for path in _SOURCES.glob("*.t.sol"))
