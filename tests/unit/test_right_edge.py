# SPDX-License-Identifier: Apache-2.0
"""The right edge: grown leaf by leaf and in batches, stored and loaded, against the whole tree in memory."""

from collections.abc import Iterator, Sequence
from functools import cache

import pytest

from notary.errors import CorruptLogError, NotFoundError
from notary.hashing import EMPTY_ROOT
from notary.log.merkle import prove_consistency, prove_inclusion, root_hash
from notary.log.right_edge import RightEdge
from notary.log.tiles import FULL_SIZE, HASH_SIZE, WIDTH, Tile, node_reader, tile_width
from tests.support.trees import MemoryTree, flipped, full_tile, leaf_hashes

SMALL = 1100
LARGE = 66_400
Tiles = dict[Tile, bytes]


@cache
def tree(size: int) -> MemoryTree:
    return MemoryTree(leaf_hashes(size))


def wanted_tiles(whole: MemoryTree, size: int) -> Tiles:
    """Return all tiles of the first `size` leaves, as C2SP tlog-tiles cuts them and this project stores them."""
    tiles: Tiles = {}
    level = 0
    while size >> 8 * level:
        row = whole.rows[8 * level][: size >> 8 * level]
        for start in range(0, len(row), WIDTH):
            piece = row[start : start + WIDTH]
            tiles[Tile(level, start // WIDTH)] = full_tile(piece) if len(piece) == WIDTH else b"".join(piece)
        level += 1
    return tiles


def reader(tiles: Tiles) -> "TileSource":
    return TileSource(tiles)


class TileSource:
    """Reads tiles from a dictionary as a store would."""

    def __init__(self, tiles: Tiles) -> None:
        self.tiles = tiles

    def __call__(self, wanted: Sequence[Tile]) -> list[bytes]:
        for tile in wanted:
            if tile not in self.tiles:
                raise NotFoundError(f"there is no tile {tile}")
        return [self.tiles[tile] for tile in wanted]


def grow(edge: RightEdge, leaves: Sequence[bytes], batches: Iterator[int]) -> Tiles:
    """Append all leaves, in commits of these sizes; return what was stored."""
    stored: Tiles = {}
    start = 0
    for size in batches:
        old = edge.size
        edge.extend(leaves[start : start + size])
        start += size
        stored |= edge.take_changed_tiles(old)
        if start >= len(leaves):
            break
    return stored


def ones() -> Iterator[int]:
    while True:
        yield 1


def test_an_empty_edge() -> None:
    edge = RightEdge.load(0, reader({}))
    assert (edge.size, edge.root(), edge.take_changed_tiles(0)) == (0, EMPTY_ROOT, {})


def test_every_size_to_1100_leaf_by_leaf() -> None:
    whole, edge, stored = tree(SMALL), RightEdge(0, []), Tiles()
    for size, leaf in enumerate(leaf_hashes(SMALL), 1):
        edge.extend([leaf])
        stored |= edge.take_changed_tiles(size - 1)
        assert (edge.size, edge.root()) == (size, whole.root(size))
        if size % 37 == 0 or size % WIDTH in (0, 1, 255):
            assert stored == wanted_tiles(whole, size)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 513, 1023, 1024, 1100])
@pytest.mark.parametrize("batch", [2, 3, 7, 100, 255, 256, 257, 300, 1100])
def test_tiles_of_any_batches_are_those_of_single_commits(size: int, batch: int) -> None:
    leaves = leaf_hashes(size)
    edge = RightEdge(0, [])
    stored = grow(edge, leaves, (batch for _ in range(size)))
    assert stored == wanted_tiles(tree(SMALL), size)
    assert edge.root() == tree(SMALL).root(size)


@pytest.mark.parametrize("batch", [1000, 65_535, 65_536, 65_537])
def test_the_third_level_begins_at_65536(batch: int) -> None:
    whole = tree(LARGE)
    edge = RightEdge(0, [])
    stored = grow(edge, whole.rows[0], (batch for _ in range(LARGE)))
    assert (edge.size, edge.root()) == (LARGE, whole.root(LARGE))
    assert stored == wanted_tiles(whole, LARGE)


@pytest.mark.parametrize(
    "size", [*range(1, 20), 255, 256, 257, 511, 512, 513, 1100, 65_535, 65_536, 65_537, 65_791, 65_792, 65_793, 66_399]
)
def test_an_edge_that_is_loaded_goes_on_as_if_it_had_stayed(size: int) -> None:
    whole = tree(LARGE)
    edge = RightEdge.load(size, reader(wanted_tiles(whole, size)))
    assert (edge.size, edge.root()) == (size, whole.root(size))
    stored = wanted_tiles(whole, size)
    end = min(size + 520, LARGE)
    edge.extend(whole.rows[0][size:end])
    assert edge.root() == whole.root(end)
    assert stored | edge.take_changed_tiles(size) == wanted_tiles(whole, end)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_793])
