# SPDX-License-Identifier: Apache-2.0
"""The log for its readers: proofs between any two sizes of a stored log."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from notary.errors import ConsistencyProofError, InclusionProofError, NotFoundError
from notary.hashing import EMPTY_ROOT, leaf_hash
from notary.log.merkle import verify_consistency, verify_inclusion
from notary.log.reader import Log
from notary.stores.sqlite import SqliteStore
from tests.support import reference_tree
from tests.support.builders import VAULT, NotaryKit, history, kit_over

SIZE = 531
MARKS = [1, 2, 3, 128, 255, 256, 257, 300, 511, 512, 513, 530, SIZE]


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NotaryKit]:
    folder: Path = tmp_path_factory.mktemp("log")
    kit = kit_over(SqliteStore.create(folder / "notary.db", VAULT))
    items = history("L-1", SIZE - 1)
    kit.sequencer.append(items[:200])
    kit.sequencer.append(items[200:])
    yield kit
    kit.store.close()


@pytest.fixture(scope="module")
def entries(kit: NotaryKit) -> list[bytes]:
    return list(kit.store.entries(0, SIZE))


def test_a_log_that_was_not_begun_has_no_head(tmp_path: Path) -> None:
    store = SqliteStore.create(tmp_path / "notary.db", VAULT)
    with pytest.raises(NotFoundError):
        Log(store).head()
    assert Log(store).root(0) == EMPTY_ROOT
    store.close()


def test_the_head_is_that_of_the_store(kit: NotaryKit) -> None:
    assert kit.log.head() == kit.store.head()
    assert kit.log.head().size == SIZE


@pytest.mark.parametrize("size", [0, *MARKS])
def test_roots_of_all_earlier_sizes(kit: NotaryKit, entries: list[bytes], size: int) -> None:
    assert kit.log.root(size) == reference_tree.mth(entries[:size])


@pytest.mark.parametrize("size", MARKS)
def test_inclusion_at_all_earlier_sizes(kit: NotaryKit, entries: list[bytes], size: int) -> None:
    for index in sorted({0, 1, size // 3, size - 1} & set(range(size))):
        proof = kit.log.prove_inclusion(index, size)
        assert list(proof.hashes) == reference_tree.path(index, entries[:size])
        verify_inclusion(proof, leaf_hash(entries[index]), kit.log.root(size))


@pytest.mark.parametrize("new", MARKS)
def test_consistency_between_all_earlier_sizes(kit: NotaryKit, entries: list[bytes], new: int) -> None:
    for old in (size for size in MARKS if size <= new):
        proof = kit.log.prove_consistency(old, new)
        assert list(proof.hashes) == reference_tree.proof(old, entries[:new])
        verify_consistency(proof, kit.log.root(old), kit.log.root(new))


def test_there_is_nothing_beyond_the_log(kit: NotaryKit) -> None:
    with pytest.raises(NotFoundError):
        kit.log.root(SIZE + 1000)
    with pytest.raises(InclusionProofError):
        kit.log.prove_inclusion(SIZE, SIZE)
    with pytest.raises(ConsistencyProofError):
        kit.log.prove_consistency(0, SIZE)
