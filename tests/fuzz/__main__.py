# SPDX-License-Identifier: Apache-2.0
"""`python -m tests.fuzz SECONDS [TARGET...]`: fuzz each target for its share of the time, and count.

What is neither an answer nor one of the target's errors is written to build/fuzz, and the exit code is 1. So is what
takes longer than SLOW.
"""

import logging
import random
import sys
import time
import warnings
from pathlib import Path

from tests.fuzz.mutating import mutated
from tests.fuzz.targets import TARGETS, Target

CORPUS = Path(__file__).with_name("corpus")
FOUND = Path("build/fuzz")
SLOW = 10.0
"""Seconds that one input may take."""


def main() -> int:
    """Fuzz, and return the exit code."""
    warnings.simplefilter("ignore")
    # What the libraries log of bad documents is in the checks.
    logging.disable(logging.CRITICAL)
    seconds, names = float(sys.argv[1]), sys.argv[2:] or list(TARGETS)
    seed = time.time_ns()
    total = findings = 0
    for name in names:
        ran, odd = fuzz(name, TARGETS[name], random.Random(f"{seed} {name}"), seconds / len(names))
        sys.stdout.write(f"{name:14} {ran:>10,} executions, {len(odd)} findings\n")
        total, findings = total + ran, findings + len(odd)
    sys.stdout.write(f"{'all':14} {total:>10,} executions in {seconds:.0f} s, {findings} findings (seed {seed})\n")
    return 1 if findings else 0


def fuzz(
    name: str, target: Target, chance: random.Random, seconds: float, most: int = sys.maxsize
) -> tuple[int, list[Path]]:
    """Fuzz one target for some seconds, or for so many executions; return how many there were, and what was found."""
    seeds = [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]
    deadline, ran, odd = time.monotonic() + seconds, 0, []
    while time.monotonic() < deadline and ran < most and len(odd) < 10:
        data = mutated(chance.choice(seeds), seeds, chance)
        ran += 1
        if text := failure(target, data):
            FOUND.mkdir(parents=True, exist_ok=True)
            path = FOUND / f"{name}-{len(odd)}"
            path.write_bytes(data)
            odd.append(path)
            sys.stdout.write(f"{path}: {text}\n")
    return ran, odd


def failure(target: Target, data: bytes) -> str:
    """Give bytes to a target; return what is wrong with how it took them, or nothing."""
    began = time.monotonic()
    try:
        target.run(data)
    except target.answers:
        pass
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
        return f"{type(error).__name__}: {error}"[:200]
    took = time.monotonic() - began
    return f"took {took:.1f} s" if took > SLOW else ""


if __name__ == "__main__":
    sys.exit(main())
