# SPDX-License-Identifier: Apache-2.0
"""Solidity contracts that only tests and benchmarks need, compiled as the registry is (contracts/compiler.json)."""

import json
from functools import cache

import solcx

from chain import toolchain

_FOLDER = toolchain.ROOT / "tests" / "contracts" / "support"


@cache
def compile_support(contract: str) -> bytes:
    """Return the code that creates tests/contracts/support/<contract>.sol."""
    source = (_FOLDER / f"{contract}.sol").relative_to(toolchain.ROOT).as_posix()
    sources = {
        path.relative_to(toolchain.ROOT).as_posix(): {"content": path.read_text()}
        for folder in (toolchain.ROOT / "contracts", _FOLDER)
        for path in sorted(folder.rglob("*.sol"))
    }
    settings = json.loads((toolchain.ROOT / "contracts" / "compiler.json").read_text())["settings"]
    selection = {source: {contract: ["evm.bytecode.object"]}}
    task = {"language": "Solidity", "sources": sources, "settings": {**settings, "outputSelection": selection}}
    with toolchain.solc() as solc:
        output = solcx.compile_standard(task, solc_binary=solc)
    return bytes.fromhex(output["contracts"][source][contract]["evm"]["bytecode"]["object"])
