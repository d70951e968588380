# SPDX-License-Identifier: Apache-2.0
"""Tree arithmetic: published vectors, and every proof of every tree up to 130 leaves against the slow reference."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

import pytest

from notary.errors import ConsistencyProofError, InclusionProofError, ProofError
from notary.hashing import EMPTY_ROOT, leaf_hash
from notary.log.merkle import (
    ConsistencyProof,
    InclusionProof,
    Node,
    complete_subtrees,
    prove_consistency,
    prove_inclusion,
    root_hash,
    verify_consistency,
    verify_inclusion,
)
from tests.support import reference_tree
from tests.support.trees import MemoryTree, corruptions, flipped

LIMIT = 130
ENTRIES = [number.to_bytes(2) for number in range(LIMIT)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
TREE = MemoryTree(LEAVES)

# The tree of github.com/google/certificate-transparency (python/ct/crypto/merkle_test.py, cpp/merkletree), which others
# after it use, like github.com/transparency-dev/merkle: entries, the root after each, and proofs.
CT_ENTRIES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
CT_ROOTS = [
    bytes.fromhex(text)
    for text in (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
CT_TREE = MemoryTree([leaf_hash(entry) for entry in CT_ENTRIES])
CT_INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}
CT_CONSISTENCY = {
    (1, 1): [],
    (1, 8): CT_INCLUSION[0, 8],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


@cache
def reference_root(size: int) -> bytes:
    return reference_tree.mth(ENTRIES[:size])


def nothing(nodes: Sequence[Node]) -> list[bytes]:
    assert not nodes
    return []


def refused(verify: Callable[..., None], *arguments: object) -> bool:
    try:
        verify(*arguments)
    except ProofError:
        return True
    return False


def test_the_published_roots() -> None:
    assert [root_hash(size, CT_TREE.read) for size in range(1, 9)] == CT_ROOTS
    assert [reference_tree.mth(CT_ENTRIES[:size]) for size in range(1, 9)] == CT_ROOTS


@pytest.mark.parametrize(("index", "size"), CT_INCLUSION)
def test_the_published_inclusion_proofs(index: int, size: int) -> None:
    proof = prove_inclusion(index, size, CT_TREE.read)
    assert [value.hex() for value in proof.hashes] == CT_INCLUSION[index, size]
    verify_inclusion(proof, leaf_hash(CT_ENTRIES[index]), CT_ROOTS[size - 1])


@pytest.mark.parametrize(("old", "new"), CT_CONSISTENCY)
def test_the_published_consistency_proofs(old: int, new: int) -> None:
    proof = prove_consistency(old, new, CT_TREE.read)
    assert [value.hex() for value in proof.hashes] == CT_CONSISTENCY[old, new]
    verify_consistency(proof, CT_ROOTS[old - 1], CT_ROOTS[new - 1])


def test_roots_of_all_small_trees() -> None:
    assert root_hash(0, nothing) == reference_root(0) == EMPTY_ROOT
    for size in range(1, LIMIT + 1):
        assert root_hash(size, TREE.read) == reference_root(size) == TREE.root(size)


def test_all_inclusion_proofs_and_every_corruption_of_one_hash() -> None:
    for size in range(1, LIMIT + 1):
        root = reference_root(size)
        for index in range(size):
            proof = prove_inclusion(index, size, TREE.read)
            assert list(proof.hashes) == reference_tree.path(index, ENTRIES[:size])
            verify_inclusion(proof, LEAVES[index], root)
            for hashes in corruptions(proof.hashes):
                assert refused(verify_inclusion, replace(proof, hashes=hashes), LEAVES[index], root), (index, size)


def test_inclusion_proofs_are_of_one_leaf_one_root_one_place() -> None:
    for size in range(1, LIMIT + 1):
        root = reference_root(size)
        for index in range(size):
            proof = prove_inclusion(index, size, TREE.read)
            assert refused(verify_inclusion, proof, flipped(LEAVES[index], index), root)
            assert refused(verify_inclusion, proof, LEAVES[index], flipped(root, size))
            others = {index - 1, index + 1, index ^ 1, 0, size - 1, size, -1} - {index}
            for other in others:
                assert refused(verify_inclusion, replace(proof, index=other), LEAVES[index], root), (index, other, size)


def test_an_inclusion_proof_under_another_size() -> None:
    # Another size changes the verifier's way for some leaves only (RFC 9162 does not bind the size): where it does not,
    # the same hashes are the right proof of that shape, which the reference confirms by their number.
    for size in range(1, 40):
        root = reference_root(size)
        for index in range(size):
            proof = prove_inclusion(index, size, TREE.read)
            for other in range(40):
                if other == size:
                    continue
                accepted = not refused(verify_inclusion, replace(proof, size=other), LEAVES[index], root)
                assert not accepted or (other > index and turns(index, other) == turns(index, size))


def turns(index: int, size: int) -> list[bool]:
    """Return for each hash of a leaf's path, from the root down, whether the leaf is on its left."""
    result = []
    while size > 1:
        k = reference_tree.split(size)
        result.append(index < k)
        index, size = (index, k) if index < k else (index - k, size - k)
    return result


