# SPDX-License-Identifier: Apache-2.0
"""Tiles: paths on arbitrary text, and trees that grow in arbitrary commits."""

from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from notary.errors import CorruptLogError, TilePathError
from notary.log.inclusion import InclusionProver
from notary.log.merkle import Node, prove_consistency, prove_inclusion
from notary.log.right_edge import RightEdge
from notary.log.tiles import MAX_NUMBER, WIDTH, Tile, format_number, locate, node_reader, parse_number, read_node
from tests.support.trees import MemoryTree, leaf_hashes

SIZE = 1300


@cache
def whole() -> MemoryTree:
    return MemoryTree(leaf_hashes(SIZE))


@given(st.integers(0, MAX_NUMBER), st.integers(1, WIDTH))
def test_paths_come_back(number: int, width: int) -> None:
    path = format_number(number) + ("" if width == WIDTH else f".p/{width}")
    assert parse_number(path) == (number, width)


@given(
    st.text(max_size=20)
    | st.text(alphabet="x0123456789/.p", max_size=20)
    | st.from_regex(r"\A(x\d{3}/)*\d{3}(\.p/\d+)?\Z")
)
@example("x000/001")
@example("000.p/256")
def test_whatever_is_read_as_a_path_is_written_so(path: str) -> None:
    try:
        number, width = parse_number(path)
    except TilePathError:
        return
    assert path == format_number(number) + ("" if width == WIDTH else f".p/{width}")


@given(st.binary(max_size=700), st.integers(0, 7), st.integers(0, 255))
def test_a_stored_tile_gives_a_hash_or_the_documented_error(stored: bytes, height: int, offset: int) -> None:
    try:
        value = read_node(stored, height, offset)
    except CorruptLogError:
        assert len(stored) < (offset + 1 << height) * 32
    else:
        assert len(value) == 32


@given(st.integers(0, 63), st.integers(0, 2**40))
def test_every_node_has_one_place(level: int, number: int) -> None:
    tile, height, offset = locate(Node(level, number))
    assert 0 <= height < 8
    assert 0 <= offset < WIDTH >> height
    assert (tile.level * 8 + height, (tile.number << 8 - height) + offset) == (level, number)


@settings(max_examples=60)
@given(st.lists(st.integers(1, 600), min_size=1, max_size=12), st.lists(st.booleans(), min_size=12, max_size=12))
def test_any_commits_and_restarts_give_the_same_log(batches: list[int], restarts: list[bool]) -> None:
    leaves, stored, edge = leaf_hashes(SIZE), dict[Tile, bytes](), RightEdge(0, [])

    def read(tiles: list[Tile]) -> list[bytes]:
        return [stored[tile] for tile in tiles]

    prover = InclusionProver(read, most_tiles=3, most_sizes=2)
    for batch, restart in zip(batches, restarts, strict=False):
        if restart:
            edge = RightEdge.load(edge.size, read)
        old = edge.size
        for leaf in leaves[old : old + batch]:
            edge.append(leaf)
        stored |= edge.take_changed_tiles(old)
        for index, at in (
            (0, edge.size),
            (old // 2, old or 1),
            (min(old, edge.size - 1), edge.size),
            (edge.size - 1, edge.size),
        ):
            assert prover.prove(index, at) == prove_inclusion(index, at, whole().read)
    size = edge.size
    assert edge.root() == whole().root(size)
    reader = node_reader(read)
    for index in {0, size // 2, size - 1}:
        assert prove_inclusion(index, size, reader) == prove_inclusion(index, size, whole().read)
        assert prove_consistency(index + 1, size, reader) == prove_consistency(index + 1, size, whole().read)


@given(st.data(), st.integers(1, SIZE))
def test_any_shortened_tile_is_noticed_at_the_start(data: st.DataObject, size: int) -> None:
    edge = RightEdge(0, [])
    for leaf in leaf_hashes(size):
        edge.append(leaf)
    stored = edge.take_changed_tiles(0)
    partial = [tile for tile in stored if tile.number == size >> 8 * (tile.level + 1)]
    if not partial:
        return
    tile = data.draw(st.sampled_from(partial))
    stored[tile] = stored[tile][: data.draw(st.integers(0, len(stored[tile]) - 1))]
    with pytest.raises(CorruptLogError):
        RightEdge.load(size, lambda tiles: [stored[name] for name in tiles])
