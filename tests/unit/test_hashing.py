# SPDX-License-Identifier: Apache-2.0
"""The hashes of the log against published values."""

import hmac

import pytest

from notary.hashing import EMPTY_ROOT, hmac_sha256, leaf_hash, leaf_hashes, node_hash, node_hashes


def test_the_empty_tree_is_the_hash_of_nothing() -> None:
    # FIPS 180-4 test value of SHA-256(""), which RFC 9162 section 2.1.1 names as the empty tree's.
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_leaf_and_node_are_those_of_certificate_transparency() -> None:
    # github.com/google/certificate-transparency, python/ct/crypto/merkle_test.py: leaves "" and 00, and their node.
    left, right = leaf_hash(b""), leaf_hash(b"\x00")
    assert left.hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert right.hex() == "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
    assert node_hash(left, right).hex() == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"


def test_many_are_hashed_as_each_is() -> None:
    entries = [b"", b"\x00", b"\x01" * 65, b"a", b"b"]
    leaves = leaf_hashes(entries)
    assert leaves == [leaf_hash(entry) for entry in entries]
    assert node_hashes(leaves) == node_hashes(leaves[:4]) == [node_hash(*leaves[:2]), node_hash(*leaves[2:4])]
    assert node_hashes(leaves[:1]) == node_hashes([]) == leaf_hashes([]) == []


def test_the_hmac_is_that_of_rfc_4231() -> None:
    # Section 4.3, test case 2: a key shorter than a block.
    made = hmac_sha256(b"Jefe", b"what do ya want for nothing?")
    assert made.hex() == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


@pytest.mark.parametrize("size", [0, 1, 32, 63, 64, 65, 131])
def test_the_hmac_is_pythons_own_for_keys_of_any_length(size: int) -> None:
    key = bytes(range(size))
    for message in (b"", b"m", bytes(range(256)) * 9):
        assert hmac_sha256(key, message) == hmac.digest(key, message, "sha256")
