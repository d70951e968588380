# SPDX-License-Identifier: Apache-2.0
"""The Merkle tree over the records of a batch, in a file instead of in memory: RFC 9162 section 2.1, 64 bytes a record.

The file has each complete subtree's hash (`notary.log.merkle.Node`) as soon as its last leaf has come, so it is written
from front to back and every hash has one place, which follows from its node alone.
"""

from collections.abc import Iterable, Sequence
from typing import IO

from notary.hashing import EMPTY_ROOT, HASH_SIZE, node_hash
from notary.log.merkle import Node, fold, root_hash


class TreeGrowth:
    """Grows a tree leaf by leaf, in memory of a few hashes."""

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []

    def append(self, leaf: bytes) -> bytes:
        """Add a leaf (hash) on the right; return its hash and those of the subtrees that it completes, joined."""
        completed, value = [leaf], leaf
        self.size += 1
        # One subtree for each trailing zero of the new size: it is a multiple of so many powers of two.
        for _ in range((self.size & -self.size).bit_length() - 1):
            value = node_hash(self._edge.pop(), value)
            completed.append(value)
        self._edge.append(value)
        return b"".join(completed)

    def root(self) -> bytes:
        """Return the root of what was added."""
        return fold(self._edge) if self._edge else EMPTY_ROOT


def write_tree(leaves: Iterable[bytes], file: IO[bytes]) -> tuple[int, bytes]:
    """Write the tree over some leaves (hashes) into a file; return how many they are, and the root."""
    tree = TreeGrowth()
    for leaf in leaves:
        file.write(tree.append(leaf))
    file.flush()
    return tree.size, tree.root()


class BatchTree:
    """Reads the tree of `size` leaves, at least one, that `write_tree` has written into an open file; in one thread.

    Paths are read fastest from left to right.
    """

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._size = size
        self._right: dict[int, bytes] = {}
        # The leaf that was asked for last, and the hash beside its way at each level; None where nothing is beside it.
        self._index = 0
        self._beside: list[bytes | None] = []

    def root(self) -> bytes:
        """Return the root."""
        return root_hash(self._size, self._read)

    def path(self, index: int) -> tuple[bytes, ...]:
        """Return PATH(index, D[size]) of RFC 9162 2.1.3.1, leaf to root."""
        levels = (self._size - 1).bit_length()
        # Where the two ways have met, the same stands beside both.
        met = (index ^ self._index).bit_length() if self._beside else levels
        self._beside = [*(self._sibling(level, index >> level ^ 1) for level in range(met)), *self._beside[met:]]
        self._index = index
        return tuple([value for value in self._beside if value is not None])

    def _sibling(self, level: int, number: int) -> bytes | None:
        if (number + 1) << level <= self._size:
            return self._hash(level, number)
        return self._unfinished(level, number) if number << level < self._size else None

    def _unfinished(self, level: int, number: int) -> bytes:
        """Return the hash over the last leaves, which are too few for a complete subtree of this level."""
        if level not in self._right:
            begin, rest = number << level, []
            while begin < self._size:
                height = (self._size - begin).bit_length() - 1
                rest.append(self._hash(height, begin >> height))
                begin += 1 << height
            self._right[level] = fold(rest)
        return self._right[level]

    def _read(self, nodes: Sequence[Node]) -> list[bytes]:
        return [self._hash(level, number) for level, number in nodes]

    def _hash(self, level: int, number: int) -> bytes:
        # Before the hashes that came with the subtree's last leaf stand two for each leaf before that one, less those
        # that are not complete: one for each bit of that leaf's number.
        last = ((number + 1) << level) - 1
        start = (2 * last - last.bit_count() + level) * HASH_SIZE
        self._file.seek(start)
        return self._file.read(HASH_SIZE)