def test_all_consistency_proofs_and_every_corruption_of_one_hash() -> None:
    for new in range(1, LIMIT + 1):
        new_root = reference_root(new)
        for old in range(1, new + 1):
            old_root = reference_root(old)
            proof = prove_consistency(old, new, TREE.read)
            assert list(proof.hashes) == reference_tree.proof(old, ENTRIES[:new])
            verify_consistency(proof, old_root, new_root)
            for hashes in corruptions(proof.hashes):
                assert refused(verify_consistency, replace(proof, hashes=hashes), old_root, new_root), (old, new)


def test_consistency_proofs_are_of_two_roots_and_two_sizes() -> None:
    for new in range(1, LIMIT + 1):
        new_root = reference_root(new)
        for old in range(1, new + 1):
            old_root = reference_root(old)
            proof = prove_consistency(old, new, TREE.read)
            assert refused(verify_consistency, proof, flipped(old_root, old), new_root)
            assert refused(verify_consistency, proof, old_root, flipped(new_root, new))
            assert old == new or refused(verify_consistency, proof, new_root, old_root)
            for other in {old - 1, old + 1, new, 0, -1} - {old}:
                assert refused(verify_consistency, replace(proof, old_size=other), old_root, new_root), (
                    old,
                    other,
                    new,
                )
            for other in {old - 1, 0, -1} - {new}:
                assert refused(verify_consistency, replace(proof, new_size=other), old_root, new_root), (
                    old,
                    new,
                    other,
                )


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_hash_of_another_length_is_refused(length: int) -> None:
    inclusion, consistency = prove_inclusion(0, 3, TREE.read), prove_consistency(2, 3, TREE.read)
    odd = b"\x07" * length
    for hashes in [(odd, inclusion.hashes[1]), (inclusion.hashes[0], odd)]:
        with pytest.raises(InclusionProofError, match="32 bytes"):
            verify_inclusion(replace(inclusion, hashes=hashes), LEAVES[0], reference_root(3))
    with pytest.raises(InclusionProofError, match="32 bytes"):
        verify_inclusion(inclusion, odd, reference_root(3))
    with pytest.raises(InclusionProofError, match="32 bytes"):
        verify_inclusion(inclusion, LEAVES[0], odd)
    with pytest.raises(ConsistencyProofError, match="32 bytes"):
        verify_consistency(replace(consistency, hashes=(odd,)), reference_root(2), reference_root(3))
    with pytest.raises(ConsistencyProofError, match="32 bytes"):
        verify_consistency(consistency, odd, reference_root(3))


def test_nothing_is_proved_from_the_empty_tree_but_itself() -> None:
    verify_consistency(ConsistencyProof(0, 0, ()), EMPTY_ROOT, EMPTY_ROOT)
    for proof, old_root, new_root in [
        (ConsistencyProof(0, 0, ()), LEAVES[0], LEAVES[0]),
        (ConsistencyProof(0, 0, (LEAVES[0],)), EMPTY_ROOT, EMPTY_ROOT),
        (ConsistencyProof(0, 1, ()), EMPTY_ROOT, LEAVES[0]),
        (ConsistencyProof(-1, -1, ()), LEAVES[0], LEAVES[0]),
    ]:
        with pytest.raises(ConsistencyProofError):
            verify_consistency(proof, old_root, new_root)
    with pytest.raises(InclusionProofError):
        verify_inclusion(InclusionProof(0, 0, ()), LEAVES[0], EMPTY_ROOT)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 1), (5, 3)])
def test_there_is_no_proof_of_a_leaf_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(InclusionProofError, match=f"a tree of {size} leaves has no leaf {index}"):
        prove_inclusion(index, size, nothing)


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 1), (2, 1), (-1, 3)])
def test_there_is_no_proof_between_these_sizes(old: int, new: int) -> None:
    with pytest.raises(ConsistencyProofError, match=f"no proof leads from {old} leaves to {new}"):
        prove_consistency(old, new, nothing)


def test_a_proof_reads_all_its_nodes_in_one_call() -> None:
    calls = []

    def read(nodes: Sequence[Node]) -> list[bytes]:
        calls.append(list(nodes))
        return TREE.read(nodes)

    prove_inclusion(77, 130, read)
    prove_consistency(77, 130, read)
    root_hash(130, read)
    assert len(calls) == 3


def test_complete_subtrees_cover_a_range_side_by_side() -> None:
    for begin in range(40):
        for end in range(begin, 40):
            reached = begin
            for level, number in complete_subtrees(begin, end):
                assert number << level == reached
                reached += 1 << level
            assert reached == end
