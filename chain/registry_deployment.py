# SPDX-License-Identifier: Apache-2.0
"""Puts the registry contract on a chain, once: at an address that is known beforehand, and written down afterwards.

Where the chain has Arachnid's deterministic deployment proxy (most public chains do, and anvil), the address follows
from the contract's code alone by CREATE2 (EIP-1014) and is the same on every chain. Elsewhere it follows from the
sender and its nonce.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from chain.artifact import load_artifact
from chain.errors import ChainUnavailableError, DeploymentError, WrongChainError
from chain.keccak import keccak
from chain.registry import genesis_hash
from chain.rlp_lists import encode, encode_integer
from chain.rpc import Rpc
from chain.sender import current_fees, transact
from chain.wallet import Wallet

FACTORY = "0x4e59b44847b379578588920ca78fbf26c0b4956c"
RECORDS = Path(__file__).with_name("deployments")
"""Where deployments are recorded, one file a chain id."""

_FACTORY_CODE_HASH = "2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989"
_SALT = bytes(32)


@dataclass(frozen=True)
class RegistryPlan:
    """Where the registry will be, or is (`exists`), and what a deployment would cost at most, in gas and wei."""

    chain_id: int
    genesis_hash: str
    address: str
    method: Literal["create2", "create"]
    exists: bool
    gas: int
    cost: int


def plan_registry(rpc: Rpc, deployer: str, records: Path | None) -> RegistryPlan:
    """Look where the registry is or would be put by `deployer`, sending nothing.

    `records` is None for a chain that no record is kept of, such as the embedded one.

    Raises:
        WrongChainError: when the record of this chain id is of another chain, or other code is at the address.
        ChainUnavailableError: when the node cannot be used.
    """
    chain_id, genesis = rpc.chain_id(), genesis_hash(rpc)
    if records and (recorded := _recorded_address(records, chain_id, genesis)):
        _require_code(rpc, recorded)
        return RegistryPlan(chain_id, genesis, recorded, "create2" if recorded == _address2() else "create", True, 0, 0)
    if keccak(rpc.code(FACTORY)).hex() != _FACTORY_CODE_HASH:
        address = _address(deployer, rpc.transaction_count(deployer))
        gas, cost = _price(rpc, {"from": deployer, "data": "0x" + load_artifact().bytecode.hex()})
        return RegistryPlan(chain_id, genesis, address, "create", False, gas, cost)
    address = _address2()
    if rpc.code(address):
        _require_code(rpc, address)
        return RegistryPlan(chain_id, genesis, address, "create2", True, 0, 0)
    data = "0x" + (_SALT + load_artifact().bytecode).hex()
    gas, cost = _price(rpc, {"from": deployer, "to": FACTORY, "data": data})
    return RegistryPlan(chain_id, genesis, address, "create2", False, gas, cost)


def deploy_registry(rpc: Rpc, wallet: Wallet, plan: RegistryPlan) -> None:
    """Do what `plan_registry` has said, unless it is done, and check the code that is there.

    Raises:
        RegistryRefusedError: when the transaction fails.
        WrongChainError: when other code is at the address afterwards.
        ChainUnavailableError: when the node cannot be used.
    """
    if plan.exists:
        return
    code = load_artifact().bytecode
    to, data = (FACTORY, _SALT + code) if plan.method == "create2" else (None, code)
    transact(rpc, wallet, to, data)
    _require_code(rpc, plan.address)


def record_registry(records: Path, plan: RegistryPlan) -> None:
    """Write down where the registry of a chain is. Raises DeploymentError when it cannot be written."""
    path = records / f"{plan.chain_id}.json"
    members = {name: value for name, value in asdict(plan).items() if name not in ("exists", "gas", "cost")}
    members["code_hash"] = "0x" + load_artifact().code_hash.hex()
    try:
        records.mkdir(exist_ok=True)
        path.write_text(json.dumps(members, indent=2, sort_keys=True) + "\n")
    except OSError as error:
        raise DeploymentError(path, str(error)) from error


def _recorded_address(records: Path, chain_id: int, genesis: str) -> str | None:
    path = records / f"{chain_id}.json"
    try:
        record = json.loads(path.read_bytes())
        recorded_genesis, address = str(record["genesis_hash"]), str(record["address"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DeploymentError(path, str(error)) from error
    if recorded_genesis != genesis:
        raise WrongChainError("genesis hash", genesis, recorded_genesis)
    return address


def _require_code(rpc: Rpc, address: str) -> None:
    found, wanted = keccak(rpc.code(address)), load_artifact().code_hash
    if found != wanted:
        raise WrongChainError("registry code", "0x" + found.hex(), "0x" + wanted.hex())


def _price(rpc: Rpc, transaction: dict[str, str]) -> tuple[int, int]:
    gas = rpc.quantity("eth_estimateGas", transaction)
    if gas <= 0:
        raise ChainUnavailableError(rpc.url, "it estimates no gas for a deployment")
    return gas, gas * current_fees(rpc).max_fee


def _address2() -> str:
    """The address that CREATE2 gives (EIP-1014): keccak256(0xff || factory || salt || keccak256(code))[12:]."""
    code_hash = keccak(load_artifact().bytecode)
    return "0x" + keccak(b"\xff" + bytes.fromhex(FACTORY[2:]) + _SALT + code_hash)[12:].hex()


def _address(sender: str, nonce: int) -> str:
    """The address that CREATE gives: keccak256(rlp([sender, nonce]))[12:] (yellow paper, section 7)."""
    return "0x" + keccak(encode([bytes.fromhex(sender[2:]), encode_integer(nonce)]))[12:].hex()
