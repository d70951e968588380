# SPDX-License-Identifier: Apache-2.0
"""Tiles: paths on arbitrary text, and trees that grow in arbitrary commits."""

from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from notary.errors import CorruptLogError, TilePathError
from notary.hashing import leaf_hash
from notary.log.inclusion import InclusionProver
from notary.log.merkle import Node, prove_consistency, prove_inclusion
from notary.log.right_edge import RightEdge
from notary.log.tiles import MAX_NUMBER, WIDTH, Tile, format_number, locate, node_reader, parse_number, read_node
from tests.support import reference_tree
from tests.support.trees import MemoryTree, full_tile, leaf_hashes

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
        edge.extend(leaves[old : old + batch])
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


@given(st.lists(st.integers(0, 300), max_size=6), st.integers(0, 700))
def test_leaves_added_in_any_pieces_make_the_tree_of_the_rfc(pieces: list[int], before: int) -> None:
    entries = [b"%d" % number for number in range(before + sum(pieces))]
    hashes = [leaf_hash(entry) for entry in entries]
    edge = RightEdge(0, [])
    edge.extend(hashes[:before])
    stored = edge.take_changed_tiles(0)
    for piece in pieces:
        edge.extend(hashes[edge.size : edge.size + piece])
    assert (edge.size, edge.root()) == (len(entries), reference_tree.mth(entries))
    stored |= edge.take_changed_tiles(before)
    rows = MemoryTree(hashes).rows
    wanted = {Tile(0, n): hashes[n * WIDTH : (n + 1) * WIDTH] for n in range(-(-len(hashes) // WIDTH))}
    if len(hashes) >= WIDTH:
        wanted[Tile(1, 0)] = rows[8]
    assert stored == {tile: full_tile(row) if len(row) == WIDTH else b"".join(row) for tile, row in wanted.items()}


@given(st.data(), st.integers(1, SIZE))
def test_any_shortened_tile_is_noticed_at_the_start(data: st.DataObject, size: int) -> None:
    edge = RightEdge(0, [])
    edge.extend(leaf_hashes(size))
    stored = edge.take_changed_tiles(0)
    partial = [tile for tile in stored if tile.number == size >> 8 * (tile.level + 1)]
    if not partial:
        return
    tile = data.draw(st.sampled_from(partial))
    stored[tile] = stored[tile][: data.draw(st.integers(0, len(stored[tile]) - 1))]
    with pytest.raises(CorruptLogError):
        RightEdge.load(size, lambda tiles: [stored[name] for name in tiles])
