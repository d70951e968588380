# SPDX-License-Identifier: Apache-2.0
"""Proofs of trees of any size: they verify, and no random change of them does."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notary.errors import ConsistencyProofError, InclusionProofError
from notary.log.merkle import (
    ConsistencyProof,
    InclusionProof,
    Node,
    prove_consistency,
    prove_inclusion,
    root_hash,
    verify_consistency,
    verify_inclusion,
)
from tests.support.synthetic_tree import SyntheticTree
from tests.support.trees import flipped

HASHES = st.binary(min_size=32, max_size=32)
SIZES = st.integers(1, 2**48 - 1) | st.integers(0, 47).map(lambda power: 1 << power)
ANY_SIZE = st.integers(-3, 2**64) | st.integers(-3, 10)
ANY_HASHES = st.lists(HASHES | st.binary(max_size=40), max_size=70).map(tuple)


@given(st.data(), SIZES)
def test_inclusion_in_trees_of_any_size(data: st.DataObject, size: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    tree = SyntheticTree(b"inclusion", (index, index + 1, size))
    proof, root = prove_inclusion(index, size, tree.read), root_hash(size, tree.read)
    (leaf,) = tree.read([Node(0, index)])
    assert len(proof.hashes) <= (size - 1).bit_length()
    verify_inclusion(proof, leaf, root)
    if proof.hashes:
        place = data.draw(st.integers(0, len(proof.hashes) - 1))
        changed = flipped(proof.hashes[place], data.draw(st.integers(0, 255)))
        hashes = (*proof.hashes[:place], changed, *proof.hashes[place + 1 :])
        with pytest.raises(InclusionProofError):
            verify_inclusion(replace(proof, hashes=hashes), leaf, root)


@given(st.data(), SIZES)
def test_consistency_of_trees_of_any_size(data: st.DataObject, new: int) -> None:
    old = data.draw(st.integers(1, new))
    tree = SyntheticTree(b"consistency", (old, new))
    proof = prove_consistency(old, new, tree.read)
    old_root, new_root = root_hash(old, tree.read), root_hash(new, tree.read)
    assert len(proof.hashes) <= (new - 1).bit_length() + 1
    verify_consistency(proof, old_root, new_root)
    if proof.hashes:
        place = data.draw(st.integers(0, len(proof.hashes) - 1))
        changed = flipped(proof.hashes[place], data.draw(st.integers(0, 255)))
        hashes = (*proof.hashes[:place], changed, *proof.hashes[place + 1 :])
        with pytest.raises(ConsistencyProofError):
            verify_consistency(replace(proof, hashes=hashes), old_root, new_root)


@given(ANY_SIZE, ANY_SIZE, ANY_HASHES, HASHES, HASHES)
def test_made_up_proofs_end_in_the_documented_error(
    one: int, two: int, hashes: tuple[bytes, ...], left: bytes, right: bytes
) -> None:
    if left != right:
        with pytest.raises(InclusionProofError):
            verify_inclusion(InclusionProof(one, two, hashes), left, right)
        with pytest.raises(ConsistencyProofError):
            verify_consistency(ConsistencyProof(one, two, hashes), left, right)
