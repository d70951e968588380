# SPDX-License-Identifier: Apache-2.0
"""Trees of any size without their leaves: what a proof between two sizes needs of a tree of 2^40 leaves is small."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from notary.hashing import node_hash
from notary.log.merkle import Node


@dataclass(frozen=True)
class SyntheticTree:
    """A tree whose complete subtrees are pseudo-random, except those that an edge cuts: these are hashed from below.

    `edges` are the sizes whose roots are asked for, and `index` and `index + 1` for each leaf that is proved. Roots
    and proofs that cut the tree at these places only agree with each other, for the cost of one path an edge.
    """

    seed: bytes
    edges: tuple[int, ...]

    def read(self, nodes: Sequence[Node]) -> list[bytes]:
        """Return the hashes of these nodes: a `notary.log.merkle.NodeReader`."""
        return [self._hash(node) for node in nodes]

    def _hash(self, node: Node) -> bytes:
        level, index = node
        begin, end = index << level, (index + 1) << level
        if any(begin < edge < end for edge in self.edges):
            left, right = Node(level - 1, 2 * index), Node(level - 1, 2 * index + 1)
            return node_hash(self._hash(left), self._hash(right))
        return sha256(self.seed + level.to_bytes(1, "big") + index.to_bytes(8, "big")).digest()
