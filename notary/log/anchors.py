# SPDX-License-Identifier: Apache-2.0
"""Anchors: a checkpoint's root, fixed in a registry contract on a chain; and the ports of anchoring."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from notary.log.merkle import ConsistencyProof

LOCAL_CHAINS = frozenset({1337, 31337})
"""Chain ids of local test chains, which whoever runs the node can rewrite, clock and all; reports say so."""


class AnchorState(StrEnum):
    """How far an anchor has come, in the order of a good day; then what chains do on a bad one."""

    PENDING = "pending"
    """Chosen and written down, not sent yet."""
    SENT = "sent"
    """A transaction is on its way."""
    MINED = "mined"
    """In a block that a reorganisation could still drop."""
    FINAL = "final"
    """In a block that the chain calls final, or deep enough by configuration."""
    REPLACED = "replaced"
    """Another transaction of the same nonce anchored a later checkpoint instead."""
    REORGED = "reorged"
    """Its block was dropped; the anchorer anchors the log again."""
    LOST = "lost"
    """The chain forgot it (a test chain restored from an older state); the log is anchored again."""


@dataclass(frozen=True)
class Evidence:
    """What shows offline that a registry's storage holds an anchor (EIP-1186), given only a block hash.

    `header` is the block header in RLP; its Keccak-256 is the block hash. The proofs are the RLP nodes of
    the Merkle-Patricia paths, root first: the state trie's to the registry's account, and the
    account's storage trie's to the anchor's slot.
    """

    header: bytes
    account_proof: tuple[bytes, ...]
    storage_proof: tuple[bytes, ...]


@dataclass(frozen=True)
class Anchor:
    """One anchoring of one tree size in one registry.

    `registry`, `log_id`, `transaction_hash` and `block_hash` are lower-case hex with 0x; `block_time` is in seconds
    since 1970 and is what the registry stored. `checkpoint` is the signed note whose size and root were anchored. The
    block members describe the block of the transaction; they are None before `mined`. `evidence` is None on a node
    that cannot give it, and before `mined`; so is `gas_used`, the units of gas that the transaction took.
    """

    chain_id: int
    registry: str
    log_id: str
    size: int
    root: bytes
    checkpoint: str
    state: AnchorState
    nonce: int | None = None
    transaction_hash: str | None = None
    block_number: int | None = None
    block_hash: str | None = None
    block_time: int | None = None
    evidence: Evidence | None = None
    gas_used: int | None = None

    def out_of_block(self, state: AnchorState) -> "Anchor":
        """Return the anchor in a state that it has in no block."""
        return replace(
            self, state=state, block_number=None, block_hash=None, block_time=None, evidence=None, gas_used=None
        )


class AnchorStore(Protocol):
    """Keeps anchors over restarts. One writer at a time: the anchorer."""

    def save_anchor(self, anchor: Anchor) -> None:
        """Insert or replace the anchor of this (chain_id, registry, log_id, size), durably."""

    def anchors(self, *states: AnchorState) -> list[Anchor]:
        """Return the anchors in any of `states` (of all states if none is given), smallest size first."""


@dataclass(frozen=True)
class LogHead:
    """The newest checkpoint of the log: tree size, root hash, and the signed note itself."""

    size: int
    root: bytes
    checkpoint: str


class LogView(Protocol):
    """What the anchorer needs of the log."""

    def head(self) -> LogHead:
        """Return the newest checkpoint that is durably stored."""

    def root(self, size: int) -> bytes:
        """Return the root hash of the first `size` entries."""

    def prove_consistency(self, old_size: int, new_size: int) -> ConsistencyProof:
        """Prove that the tree of `new_size` extends the tree of `old_size`."""