@pytest.mark.parametrize("more", [0, 1, 2, 254, 255, 256, 257, 600])
def test_an_edge_that_follows_others_is_the_one_that_would_be_loaded(size: int, more: int) -> None:
    whole, end = tree(LARGE), size + more
    stored, last = wanted_tiles(whole, end), min(end + 300, LARGE)
    edge = RightEdge.load(size, reader(wanted_tiles(whole, size)))
    asked: list[Tile] = []

    def read(tiles: Sequence[Tile]) -> list[bytes]:
        asked.extend(tiles)
        return reader(stored)(tiles)

    edge.follow(end, read)
    assert (edge.size, edge.root()) == (end, whole.root(end))
    assert asked == [Tile(0, number) for number in range(size // WIDTH, -(-end // WIDTH))]
    assert edge.take_changed_tiles(end) == {}
    edge.extend(whole.rows[0][end:last])
    assert stored | edge.take_changed_tiles(end) == wanted_tiles(whole, last)


def test_an_edge_follows_only_what_is_whole_and_shows_by_its_root_what_it_followed() -> None:
    tiles = wanted_tiles(tree(SMALL), 600)
    for damaged in (b"", tiles[Tile(0, 2)][:-1]):
        with pytest.raises(CorruptLogError, match="tile 0/2 has fewer than 88 hashes"):
            RightEdge.load(300, reader(tiles)).follow(600, reader(tiles | {Tile(0, 2): damaged}))
    with pytest.raises(NotFoundError):
        RightEdge.load(300, reader(tiles)).follow(600, reader({Tile(0, 1): tiles[Tile(0, 1)]}))
    for bit in range(8 * HASH_SIZE * 44, 8 * HASH_SIZE * 88, 97):
        edge = RightEdge.load(300, reader(tiles))
        edge.follow(600, reader(tiles | {Tile(0, 2): flipped(tiles[Tile(0, 2)], bit)}))
        assert edge.root() != tree(SMALL).root(600)


def test_an_edge_is_loaded_from_tiles_that_have_grown_since() -> None:
    tiles = wanted_tiles(tree(SMALL), 600)
    for size in range(1, 601):
        assert RightEdge.load(size, reader(tiles)).root() == tree(SMALL).root(size)


def test_only_what_changed_is_stored_again() -> None:
    edge = RightEdge(0, [])
    edge.extend(leaf_hashes(300))
    edge.take_changed_tiles(0)
    edge.extend([b"\x07" * 32])
    assert list(edge.take_changed_tiles(300)) == [Tile(0, 1)]
    assert edge.take_changed_tiles(301) == {}


@pytest.mark.parametrize("size", [1, 255, 257, 300, 511, 513, 800])
def test_a_tile_that_is_missing_or_short_is_a_corrupt_log(size: int) -> None:
    tiles = wanted_tiles(tree(SMALL), size)
    partial = [tile for tile in tiles if 0 < tile_width(tile, size) < WIDTH]
    assert partial
    for tile in partial:
        for damaged in (b"", tiles[tile][:-1], tiles[tile][:-HASH_SIZE]):
            with pytest.raises(CorruptLogError, match=f"tile {tile.level}/{tile.number} has {len(damaged)} bytes"):
                RightEdge.load(size, reader(tiles | {tile: damaged}))
        with pytest.raises(CorruptLogError, match=f"the log has {size} entries, but there is no tile"):
            RightEdge.load(size, reader({name: data for name, data in tiles.items() if name != tile}))


def test_a_flipped_bit_in_a_partial_tile_changes_the_root() -> None:
    size = 300
    tiles = wanted_tiles(tree(SMALL), size)
    for tile in (Tile(0, 1), Tile(1, 0)):
        for bit in range(0, 8 * len(tiles[tile]), 97):
            edge = RightEdge.load(size, reader(tiles | {tile: flipped(tiles[tile], bit)}))
            assert edge.root() != tree(SMALL).root(size)


@pytest.mark.parametrize(("old", "new"), [(0, 1), (0, 300), (250, 260), (255, 256), (256, 513), (300, 1100), (1, 1100)])
def test_fresh_entries_are_proved_from_memory_alone(old: int, new: int) -> None:
    whole = tree(SMALL)
    edge = RightEdge.load(old, reader(wanted_tiles(whole, old)))
    edge.extend(whole.rows[0][old:new])
    full = edge.take_changed_tiles(old)
    expected = [prove_inclusion(index, new, whole.read).hashes for index in range(old, new)]
    for first in {*range(old, min(old + 20, new)), new - 1, new}:
        assert edge.proofs(first, full) == expected[first - old :]


@pytest.mark.parametrize(("old", "new"), [(65_530, 65_536), (65_530, 65_537), (65_791, 65_793), (66_000, 66_400)])
def test_fresh_entries_are_proved_where_the_third_level_has_begun(old: int, new: int) -> None:
    whole = tree(LARGE)
    edge = RightEdge.load(old, reader(wanted_tiles(whole, old)))
    edge.extend(whole.rows[0][old:new])
    full = edge.take_changed_tiles(old)
    expected = [prove_inclusion(index, new, whole.read).hashes for index in range(old, new)]
    for first in {*range(old, min(old + 20, new)), new - 1, new}:
        assert edge.proofs(first, full) == expected[first - old :]


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 600, 65_535, 65_536, 65_537, 66_400])
def test_stored_tiles_give_the_same_roots_and_proofs_as_the_tree(size: int) -> None:
    whole = tree(LARGE)
    read = node_reader(reader(wanted_tiles(whole, size)))
    marks = sorted({1, 2, 255, 256, 257, size // 3, size // 2, size - 1, size} & set(range(1, size + 1)))
    for mark in marks:
        assert root_hash(mark, read) == whole.root(mark)
        assert prove_inclusion(mark - 1, size, read) == prove_inclusion(mark - 1, size, whole.read)
        assert prove_consistency(mark, size, read) == prove_consistency(mark, size, whole.read)


def test_a_full_tile_in_memory_is_the_one_that_is_stored() -> None:
    edge = RightEdge(0, [])
    leaves = leaf_hashes(WIDTH)
    edge.extend(leaves)
    tiles = edge.take_changed_tiles(0)
    assert tiles == {Tile(0, 0): full_tile(leaves), Tile(1, 0): edge.root()}
    assert len(tiles[Tile(0, 0)]) == FULL_SIZE
