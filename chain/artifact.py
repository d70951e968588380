# SPDX-License-Identifier: Apache-2.0
"""The compiled registry contract, as committed: its ABI, its code, and the hash that its deployed code must have."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from chain.errors import CompileError

PATH = Path(__file__).with_name("compiled") / "NotaryRegistry.json"
"""Written by `python -m chain.compile`; a test proves that it matches the sources."""


@dataclass(frozen=True)
class Artifact:
    """What the compiler made of NotaryRegistry.sol.

    `abi` is the contract's ABI JSON; `bytecode` creates the contract, `deployed_bytecode` is what the chain then holds,
    and `code_hash` its Keccak-256 (the codeHash of the account, EIP-1052).
    """

    abi: list[dict[str, Any]]
    bytecode: bytes
    deployed_bytecode: bytes
    code_hash: bytes
    compiler: str
    settings: dict[str, Any]


@cache
def load_artifact() -> Artifact:
    """Return the committed artifact.

    Raises:
        CompileError: when it is missing or not what `python -m chain.compile` writes.
    """
    try:
        document = json.loads(PATH.read_bytes())
        return Artifact(
            abi=document["abi"],
            bytecode=bytes.fromhex(document["bytecode"]),
            deployed_bytecode=bytes.fromhex(document["deployedBytecode"]),
            code_hash=bytes.fromhex(document["codeHash"]),
            compiler=document["compiler"],
            settings=document["settings"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CompileError(f"{PATH.name} is missing or damaged ({error}): run `python -m chain.compile`") from error


def format_artifact(artifact: Artifact) -> str:
    """Return the text of the artifact's file: JSON with sorted keys, hex without 0x."""
    document = {
        "abi": artifact.abi,
        "bytecode": artifact.bytecode.hex(),
        "codeHash": artifact.code_hash.hex(),
        "compiler": artifact.compiler,
        "deployedBytecode": artifact.deployed_bytecode.hex(),
        "settings": artifact.settings,
    }
    return json.dumps(document, indent=2, sort_keys=True) + "\n"
