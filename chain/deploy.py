# SPDX-License-Identifier: Apache-2.0
"""Opens a log in a registry (`chain.registry_deployment` puts one on a chain)."""

from chain.abi import encode_call, log_id
from chain.artifact import load_artifact
from chain.deployment import Deployment
from chain.errors import WrongChainError
from chain.keccak import keccak
from chain.registry import Registry, genesis_hash
from chain.rpc import Rpc
from chain.sender import transact
from chain.wallet import Wallet


def deploy(rpc: Rpc, wallet: Wallet, origin: str, registry: str) -> Deployment:
    """Register the log `origin` in the `registry` at this address.

    A log that is registered already stays as it is. The deployment returned is known to nobody else until it is saved.

    Raises:
        WrongChainError: when there is other code at `registry`.
        RegistryRefusedError: when the registry refuses the log.
        ChainUnavailableError: when the node cannot be used.
    """
    address = registry.lower()
    wanted = load_artifact().code_hash
    if (found := keccak(rpc.code(address))) != wanted:
        raise WrongChainError("registry code", "0x" + found.hex(), "0x" + wanted.hex())
    deployment = Deployment(
        chain_id=rpc.chain_id(),
        genesis_hash=genesis_hash(rpc),
        registry=address,
        log_id="0x" + log_id(wallet.address, origin).hex(),
        origin=origin,
        operator=wallet.address,
        code_hash="0x" + wanted.hex(),
    )
    if int(Registry(rpc, deployment).head().operator, 0) == 0:
        transact(rpc, wallet, address, encode_call("register", origin))
    return deployment
