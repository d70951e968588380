# SPDX-License-Identifier: Apache-2.0
"""The registry on a real node and notary/log/merkle.py, given the same trees and corruptions, must say the same."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

import pytest
from eth_hash.auto import keccak

from chain.embedded import EmbeddedNode
from notary.errors import ConsistencyProofError, InclusionProofError
from notary.log.merkle import (
    Node,
    prove_consistency,
    prove_inclusion,
    root_hash,
    verify_consistency,
    verify_inclusion,
)
from tests.support.account import CALL_GAS
from tests.support.registry_probe import Consistency, Contract, Inclusion
from tests.support.synthetic_tree import SyntheticTree

_Case = TypeVar("_Case")
_BATCH = 400
_LARGEST = 1 << 40
_PROOF_LENGTH = keccak(b"ProofLength(uint256,uint256)")[:4]
_INCONSISTENT_ROOTS = keccak(b"InconsistentRoots(bytes32,bytes32)")[:4]
_MISMATCH = keccak(b"PreviousRootMismatch(bytes32,uint48,bytes32)")[:4]


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Contract]:
    folder: Path = tmp_path_factory.mktemp("chain")
    with EmbeddedNode.start(folder, "--gas-limit", str(CALL_GAS)) as node:
        yield Contract(node)


def accepts_consistency(case: Consistency) -> bool:
    """What the log's own code says, the comparison with the anchored root included."""
    try:
        verify_consistency(case.proof, case.old_root, case.new_root)
    except ConsistencyProofError:
        return False
    return case.old_root == case.anchored


def accepts_inclusion(case: Inclusion) -> bool:
    """What the log's own code says."""
    try:
        verify_inclusion(case.proof, case.leaf, case.root)
    except InclusionProofError:
        return False
    return True


def consistency(old_size: int, new_size: int, seed: bytes) -> Consistency:
    """An honest step of a log."""
    tree = SyntheticTree(seed, (old_size, new_size))
    old_root = root_hash(old_size, tree.read)
    proof = prove_consistency(old_size, new_size, tree.read)
    return Consistency(proof, old_root, root_hash(new_size, tree.read), old_root)


def inclusion(index: int, size: int, seed: bytes) -> Inclusion:
    """An honest claim about a leaf."""
    tree = SyntheticTree(seed, (index, index + 1, size))
    proof = prove_inclusion(index, size, tree.read)
    return Inclusion(proof, tree.read([Node(0, index)])[0], root_hash(size, tree.read))


def flipped(hashes: tuple[bytes, ...], bits: Sequence[int]) -> Iterator[tuple[bytes, ...]]:
    """Each hash in turn with each of these bits flipped."""
    for place, value in enumerate(hashes):
        for bit in bits:
            other = (int.from_bytes(value, "big") ^ (1 << bit)).to_bytes(32, "big")
            yield (*hashes[:place], other, *hashes[place + 1 :])


def corrupted_consistency(case: Consistency, bits: Sequence[int]) -> Iterator[Consistency]:
    """Single bits of hashes and roots, hashes too few, too many, and in the wrong order: nobody may accept any."""
    for hashes in (*flipped(case.proof.hashes, bits), *_misfits(case.proof.hashes)):
        yield replace(case, proof=replace(case.proof, hashes=hashes))
    for (new_root,) in flipped((case.new_root,), bits):
        yield replace(case, new_root=new_root)
    for (old_root,) in flipped((case.old_root,), bits):
        yield replace(case, old_root=old_root)
        yield replace(case, old_root=old_root, anchored=old_root)


def corrupted_inclusion(case: Inclusion, bits: Sequence[int]) -> Iterator[Inclusion]:
    """Single bits of hashes, leaf and root, hashes too few, too many, and in the wrong order: nobody may accept any."""
    for hashes in (*flipped(case.proof.hashes, bits), *_misfits(case.proof.hashes)):
        yield replace(case, proof=replace(case.proof, hashes=hashes))
    for leaf, root in flipped((case.leaf, case.root), bits):
        yield replace(case, leaf=leaf, root=root)


def displaced_consistency(case: Consistency, source: random.Random) -> Iterator[Consistency]:
    """The proof used for other new sizes: some have the same shape, and then both accept it."""
    for more in (1, 2, source.randrange(3, 1 << 20)):
        yield replace(case, proof=replace(case.proof, new_size=case.proof.new_size + more))


def displaced_inclusion(case: Inclusion, source: random.Random) -> Iterator[Inclusion]:
    """The proof used for other leaves, one of them outside the tree."""
    index, size = case.proof.index, case.proof.size
    for other in {index ^ 1, size, source.randrange(size)} - {index}:
        yield replace(case, proof=replace(case.proof, index=other))


def require_same_consistency(contract: Contract, cases: Iterable[Consistency]) -> tuple[int, int]:
    """Put all cases to both; return how many were accepted and how many refused."""
    accepted = refused = 0
    for batch in _batches(cases):
        for case, refusal in zip(batch, contract.refusals(batch), strict=True):
            assert (refusal == b"") == accepts_consistency(case), (case, refusal.hex())
            assert refusal in (b"", _PROOF_LENGTH, _INCONSISTENT_ROOTS, _MISMATCH), refusal.hex()
            accepted, refused = accepted + (refusal == b""), refused + (refusal != b"")
    return accepted, refused


