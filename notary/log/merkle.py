# SPDX-License-Identifier: Apache-2.0
"""Merkle tree arithmetic of RFC 9162 section 2.1, without storage.

A tree of n leaves is made of complete subtrees, named by `Node(level, number)`: the subtree over the leaves
[number * 2^level, (number + 1) * 2^level). Proofs are built by naming the nodes they need; a `NodeReader` fetches
all of them in one call.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

from notary.errors import ConsistencyProofError, InclusionProofError
from notary.hashing import EMPTY_ROOT, HASH_SIZE, node_hash


class Node(NamedTuple):
    """A complete subtree of 2^level leaves, the number-th of its level, counted from 0."""

    level: int
    number: int


NodeReader = Callable[[Sequence[Node]], Sequence[bytes]]
"""Returns the hash of each node asked for, in that order."""


@dataclass(frozen=True)
class InclusionProof:
    """Shows that a leaf stands at `index` of the tree of `size` leaves (RFC 9162 2.1.3); hashes leaf to root."""

    index: int
    size: int
    hashes: tuple[bytes, ...]


@dataclass(frozen=True)
class ConsistencyProof:
    """Shows that the tree of `new_size` leaves begins with that of `old_size` (RFC 9162 2.1.4)."""

    old_size: int
    new_size: int
    hashes: tuple[bytes, ...]


class _Range(NamedTuple):
    """The leaves [begin, end), where begin is a multiple of the largest power of two below the length."""

    begin: int
    end: int


def root_hash(size: int, read: NodeReader) -> bytes:
    """Return the root of the first `size` leaves: MTH(D[size]) of RFC 9162 2.1.1."""
    return _hash_ranges([_Range(0, size)], read)[0] if size else EMPTY_ROOT


def prove_inclusion(index: int, size: int, read: NodeReader) -> InclusionProof:
    """Build PATH(index, D[size]) of RFC 9162 2.1.3.1. Raises `InclusionProofError` for an index outside the tree."""
    if not 0 <= index < size:
        raise InclusionProofError(f"a tree of {size} leaves has no leaf {index}")
    covers, level = [], 0
    while 1 << level < size:
        # The neighbour at each level; the one at the tree's right end may be cut off, or not be there.
        neighbour = index >> level ^ 1
        begin = neighbour << level
        if begin + (1 << level) <= size:
            covers.append([Node(level, neighbour)])
        elif begin < size:
            covers.append(complete_subtrees(begin, size))
        level += 1
    return InclusionProof(index, size, tuple(_hash_covers(covers, read)))


def paths_beyond(subtrees: Sequence[tuple[int, bytes]]) -> dict[int, tuple[bytes, ...]]:
    """Return what ends the proofs of the leaves of each of a tree's largest complete subtrees, by the subtree's height.

    `subtrees` are these from right to left, so the smallest first: height and hash. A proof begins with the hashes
    within the leaf's own subtree; what comes beyond is the same for all its leaves.
    """
    beyond: dict[int, tuple[bytes, ...]] = {}
    right: bytes | None = None
    for place, (height, value) in enumerate(subtrees):
        left = tuple([other for _, other in subtrees[place + 1 :]])
        beyond[height] = left if right is None else (right, *left)
        right = value if right is None else node_hash(value, right)
    return beyond


def prove_consistency(old_size: int, new_size: int, read: NodeReader) -> ConsistencyProof:
    """Build PROOF(old_size, D[new_size]) of RFC 9162 2.1.4.1.

    Equal sizes give the empty proof. Raises `ConsistencyProofError` unless 0 < old_size <= new_size.
    """
    if not 0 < old_size <= new_size:
        raise ConsistencyProofError(f"no proof leads from {old_size} leaves to {new_size}")
    ranges = []
    begin, end = 0, new_size
    while end != old_size:
        middle = begin + _split(end - begin)
        if old_size <= middle:
            ranges.append(_Range(middle, end))
            end = middle
        else:
            ranges.append(_Range(begin, middle))
            begin = middle
    if begin:
        # SUBPROOF(m, D[m], false): the verifier does not know this subtree's hash yet.
        ranges.append(_Range(begin, end))
    return ConsistencyProof(old_size, new_size, tuple(_hash_ranges(ranges[::-1], read)))


def inclusion_root(proof: InclusionProof, leaf: bytes) -> bytes:
    """Return the root that a proof leads to from a leaf (hash), by RFC 9162 2.1.3.2. Raises `InclusionProofError`."""
    _check_hashes((leaf, *proof.hashes), InclusionProofError)
    if not 0 <= proof.index < proof.size:
        raise InclusionProofError(f"a tree of {proof.size} leaves has no leaf {proof.index}")
    fn, sn, r = proof.index, proof.size - 1, leaf
    for p in proof.hashes:
        if sn == 0:
            raise InclusionProofError("the proof has too many hashes")
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise InclusionProofError("the proof has too few hashes")
    return r


def verify_inclusion(proof: InclusionProof, leaf: bytes, root: bytes) -> None:
    """Check that a leaf (hash) is in the tree with this root, or raise `InclusionProofError`."""
    _check_hashes((root,), InclusionProofError)
    found = inclusion_root(proof, leaf)
    if found != root:
        raise InclusionProofError(f"the proof leads to root {found.hex()}, not to {root.hex()}")


def consistency_root(  # noqa: C901 - the RFC's steps, one by one
    proof: ConsistencyProof, old_root: bytes
) -> bytes:
    """Return the root of the new tree, which begins with the old one, by RFC 9162 2.1.4.2.

    A tree is consistent with itself (empty proof); nothing is proved from the empty tree. Raises
    `ConsistencyProofError` for a proof that does not begin at `old_root`.
    """
    _check_hashes((old_root, *proof.hashes), ConsistencyProofError)
    old, new = proof.old_size, proof.new_size
    if old == new:
        if proof.hashes or old < 0 or (old == 0 and old_root != EMPTY_ROOT):
            raise ConsistencyProofError(f"hashes too many, or no root, for {old} leaves")
        return old_root
    if not 0 < old < new:
        raise ConsistencyProofError(f"no proof leads from {old} leaves to {new}")
    path = proof.hashes if old & (old - 1) else (old_root, *proof.hashes)
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    if not path:
        raise ConsistencyProofError("the proof has too few hashes")
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            raise ConsistencyProofError("the proof has too many hashes")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise ConsistencyProofError("the proof has too few hashes")
    if fr != old_root:
        raise ConsistencyProofError(f"the proof leads to old root {fr.hex()}, not to {old_root.hex()}")
    return sr


def verify_consistency(proof: ConsistencyProof, old_root: bytes, new_root: bytes) -> None:
    """Check that the new tree begins with the old one, or raise `ConsistencyProofError`."""
    _check_hashes((new_root,), ConsistencyProofError)
    found = consistency_root(proof, old_root)
    if found != new_root:
        raise ConsistencyProofError(f"the proof leads to new root {found.hex()}, not to {new_root.hex()}")


def complete_subtrees(begin: int, end: int) -> list[Node]:
    """Return the complete subtrees that the leaves [begin, end) fall into, left to right."""
    nodes = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        if begin:
            level = min(level, (begin & -begin).bit_length() - 1)
        nodes.append(Node(level, begin >> level))
        begin += 1 << level
    return nodes


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the hash over complete subtrees that lie side by side, largest first, as MTH joins them."""
    return reduce(lambda right, left: node_hash(left, right), reversed(hashes))


def _split(length: int) -> int:
    """Return the largest power of two that is smaller than `length`."""
    return 1 << (length - 1).bit_length() - 1


def _hash_ranges(ranges: Sequence[_Range], read: NodeReader) -> list[bytes]:
    return _hash_covers([complete_subtrees(begin, end) for begin, end in ranges], read)


def _hash_covers(covers: Sequence[Sequence[Node]], read: NodeReader) -> list[bytes]:
    """Return the hash over each list of complete subtrees that lie side by side."""
    hashes = read([node for cover in covers for node in cover])
    result, start = [], 0
    for cover in covers:
        result.append(fold(hashes[start : start + len(cover)]))
        start += len(cover)
    return result


def _check_hashes(hashes: Sequence[bytes], error: type[InclusionProofError] | type[ConsistencyProofError]) -> None:
    if any(len(value) != HASH_SIZE for value in hashes):
        raise error(f"a hash that is not {HASH_SIZE} bytes long")
