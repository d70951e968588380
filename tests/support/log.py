# SPDX-License-Identifier: Apache-2.0
"""A log in memory, as the anchorer sees one: a list of leaf hashes."""

from collections.abc import Sequence

from notary.hashing import leaf_hash, node_hash
from notary.log import merkle
from notary.log.anchors import LogHead
from notary.log.merkle import ConsistencyProof, Node


class MemoryLog:
    """Implements `notary.log.anchors.LogView`; entry i of a log is its `name` and i."""

    def __init__(self, size: int = 0, name: str = "entry") -> None:
        self._name = name
        self._leaves: list[bytes] = []
        self.grow(size)

    def grow(self, count: int) -> None:
        """Append entries."""
        for _ in range(count):
            self._leaves.append(leaf_hash(f"{self._name} {len(self._leaves)}".encode()))

    def shrink(self, size: int) -> None:
        """Forget entries, as a database restored from an old copy does."""
        del self._leaves[size:]

    def head(self) -> LogHead:
        size = len(self._leaves)
        return LogHead(size, self.root(size), f"checkpoint {size}")

    def root(self, size: int) -> bytes:
        return merkle.root_hash(size, self._read)

    def prove_consistency(self, old_size: int, new_size: int) -> ConsistencyProof:
        return merkle.prove_consistency(old_size, new_size, self._read)

    def _read(self, nodes: Sequence[Node]) -> list[bytes]:
        return [self._hash(node) for node in nodes]

    def _hash(self, node: Node) -> bytes:
        if node.level == 0:
            return self._leaves[node.number]
        below = node.level - 1
        return node_hash(self._hash(Node(below, 2 * node.number)), self._hash(Node(below, 2 * node.number + 1)))
