# SPDX-License-Identifier: Apache-2.0
"""Trees held in memory: every complete subtree of a list of leaf hashes, and damaged copies of hashes."""

from collections.abc import Iterator, Sequence
from hashlib import sha256

from notary.hashing import node_hash
from notary.log.merkle import Node


def leaf_hashes(count: int) -> list[bytes]:
    """Return synthetic leaf hashes."""
    return [sha256(number.to_bytes(8)).digest() for number in range(count)]


class MemoryTree:
    """The rows of complete subtrees over leaf hashes; `read` is a `notary.log.merkle.NodeReader`."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.rows = [list(leaves)]
        while len(self.rows[-1]) > 1:
            row = self.rows[-1]
            self.rows.append([node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)])

    def read(self, nodes: Sequence[Node]) -> list[bytes]:
        """Return the hashes of these nodes."""
        return [self.rows[level][number] for level, number in nodes]

    def root(self, size: int) -> bytes:
        """Return the root of the first `size` > 0 leaves, joined as MTH joins them: smallest subtree first."""
        right = b""
        for level in range(size.bit_length()):
            if size >> level & 1:
                node = self.rows[level][(size >> level) - 1]
                right = node_hash(node, right) if right else node
        return right


def flipped(value: bytes, bit: int = 0) -> bytes:
    """Return the bytes with one bit changed."""
    place = bit // 8 % len(value)
    return value[:place] + bytes([value[place] ^ 1 << bit % 8]) + value[place + 1 :]


def corruptions(hashes: Sequence[bytes]) -> Iterator[tuple[bytes, ...]]:
    """Yield the hashes with each single one of them changed, each dropped, one added at either end, and none."""
    given = tuple(hashes)
    for number, value in enumerate(given):
        yield (*given[:number], flipped(value, 37 * number), *given[number + 1 :])
        yield (*given[:number], *given[number + 1 :])
    extra = sha256(b"extra").digest()
    yield (*given, extra)
    yield (extra, *given)
    if given:
        yield (*given, given[-1])
        yield (given[0], *given)


def full_tile(row: Sequence[bytes]) -> bytes:
    """Return a full tile as it must be stored, computed row by row from the 256 hashes of its bottom row."""
    rows = [list(row)]
    while len(rows[-1]) > 2:
        below = rows[-1]
        rows.append([node_hash(below[i], below[i + 1]) for i in range(0, len(below), 2)])
    return b"".join(b"".join(hashes) for hashes in rows)
