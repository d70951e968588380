# SPDX-License-Identifier: Apache-2.0
"""The tree over a batch in a file: the same roots and paths as RFC 9162 writes down, for every size."""

from io import BytesIO
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from notary.batch_tree import BatchTree, TreeGrowth, write_tree
from notary.hashing import EMPTY_ROOT, HASH_SIZE, leaf_hash
from tests.support import reference_tree


def entries(size: int) -> list[bytes]:
    return [b"record %d" % number for number in range(size)]


@given(st.integers(1, 300))
@example(1)
@example(2)
@example(255)
@example(256)
@example(257)
def test_roots_and_paths_are_those_of_the_rfc(tmp_path_factory: object, size: int) -> None:
    records = entries(size)
    with (Path(str(tmp_path_factory.getbasetemp())) / "tree").open("w+b") as file:  # type: ignore[attr-defined]
        assert write_tree(map(leaf_hash, records), file) == (size, reference_tree.mth(records))
        tree = BatchTree(file, size)
        assert tree.root() == reference_tree.mth(records)
        for index in {0, 1 % size, size // 2, size - 1}:
            assert list(tree.path(index)) == reference_tree.path(index, records)


def test_every_path_of_every_small_tree(tmp_path: Path) -> None:
    for size in range(1, 35):
        records = entries(size)
        with (tmp_path / "tree").open("w+b") as file:
            write_tree(map(leaf_hash, records), file)
            tree = BatchTree(file, size)
            assert [list(tree.path(i)) for i in range(size)] == [reference_tree.path(i, records) for i in range(size)]


@given(st.integers(1, 40), st.lists(st.integers(0, 39), min_size=1, max_size=30))
def test_paths_are_the_same_in_any_order(size: int, order: list[int]) -> None:
    records, file = entries(size), BytesIO()
    write_tree(map(leaf_hash, records), file)
    tree = BatchTree(file, size)
    for index in order:
        if index < size:
            assert list(tree.path(index)) == reference_tree.path(index, records)


def test_a_growing_tree_needs_no_file() -> None:
    tree = TreeGrowth()
    assert (tree.size, tree.root()) == (0, EMPTY_ROOT)
    for size in range(1, 40):
        tree.append(leaf_hash(entries(size)[-1]))
        assert (tree.size, tree.root()) == (size, reference_tree.mth(entries(size)))


def test_the_file_has_at_most_two_hashes_a_record() -> None:
    file = BytesIO()
    write_tree(map(leaf_hash, entries(1000)), file)
    assert len(file.getvalue()) == (2 * 1000 - (1000).bit_count()) * HASH_SIZE
