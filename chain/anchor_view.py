# SPDX-License-Identifier: Apache-2.0
"""Reads from the chain what the anchorer decides on: the fate of an anchor's transaction, its block, its evidence."""

from dataclasses import dataclass, replace

from chain.anchor_rules import AnchorPolicy, Sighting, is_final
from chain.collect import collect_evidence
from chain.errors import ChainUnavailableError
from chain.registry import Head, Registry
from chain.rpc_values import Fees, TransactionReceipt
from notary.log.anchors import Anchor, AnchorState


@dataclass(frozen=True)
class _Place:
    """The transaction that made an anchor, and its block."""

    transaction_hash: bytes
    block_number: int
    block_hash: bytes
    gas_used: int | None


@dataclass(frozen=True)
class View:
    """One look at an anchor: what decides its state, its receipt, and what its transaction offers while it waits."""

    sighting: Sighting
    receipt: TransactionReceipt | None
    offered: Fees | None


@dataclass(frozen=True)
class Waiting:
    """What waits for the account's next nonce: an anchor whose transaction the node has, with what that offers; and
    anchors whose transactions it does not have. `unplaced` says that the registry has an anchor of which nobody can
    tell now in which block it is."""

    flight: tuple[Anchor, Fees] | None
    vanished: list[Anchor]
    unplaced: bool


class AnchorReader:
    """Looks anchors up on one registry, in one state of it: whoever answers, what it tells is of one moment.

    Every method raises ChainUnavailableError when the node cannot be used.
    """

    def __init__(self, registry: Registry, policy: AnchorPolicy) -> None:
        self._registry, self._rpc, self._policy = registry, registry.rpc, policy
        self._code_hash = bytes.fromhex(registry.deployment.code_hash[2:])

    def look(self, anchor: Anchor, nonce: int, head: Head) -> View:
        """Look at an open anchor; `nonce` is the account's next one and `head` the registry's, read in this order."""
        receipt, offered = None, None
        nonce_used = anchor.nonce is not None and anchor.nonce < nonce
        if anchor.transaction_hash is not None:
            receipt = self._rpc.receipt(bytes.fromhex(anchor.transaction_hash[2:]))
            if receipt is None and not nonce_used:
                offered = self._rpc.fees_offered(bytes.fromhex(anchor.transaction_hash[2:]))
        succeeded = receipt is not None and receipt.succeeded
        sighting = Sighting(
            succeeded=succeeded,
            nonce_used=nonce_used,
            waiting=offered is not None,
            anchored=not succeeded and self.is_anchored(anchor, head),
        )
        return View(sighting, receipt, offered)

    def is_in_chain(self, anchor: Anchor) -> bool:
        """Tell whether the block that an anchor names is the chain's."""
        if anchor.block_number is None:
            return False
        block = self._rpc.block(anchor.block_number)
        if block is None and not self._policy.rewinds:
            raise ChainUnavailableError(self._rpc.url, f"it does not know its own block {anchor.block_number}")
        return block is not None and anchor.block_hash == "0x" + block.hash.hex()

    def is_anchored(self, anchor: Anchor, head: Head) -> bool:
        """Tell whether the registry confirms an anchor, at its block's time or, without one, as the newest."""
        if anchor.block_time is not None:
            return anchor.size <= head.size and self._registry.is_anchored(anchor.size, anchor.root, anchor.block_time)
        return anchor.size == head.size and self._registry.is_anchored(anchor.size, anchor.root, head.time)

    def mined(self, anchor: Anchor, receipt: TransactionReceipt | None, head: Head) -> Anchor | None:
        """Return an anchor that the registry holds with its block and evidence, mined or final.

        None when nobody can tell now which transaction made it.
        """
        place = self._place(anchor, receipt, head)
        if place is None:
            return None
        block = self._rpc.block(place.block_number)
        if block is None or block.hash != place.block_hash:
            return anchor
        found = replace(
            anchor,
            state=AnchorState.MINED,
            transaction_hash="0x" + place.transaction_hash.hex(),
            block_number=block.number,
            block_hash="0x" + block.hash.hex(),
            block_time=block.time,
            gas_used=place.gas_used,
        )
        final = self._is_final(block.number)
        # Once more when it is final, if the node could not give any before: nobody looks at the anchor after that.
        if found.block_hash != anchor.block_hash or (final and found.evidence is None):
            found = replace(found, evidence=collect_evidence(self._rpc, found, self._code_hash))
        return replace(found, state=AnchorState.FINAL) if final else found

    def _place(self, anchor: Anchor, receipt: TransactionReceipt | None, head: Head) -> _Place | None:
        if receipt is not None and receipt.succeeded:
            return _Place(receipt.transaction_hash, receipt.block_number, receipt.block_hash, receipt.gas_used)
        for event in self._registry.anchored_events(anchor.block_time or head.time):
            if (event.size, event.root) == (anchor.size, anchor.root):
                sent = self._rpc.receipt(event.transaction_hash)
                gas = sent.gas_used if sent is not None else None
                return _Place(event.transaction_hash, event.block_number, event.block_hash, gas)
        return None

    def _is_final(self, block: int) -> bool:
        finalized = self._rpc.block("finalized") if self._policy.depth is None else None
        latest = self._rpc.latest().number
        return is_final(self._policy, block, latest, finalized.number if finalized else None)
