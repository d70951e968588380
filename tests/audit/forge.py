# SPDX-License-Identifier: Apache-2.0
"""The compiler of the audit: forge, told to call the solc npm package with the settings of contracts/compiler.json."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chain import toolchain
from chain.artifact import load_artifact

BUILD = Path("build/audit")
"""Where everything goes, from the root of the repository; foundry.toml names it too."""

OUT = BUILD / "out"


@contextmanager
def environment(programs: Path) -> Iterator[dict[str, str]]:
    """Yield the variables under which a program that calls `forge` compiles like the rest of the project.

    `programs` is the folder of the programs that are to be found first.
    """
    settings = json.loads((toolchain.ROOT / "contracts" / "compiler.json").read_text())["settings"]
    path = [
        str(programs),
        str(toolchain.node().parent),
        str(toolchain.ROOT / "node_modules" / ".bin"),
        os.environ["PATH"],
    ]
    with toolchain.solc() as solc:
        yield {
            **os.environ,
            "PATH": os.pathsep.join(path),
            "FOUNDRY_SOLC": str(solc),
            "FOUNDRY_EVM_VERSION": settings["evmVersion"],
            "FOUNDRY_VIA_IR": json.dumps(settings["viaIR"]),
            "FOUNDRY_OPTIMIZER": json.dumps(settings["optimizer"]["enabled"]),
            "FOUNDRY_OPTIMIZER_RUNS": str(settings["optimizer"]["runs"]),
            "FOUNDRY_BYTECODE_HASH": settings["metadata"]["bytecodeHash"],
            "FOUNDRY_CBOR_METADATA": json.dumps(settings["metadata"]["appendCBOR"]),
        }


def is_the_committed_code() -> bool:
    """Whether forge made the code that is deployed, so that what was found of the one holds of the other."""
    output = json.loads((toolchain.ROOT / OUT / "NotaryRegistry.sol" / "NotaryRegistry.json").read_text())
    return bytes.fromhex(output["deployedBytecode"]["object"].removeprefix("0x")) == load_artifact().deployed_bytecode
