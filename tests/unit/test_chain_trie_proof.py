# SPDX-License-Identifier: Apache-2.0
"""Merkle-Patricia proofs against the `trie` package, which is the slow and complete reference here."""

import random
from collections.abc import Sequence

import pytest
import rlp
from eth_hash.auto import keccak
from trie import HexaryTrie

from chain.errors import EvidenceError
from chain.rlp_lists import decode_list
from chain.trie_proof import prove_value


def reference(count: int, seed: int) -> tuple[HexaryTrie, list[bytes]]:
    """A secure trie (keys hashed) with values as long as those of accounts and anchors."""
    rng = random.Random(seed)
    trie, keys = HexaryTrie({}), [keccak(rng.randbytes(20)) for _ in range(count)]
    for key in keys:
        trie[key] = rlp.encode(rng.randbytes(32))
    return trie, keys


def proof_of(trie: HexaryTrie, key: bytes) -> tuple[bytes, ...]:
    return tuple(rlp.encode(node) for node in trie.get_proof(key))


@pytest.mark.parametrize("count", [1, 2, 3, 17, 300])
def test_agrees_with_the_reference(count: int) -> None:
    trie, keys = reference(count, seed=count)
    for key in keys:
        assert prove_value(trie.root_hash, key, proof_of(trie, key)) == trie[key]


def test_refuses_a_key_that_is_not_there() -> None:
    trie, _ = reference(300, seed=1)
    for number in range(50):
        absent = keccak(b"absent %d" % number)
        with pytest.raises(EvidenceError):
            prove_value(trie.root_hash, absent, proof_of(trie, absent))


def test_refuses_every_changed_byte() -> None:
    trie, keys = reference(40, seed=2)
    nodes = proof_of(trie, keys[0])
    for position, node in enumerate(nodes):
        for index in range(len(node)):
            changed = node[:index] + bytes([node[index] ^ 1]) + node[index + 1 :]
            with pytest.raises(EvidenceError):
                prove_value(trie.root_hash, keys[0], (*nodes[:position], changed, *nodes[position + 1 :]))


def test_refuses_nodes_too_few_too_many_or_out_of_order() -> None:
    trie, keys = reference(300, seed=3)
    nodes, other = proof_of(trie, keys[0]), proof_of(trie, keys[1])
    assert len(nodes) > 2
    bad: list[Sequence[bytes]] = [(), nodes[1:], nodes[:-1], nodes[::-1], (*nodes, nodes[-1]), (*nodes, other[-1])]
    bad += [(nodes[0], *nodes), nodes * 30]
    for proof in bad:
        with pytest.raises(EvidenceError):
            prove_value(trie.root_hash, keys[0], proof)


KEY = b"\x12" * 32
LEAF_PATH = b"\x20" + KEY
ROOTS = {
    "text": b"\x83dog",
    "nothing": b"",
    "three items": rlp.encode([b"a", b"b", b"c"]),
    "no items": rlp.encode([]),
    "path of no flags": rlp.encode([b"", b"v"]),
    "path with unknown flag": rlp.encode([b"\x40" + KEY, b"v"]),
    "path with padding": rlp.encode([b"\x21" + KEY, b"v"]),
    "even path with set padding": rlp.encode([b"\x2f" + KEY, b"v"]),
    "list as path": rlp.encode([[b"a"], b"v"]),
    "list as value": rlp.encode([LEAF_PATH, [b"v"]]),
    "leaf for a shorter key": rlp.encode([b"\x20" + KEY[:31], b"v"]),
    "extension to the end": rlp.encode([b"\x00" + KEY, b"\x11" * 32]),
    "branch with an inner child": rlp.encode([b""] + [[b"\x20", b"v"]] + [b""] * 15),
    "branch with a short child": rlp.encode([b""] + [b"\x11" * 31] + [b""] * 15),
    "branch without the child": rlp.encode([b""] * 17),
    "length in too many bytes": b"\xb8\x03dog",
    "trailing bytes": rlp.encode([LEAF_PATH, b"v"]) + b"\0",
    "cut off": rlp.encode([LEAF_PATH, b"v"])[:-1],
    "nested": b"\xc1" * 500,
    "too long": rlp.encode([LEAF_PATH, b"v" * 2000]),
}


@pytest.mark.parametrize("name", list(ROOTS))
def test_refuses_nodes_that_hash_right_but_are_none(name: str) -> None:
    with pytest.raises(EvidenceError):
        prove_value(keccak(ROOTS[name]), KEY, [ROOTS[name]])


def test_takes_the_leaf_that_the_bad_ones_are_made_from() -> None:
    leaf = rlp.encode([LEAF_PATH, b"v"])
    assert prove_value(keccak(leaf), KEY, [leaf]) == b"v"


@pytest.mark.parametrize("data", [b"\xc1" * 4000, b"\xf9\xff\xff", b"\xf8\x01\x61", b"\xc2\x81\x05", b"\x80", b""])
def test_only_canonical_lists_are_decoded(data: bytes) -> None:
    with pytest.raises(EvidenceError):
        decode_list(data, 10_000)
