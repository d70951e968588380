# SPDX-License-Identifier: Apache-2.0
"""What a sample of the log starts from: the anchor that fixes its population, and the block that seeds it."""

from chain.rpc import Rpc
from chain.witness import NodeWitness
from notary.audit.sample import Seed, block_seed
from notary.errors import NotFoundError, UnavailableError
from notary.log.anchors import Anchor, AnchorState
from notary.ports.store import Store


def anchor_of_population(store: Store, size: int | None = None) -> Anchor:
    """Return the anchor of this size, or the newest. Raises `NotFoundError`."""
    anchors = [anchor for anchor in store.anchors(AnchorState.MINED, AnchorState.FINAL) if size in (None, anchor.size)]
    if not anchors:
        raise NotFoundError("no anchor fixes a population" if size is None else f"no anchor has the size {size}")
    return anchors[-1]


def seed_of_block(url: str, anchor: Anchor, number: int | None = None) -> Seed:
    """Return the seed that the block of this number gives, or the one next to the anchor's.

    The node says also whether its chain holds the anchor. Raises `UnavailableError`, `ProofError`, `SampleError`.
    """
    NodeWitness(url).confirm(anchor)
    wanted = (anchor.block_number or 0) + 1 if number is None else number
    block = Rpc(url).block(wanted)
    if block is None:
        raise UnavailableError(f"there is no block {wanted} yet: the seed is still to come")
    return block_seed(anchor, block.number, block.hash, block.time)
