# SPDX-License-Identifier: Apache-2.0
"""What becomes of an anchor, given what the chain says. Decisions only: no network, no store, no clock."""

from dataclasses import dataclass

from notary.log.anchors import AnchorState


@dataclass(frozen=True)
class AnchorPolicy:
    """When to anchor and when to believe it; times in seconds.

    A log that grows is anchored every `interval` at most; the chain is looked at every `poll`. A transaction that waits
    for `bump_after` is replaced by one with higher fees. An anchor is final with `depth` blocks on top of its own; with
    None, when the chain itself calls its block finalized. A chain that `rewinds` may come back shorter than it was; on
    any other a node that does not have the blocks it had is behind, and is waited for.
    """

    interval: float = 60.0
    poll: float = 4.0
    bump_after: float = 120.0
    depth: int | None = None
    rewinds: bool = False


EMBEDDED = AnchorPolicy(interval=1.0, poll=0.5, bump_after=10.0, depth=0, rewinds=True)
"""For the embedded chain, which mines at once and by itself never drops a block, but loses the last when killed."""


@dataclass(frozen=True)
class Sighting:
    """What the chain says about an anchor.

    All of it has to be read after the account's transaction count, which says whether the nonce is used: then a
    transaction that used it cannot be missed.

    Attributes:
        succeeded: its transaction is in a block, and did not revert.
        nonce_used: a transaction with its nonce is in a block, whichever it is.
        waiting: its transaction is known to the node and not in a block.
        anchored: the registry confirms its size and root.
    """

    succeeded: bool
    nonce_used: bool
    waiting: bool
    anchored: bool


def next_state(state: AnchorState, seen: Sighting) -> AnchorState:
    """Return the state of an anchor that was pending, sent, mined or reorged.

    Confirmation by the registry counts without a receipt too: a replaced transaction may be mined in place of its
    replacement, nodes forget old receipts, and a crash may have hidden from us what we sent.
    """
    if seen.succeeded or seen.anchored:
        return AnchorState.MINED
    if state is AnchorState.MINED:
        return AnchorState.REORGED
    if seen.nonce_used:
        return AnchorState.REPLACED
    if state is AnchorState.PENDING and seen.waiting:
        return AnchorState.SENT
    return state


def is_final(policy: AnchorPolicy, block: int, latest: int, finalized: int | None) -> bool:
    """Tell whether a block is final; `finalized` is None when the chain calls no block so."""
    if policy.depth is not None:
        return latest - block >= policy.depth
    return finalized is not None and block <= finalized
