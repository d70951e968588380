# SPDX-License-Identifier: Apache-2.0
"""A real geth in its developer mode, on a chain of any fork since Shanghai: the node that most of Ethereum runs.

`make geth` builds it from tests/geth (needs a Go toolchain and takes some minutes); one on the PATH will do as well.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chain.errors import ChainUnavailableError
from chain.registry import Registry
from chain.rpc import Rpc
from chain.sender import transact
from chain.wallet import Wallet
from tests.support.node import BALANCE, registered
from tests.support.service import free_port, until

BUILT = Path(__file__).parents[2] / "build" / "geth"
GETH = str(BUILT) if BUILT.exists() else shutil.which("geth")
ABSENT = "there is no geth, neither build/geth (make geth) nor on the PATH"
FORKS = ("shanghai", "cancun", "prague", "osaka")
CHAIN_ID = 1337
_BLOCKS = (
    "homestead", "eip150", "eip155", "eip158", "byzantium", "constantinople", "petersburg", "istanbul", "muirGlacier",
    "berlin", "london", "arrowGlacier", "grayGlacier", "mergeNetsplit",
)  # fmt: skip


@dataclass(frozen=True)
class GethChain:
    """A running geth, and a wallet that its genesis block gave money to."""

    rpc: Rpc
    wallet: Wallet

    def registry(self) -> Registry:
        """Put a registry on the chain and register the log in it."""
        return Registry(self.rpc, registered(self.rpc, self.wallet))

    def mine(self, blocks: int) -> None:
        """Add blocks. In developer mode each transaction gets its own, and there are no others."""
        for _ in range(blocks):
            transact(self.rpc, self.wallet, self.wallet.address, b"")


@contextmanager
def running_geth(folder: Path, fork: str = FORKS[-1]) -> Iterator[GethChain]:
    """Run a new chain in `folder` whose rules are those of a fork from its first block on."""
    wallet, data, port = Wallet.create(folder / "operator.key"), folder / "geth", free_port()
    genesis = folder / "genesis.json"
    genesis.write_text(json.dumps(_genesis(fork, wallet.address)), "utf-8")
    with (folder / "geth.log").open("wb") as log:
        subprocess.run([str(GETH), "--datadir", data, "init", genesis], check=True, stderr=log)
        command = (
            *(str(GETH), "--dev", "--datadir", str(data), "--http", "--http.port", str(port), "--http.api", "eth"),
            *("--ipcdisable", "--nodiscover", "--maxpeers", "0", "--port", "0", "--authrpc.port", "0", "--nousb"),
        )
        node = subprocess.Popen(command, stderr=log)
        try:
            rpc = Rpc(f"http://127.0.0.1:{port}")
            until(lambda: node.poll() is not None or _answers(rpc), "geth answers")
            yield GethChain(rpc, wallet)
        finally:
            node.terminate()
            node.wait()


def _answers(rpc: Rpc) -> bool:
    try:
        return rpc.chain_id() == CHAIN_ID
    except ChainUnavailableError:
        return False


def _genesis(fork: str, funded: str) -> dict[str, Any]:
    in_force = FORKS[: FORKS.index(fork) + 1]
    config: dict[str, Any] = {"chainId": CHAIN_ID, "terminalTotalDifficulty": 0}
    config |= {f"{name}Block": 0 for name in _BLOCKS} | {f"{name}Time": 0 for name in in_force}
    blobs = {"target": 3, "max": 6, "baseFeeUpdateFraction": 3338477}
    config["blobSchedule"] = dict.fromkeys(in_force[1:], blobs)
    return {
        "config": config,
        "difficulty": "0x0",
        "gasLimit": hex(30_000_000),
        "baseFeePerGas": hex(10**9),
        "alloc": {funded[2:]: {"balance": hex(BALANCE)}},
    }
