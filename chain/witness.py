# SPDX-License-Identifier: Apache-2.0
"""A node of the verifier's choice, asked whether its chain holds an anchor."""

from chain.deployment import Deployment
from chain.errors import ChainUnavailableError, EvidenceError
from chain.registry import Registry
from chain.rpc import TIMEOUT, Rpc
from notary.log.anchors import Anchor


class NodeWitness:
    """Implements `notary.receipts.verification.ChainWitness` with one node."""

    def __init__(self, url: str, timeout: float = TIMEOUT) -> None:
        self._rpc = Rpc(url, timeout)

    def confirm(self, anchor: Anchor) -> int:
        """Return how many blocks stand on the anchor's in the node's chain, where the registry holds the anchor.

        Raises:
            EvidenceError: when it does not.
            ChainUnavailableError: when the node does not answer, or is of another chain or behind.
        """
        rpc = self._rpc
        if (chain_id := rpc.chain_id()) != anchor.chain_id:
            raise ChainUnavailableError(rpc.url, f"it is of chain {chain_id}, the anchor of {anchor.chain_id}")
        number, time = anchor.block_number, anchor.block_time
        if number is None or time is None:
            raise EvidenceError("the anchor names no block")
        block = rpc.block(number)
        if block is None:
            raise ChainUnavailableError(rpc.url, f"it does not have block {number} yet")
        if "0x" + block.hash.hex() != anchor.block_hash:
            raise EvidenceError(f"block {number} of chain {chain_id} is 0x{block.hash.hex()}, not {anchor.block_hash}")
        deployment = Deployment(chain_id, "", anchor.registry, anchor.log_id, "", "", "")
        if not Registry(rpc, deployment).is_anchored(anchor.size, anchor.root, time):
            raise EvidenceError(f"registry {anchor.registry} does not hold this root at size {anchor.size}")
        return max(0, rpc.latest().number - number)
