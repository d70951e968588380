# SPDX-License-Identifier: Apache-2.0
"""Compiles the registry with py-solc-x and the solc npm package: `python -m chain.compile` writes the artifact.

Sources and settings are those that hardhat.config.js reads too (contracts/compiler.json), so both give the same code.
"""

import json
import sys
from pathlib import Path
from typing import Any

import solcx
from solcx.exceptions import SolcError, UnknownOption, UnknownValue

from chain import artifact, toolchain
from chain.artifact import Artifact
from chain.errors import CompileError
from chain.keccak import keccak

CONTRACTS = toolchain.ROOT / "contracts"
_SOURCE = "contracts/NotaryRegistry.sol"
_CONTRACT = "NotaryRegistry"
_OUTPUTS = ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"]


def compile_registry(contracts: Path = CONTRACTS) -> Artifact:
    """Compile NotaryRegistry.sol in the folder `contracts`, which is named so, by the settings in its compiler.json.

    Raises:
        CompileError: when the sources give an error or a warning, or the compiler is of another version.
        ToolMissingError: when Node or solc is not installed.
    """
    wanted = json.loads((contracts / "compiler.json").read_text())
    with toolchain.solc() as solc:
        try:
            version = solcx.wrapper.get_version_str_from_solc_binary(solc)
            if version.partition("+")[0] != wanted["version"]:
                raise CompileError(f"the compiler is {version}, contracts/compiler.json asks for {wanted['version']}")
            output = solcx.compile_standard(_standard_input(contracts, wanted["settings"]), solc_binary=solc)
        except (SolcError, UnknownOption, UnknownValue, OSError) as error:
            raise CompileError(str(error)) from error
    if output.get("errors"):
        raise CompileError("\n".join(error["formattedMessage"] for error in output["errors"]))
    return _artifact(output["contracts"][_SOURCE][_CONTRACT], version, wanted["settings"])


def _standard_input(contracts: Path, settings: dict[str, Any]) -> dict[str, Any]:
    sources = {
        path.relative_to(contracts.parent).as_posix(): {"content": path.read_text()}
        for path in sorted(contracts.rglob("*.sol"))
    }
    selection = {_SOURCE: {_CONTRACT: _OUTPUTS}}
    return {"language": "Solidity", "sources": sources, "settings": {**settings, "outputSelection": selection}}


def _artifact(contract: dict[str, Any], version: str, settings: dict[str, Any]) -> Artifact:
    deployed = bytes.fromhex(contract["evm"]["deployedBytecode"]["object"])
    return Artifact(
        abi=contract["abi"],
        bytecode=bytes.fromhex(contract["evm"]["bytecode"]["object"]),
        deployed_bytecode=deployed,
        code_hash=keccak(deployed),
        compiler=version,
        settings=settings,
    )


def main() -> None:
    """Compile, and write the artifact."""
    compiled = compile_registry()
    artifact.PATH.parent.mkdir(exist_ok=True)
    artifact.PATH.write_text(artifact.format_artifact(compiled))
    sys.stdout.write(f"{artifact.PATH.relative_to(toolchain.ROOT)}: code hash 0x{compiled.code_hash.hex()}\n")


if __name__ == "__main__":
    main()
