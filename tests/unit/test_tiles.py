# SPDX-License-Identifier: Apache-2.0
"""Tiles: their paths, their widths, and the nodes in them."""

from collections.abc import Sequence

import pytest

from notary.errors import CorruptLogError, TilePathError
from notary.log.merkle import Node
from notary.log.tiles import (
    FULL_SIZE,
    HEIGHT,
    MAX_NUMBER,
    WIDTH,
    Tile,
    format_number,
    locate,
    node_reader,
    parse_number,
    read_node,
    siblings,
    split_hashes,
    tile_width,
)
from tests.support.trees import MemoryTree, full_tile, leaf_hashes

LEAVES = leaf_hashes(256)
TREE = MemoryTree(LEAVES)
FULL = full_tile(LEAVES)

PATHS = [
    (1234067, "x001/x234/067"),  # the example of C2SP tlog-tiles
    (0, "000"),
    (67, "067"),
    (999, "999"),
    (1000, "x001/000"),
    (999_999, "x999/999"),
    (1_000_000, "x001/x000/000"),
    (MAX_NUMBER, "x036/x028/x797/x018/x963/967"),
]


@pytest.mark.parametrize(("number", "path"), PATHS)
def test_the_path_of_a_tile(number: int, path: str) -> None:
    assert format_number(number) == path
    assert parse_number(path) == (number, 256)
    assert parse_number(f"{path}.p/1") == (number, 1)
    assert parse_number(f"{path}.p/255") == (number, 255)


@pytest.mark.parametrize(
    "path",
    [
        "", "0", "00", "0000", "67", "x067", "x000/067", "x000/x001/234", "1/234", "001/234", "X001/234", "x001/x234",
        "x001/234/", "/067", "x001//234", "-01", "+01", " 67", "06７", "067\n", "0_7", "067.p", "067.p/", "067.p/0",
        "067.p/01",
        "067.p/256", "067.p/1000", "067.p/-1", "067.p/1/", "067.p/1.p/1", "067.p/ 1", "067.p/1\n", "067.p/١", "067.P/1",
        "x036/x028/x797/x018/x963/968", "x999/" * 12 + "999", "x999/" * 200 + "999",
    ],
)  # fmt: skip
def test_what_names_no_tile(path: str) -> None:
    with pytest.raises(TilePathError) as refused:
        parse_number(path)
    assert len(str(refused.value)) < 200


def test_the_widths_of_the_specification() -> None:
    # C2SP tlog-tiles: a tree of 70,000 has 273 full tiles and one of width 112, then 1 and one of 17, then one of 1.
    assert [tile_width(Tile(0, number), 70_000) for number in (0, 272, 273, 274)] == [256, 256, 112, 0]
    assert [tile_width(Tile(1, number), 70_000) for number in (0, 1, 2)] == [256, 17, 0]
    assert [tile_width(Tile(2, number), 70_000) for number in (0, 1)] == [1, 0]
    assert [tile_width(Tile(3, 0), 70_000), tile_width(Tile(7, 0), 70_000)] == [0, 0]
    # A tree of 256: one full tile, and one of width 1 above.
    assert [tile_width(tile, 256) for tile in (Tile(0, 0), Tile(0, 1), Tile(1, 0))] == [256, 0, 1]
    assert tile_width(Tile(0, 0), 0) == 0


def test_a_full_tile_is_stored_with_its_inner_nodes() -> None:
    assert len(FULL) == FULL_SIZE == 16_320
    assert split_hashes(FULL) == [value for row in TREE.rows[:HEIGHT] for value in row]
    for height in range(HEIGHT):
        for offset in range(WIDTH >> height):
            assert read_node(FULL, height, offset) == TREE.rows[height][offset]


@pytest.mark.parametrize("width", [1, 2, 3, 7, 8, 100, 128, 255])
def test_a_partial_tile_gives_every_node_that_it_covers(width: int) -> None:
    stored = b"".join(LEAVES[:width])
    for height in range(HEIGHT):
        for offset in range(width >> height):
            assert read_node(stored, height, offset) == TREE.rows[height][offset]
        with pytest.raises(CorruptLogError):
            read_node(stored, height, width >> height)


@pytest.mark.parametrize("length", [0, 1, 31, 32, 7 * 32, 8 * 32 - 1])
def test_a_tile_that_is_too_short_gives_no_wrong_node(length: int) -> None:
    stored = b"".join(LEAVES[:8])
    with pytest.raises(CorruptLogError, match=f"a stored tile of {length} bytes has no node 0 at height 3"):
        read_node(stored[:length], 3, 0)


@pytest.mark.parametrize(
    ("node", "place"),
    [
        (Node(0, 0), (Tile(0, 0), 0, 0)),
        (Node(0, 255), (Tile(0, 0), 0, 255)),
        (Node(0, 256), (Tile(0, 1), 0, 0)),
        (Node(7, 1), (Tile(0, 0), 7, 1)),
        (Node(7, 2), (Tile(0, 1), 7, 0)),
        (Node(8, 0), (Tile(1, 0), 0, 0)),
        (Node(8, 300), (Tile(1, 1), 0, 44)),
        (Node(17, 129), (Tile(2, 1), 1, 1)),
    ],
)
def test_where_a_node_is(node: Node, place: tuple[Tile, int, int]) -> None:
    assert locate(node) == place


def test_a_reader_of_nodes_fetches_each_tile_once_and_all_in_one_call() -> None:
    calls: list[list[Tile]] = []

    def read_tiles(tiles: Sequence[Tile]) -> list[bytes]:
        calls.append(list(tiles))
        return [FULL if tile == Tile(0, 0) else b"".join(LEAVES[:3]) for tile in tiles]

    nodes = [Node(3, 5), Node(0, 258), Node(0, 0), Node(7, 1), Node(1, 128)]
    assert node_reader(read_tiles)(nodes) == [
        TREE.rows[3][5], LEAVES[2], LEAVES[0], TREE.rows[7][1], TREE.rows[1][0],
    ]  # fmt: skip
    assert calls == [[Tile(0, 0), Tile(0, 1)]]


@pytest.mark.parametrize("stored", [FULL, FULL[: 128 * 32]], ids=["full", "with its bottom row only"])
def test_the_hashes_beside_a_way_up(stored: bytes) -> None:
    for count in range(1, 8):
        for number in (0, 1, 77, 127):
            beside = [read_node(FULL, height, number >> height ^ 1) for height in range(count)]
            assert siblings(stored, number, count) == beside
    assert siblings(FULL, 200, 8) == [read_node(FULL, height, 200 >> height ^ 1) for height in range(8)]
    with pytest.raises(CorruptLogError):
        siblings(FULL[:64], 0, 2)