def require_same_inclusion(contract: Contract, cases: Iterable[Inclusion]) -> tuple[int, int]:
    """Put all cases to both; return how many were accepted and how many refused."""
    accepted = refused = 0
    for batch in _batches(cases):
        for case, verdict in zip(batch, contract.verdicts(batch), strict=True):
            assert verdict == accepts_inclusion(case), case
            accepted, refused = accepted + verdict, refused + (not verdict)
    return accepted, refused


SMALL = [pytest.param(34), pytest.param(130, marks=pytest.mark.slow)]
SAMPLES = [pytest.param(150), pytest.param(3_000, marks=pytest.mark.slow)]


@pytest.mark.parametrize("largest", SMALL)
def test_consistency_of_all_small_trees(contract: Contract, largest: int) -> None:
    source = random.Random(largest)
    honest = [consistency(old, new, b"tree") for new in range(2, largest + 1) for old in range(1, new)]
    assert require_same_consistency(contract, honest) == (len(honest), 0)
    corrupted = (bad for case in honest for bad in corrupted_consistency(case, [source.randrange(256)]))
    accepted, refused = require_same_consistency(contract, corrupted)
    assert accepted == 0
    assert refused > 5 * len(honest)
    accepted, refused = require_same_consistency(
        contract, (moved for case in honest for moved in displaced_consistency(case, source))
    )
    assert accepted
    assert refused


@pytest.mark.parametrize("largest", SMALL)
def test_inclusion_in_all_small_trees(contract: Contract, largest: int) -> None:
    source = random.Random(largest)
    honest = [inclusion(index, size, b"tree") for size in range(1, largest + 1) for index in range(size)]
    assert require_same_inclusion(contract, honest) == (len(honest), 0)
    corrupted = (bad for case in honest for bad in corrupted_inclusion(case, [source.randrange(256)]))
    accepted, refused = require_same_inclusion(contract, corrupted)
    assert accepted == 0
    assert refused > 5 * len(honest)
    displaced = (moved for case in honest for moved in displaced_inclusion(case, source))
    assert require_same_inclusion(contract, displaced)[0] == 0


@pytest.mark.parametrize(("old_size", "new_size"), [(1, 2), (6, 8), (7, 12), (8, 13)])
def test_every_bit_of_a_consistency_proof(contract: Contract, old_size: int, new_size: int) -> None:
    case = consistency(old_size, new_size, b"tree")
    assert require_same_consistency(contract, corrupted_consistency(case, range(256)))[0] == 0


@pytest.mark.parametrize(("index", "size"), [(0, 1), (0, 2), (6, 7), (3, 12)])
def test_every_bit_of_an_inclusion_proof(contract: Contract, index: int, size: int) -> None:
    case = inclusion(index, size, b"tree")
    assert require_same_inclusion(contract, corrupted_inclusion(case, range(256)))[0] == 0


def test_trees_around_powers_of_two(contract: Contract) -> None:
    sizes = [(1 << level) + more for level in range(2, 41) for more in (0, 1, 2)]
    steps = [consistency(old, new, b"tree") for new in sizes for old in (1, 2, 3, new // 2) if old < new]
    assert require_same_consistency(contract, steps) == (len(steps), 0)
    leaves = [inclusion(index, size, b"tree") for size in sizes for index in (0, 1, size - 1)]
    assert require_same_inclusion(contract, leaves) == (len(leaves), 0)


@pytest.mark.parametrize("samples", SAMPLES)
def test_consistency_of_big_trees(contract: Contract, samples: int) -> None:
    source = random.Random(samples)
    honest = []
    for _ in range(samples):
        old = _any_size(source)
        honest.append(consistency(old, old + _any_size(source), source.randbytes(8)))
    assert require_same_consistency(contract, honest) == (len(honest), 0)
    corrupted = (bad for case in honest for bad in corrupted_consistency(case, [source.randrange(256)]))
    assert require_same_consistency(contract, corrupted)[0] == 0
    require_same_consistency(contract, (moved for case in honest for moved in displaced_consistency(case, source)))


@pytest.mark.parametrize("samples", SAMPLES)
def test_inclusion_in_big_trees(contract: Contract, samples: int) -> None:
    source = random.Random(samples)
    honest = []
    for _ in range(samples):
        size = _any_size(source)
        honest.append(inclusion(source.randrange(size), size, source.randbytes(8)))
    assert require_same_inclusion(contract, honest) == (len(honest), 0)
    corrupted = (bad for case in honest for bad in corrupted_inclusion(case, [source.randrange(256)]))
    assert require_same_inclusion(contract, corrupted)[0] == 0
    displaced = (moved for case in honest for moved in displaced_inclusion(case, source))
    assert require_same_inclusion(contract, displaced)[0] == 0


def _any_size(source: random.Random) -> int:
    """A size up to 2^40 whose bit length is as random as the size."""
    return source.randrange(1, (_LARGEST >> source.randrange(40)) + 1)


def _misfits(hashes: tuple[bytes, ...]) -> Iterator[tuple[bytes, ...]]:
    yield (*hashes, bytes(32))
    if hashes:
        yield hashes[:-1]
    if len(hashes) > 1:
        yield hashes[::-1]


def _batches(cases: Iterable[_Case]) -> Iterator[list[_Case]]:
    remaining = iter(cases)
    while batch := list(islice(remaining, _BATCH)):
        yield batch
