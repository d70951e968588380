# SPDX-License-Identifier: Apache-2.0
"""Turns measured gas into docs/gas.md. Pure."""

from collections.abc import Iterable, Mapping, Sequence

AIMS = ((20, 1_000, 72_000), (30, 10_000, 80_000))
"""Exponent, growth, and the mean that anchor() shall not exceed there."""


def format_report(costs: Mapping[str, int], sizes: Sequence[int], growths: Sequence[int], samples: int) -> str:
    """Return the report in Markdown; `costs` as docs/gas.json holds it."""
    parts = (
        _HEAD.format(samples=samples),
        _aims(costs),
        "## anchor()\n",
        "Mean / worst.\n",
        _table(
            ("records", *(f"{growth:,} new" for growth in growths)),
            ((f"2^{n}", *(_pair(costs, f"anchor 2^{n} + {growth}") for growth in growths)) for n in sizes),
        ),
        _per_record(costs, sizes, growths),
        "## verifyInclusion()\n",
        "Mean / worst. It is a view: asked of a node it is free. A contract that calls it pays the second column.\n",
        _table(
            ("records", "as a transaction", "called by a contract"),
            (
                (f"2^{n}", *(_pair(costs, f"verifyInclusion {way} 2^{n}") for way in ("transaction", "call")))
                for n in sizes
            ),
        ),
        "## Once\n",
        _table(
            ("step", "gas"),
            (
                (name, f"{costs[name]:,}")
                for name in ("deployment", "register", "anchor the first", "propose operator", "accept operator")
            ),
        ),
        "## What else there is\n",
        _others(costs),
        "## Why the proof is in assembly\n",
        "A consistency proof alone, called through a small contract: by `MerkleProofs`, and by the RFC's algorithm\n"
        "word by word in plain Solidity (`tests/contracts/support/Rfc9162.sol`). Mean.\n",
        _assembly(costs),
    )
    return "\n".join(parts)


_HEAD = """# Gas

Made by `.venv/bin/python -m tests.bench.gas`; do not edit. `--check` measures again and fails when the registry costs
over 1 % more than `docs/gas.json` says.

Whole transactions, as their receipts on a real node (anvil) tell: intrinsic gas and calldata included. "2^20 records"
means a log of any size from 2^20 to 2^21 - 1: {samples} random ones for each cell, in pairs with complementary low
bits. The trees are synthetic (pseudo-random hashes for the complete subtrees that a proof does not open), so 2^30
records need no 2^30 leaves; the proofs are ordinary ones.
"""


def _aims(costs: Mapping[str, int]) -> str:
    rows = []
    for exponent, growth, aim in AIMS:
        gas = costs[f"anchor 2^{exponent} + {growth} mean"]
        verdict = "held" if gas <= aim else "**missed**"
        rows.append((f"anchor() at 2^{exponent} with {growth:,} new, mean", f"{aim:,}", f"{gas:,}", verdict))
    return _table(("aim", "at most", "measured", ""), rows)


def _per_record(costs: Mapping[str, int], sizes: Sequence[int], growths: Sequence[int]) -> str:
    rows = (
        (f"2^{n}", *(f"{costs[f'anchor 2^{n} + {growth} mean'] / growth:,.1f}" for growth in growths)) for n in sizes
    )
    return "A record (mean):\n\n" + _table(("records", *(f"{growth:,} new" for growth in growths)), rows)


def _others(costs: Mapping[str, int]) -> str:
    anchor = costs["anchor 2^20 + 1000 mean"]
    rows = (
        ("a bare transaction that carries a root (the floor)", f"{costs['floor']:,}", "nothing: only that it was sent"),
        ("a mapping, one slot a record", f"{costs['mapping']:,}", "each record"),
        ("EAS `attest`", f"{costs['EAS attest']:,}", "each record"),
        ("EAS `multiAttest`, 50 at once", f"{costs['EAS multiAttest a record']:,}", "each record"),
        ("EAS `multiTimestamp`, 50 at once", f"{costs['EAS multiTimestamp a record']:,}", "each record"),
        ("this registry, 1,000 new at 2^20", f"{anchor / 1000:,.1f}", "each record, and the order of all"),
    )
    return _table(("", "gas a record or root", "what the chain then keeps"), rows)


def _assembly(costs: Mapping[str, int]) -> str:
    rows = []
    for exponent, growth, _ in AIMS:
        name = f"2^{exponent} + {growth}"
        library, plain = costs[f"proof in the library {name} mean"], costs[f"proof in plain Solidity {name} mean"]
        rows.append((name.replace(str(growth), f"{growth:,}"), f"{library:,}", f"{plain:,}", f"{plain - library:,}"))
    return _table(("records", "library", "plain Solidity", "saved"), rows)


def _pair(costs: Mapping[str, int], name: str) -> str:
    return f"{costs[f'{name} mean']:,} / {costs[f'{name} worst']:,}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [" | ".join(head), " | ".join("---" for _ in head), *(" | ".join(row) for row in rows)]
    return "".join(f"| {line} |\n" for line in lines)
