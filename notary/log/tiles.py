# SPDX-License-Identifier: Apache-2.0
"""Tiles: the tree in pieces of eight levels, as C2SP tlog-tiles cuts it.

Tile n of level l holds the nodes `Node(8 * l, 256 * n + i)` for i in 0..255. It is served as these hashes; it is
stored with the inner nodes above them appended (levels 8l+1 to 8l+7, each left to right), once it is full: 510 hashes
of 32 bytes, so that a proof reads its hashes instead of computing them. A partial tile is stored without inner nodes.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from notary.errors import CorruptLogError, Fault, TilePathError
from notary.hashing import HASH_SIZE, node_hashes
from notary.log.merkle import Node, NodeReader

HEIGHT = 8
WIDTH = 1 << HEIGHT
FULL_SIZE = (2 * WIDTH - 2) * HASH_SIZE
"""Bytes of a stored full tile."""
_ROWS = tuple((height, (2 * WIDTH - (2 * WIDTH >> height)) * HASH_SIZE) for height in range(HEIGHT))
"""Where each row of a full tile begins, by its height."""
MAX_LEVEL = 63 // HEIGHT
MAX_NUMBER = (1 << 63 - HEIGHT) - 1
"""The last tile of the lowest level in a log of 2^63 entries."""

_NUMBER = re.compile(r"(?:x[0-9]{3}/)*[0-9]{3}")
_WIDTH = re.compile(r"[1-9][0-9]{0,2}")


class Tile(NamedTuple):
    """The number-th tile of a level, counted from 0."""

    level: int
    number: int


TileReader = Callable[[Sequence[Tile]], Sequence[bytes]]
"""Returns each tile asked for as it is stored, in that order."""


def node_reader(read_tiles: TileReader) -> NodeReader:
    """Return a reader of single nodes that fetches every tile it needs once, all in one call."""

    def read(nodes: Sequence[Node]) -> list[bytes]:
        places = [locate(node) for node in nodes]
        wanted = list(dict.fromkeys(tile for tile, _, _ in places))
        stored = dict(zip(wanted, read_tiles(wanted), strict=True))
        return [read_node(stored[tile], height, offset) for tile, height, offset in places]

    return read


def locate(node: Node) -> tuple[Tile, int, int]:
    """Return the tile that holds `node`, the node's height in it (0..7) and its offset among those of that height."""
    level, height = divmod(node.level, HEIGHT)
    shift = HEIGHT - height
    return Tile(level, node.number >> shift), height, node.number & ((1 << shift) - 1)


def read_node(stored: bytes, height: int, offset: int) -> bytes:
    """Return one hash of a stored tile: the offset-th node that is `height` levels above its bottom row.

    Raises `CorruptLogError` for a tile that is too short to hold the node.
    """
    if len(stored) == FULL_SIZE:
        start = (2 * WIDTH - (2 * WIDTH >> height) + offset) * HASH_SIZE
        return stored[start : start + HASH_SIZE]
    start = (offset << height) * HASH_SIZE
    row = stored[start : start + (HASH_SIZE << height)]
    if len(row) != HASH_SIZE << height:
        raise CorruptLogError(f"a stored tile of {len(stored)} bytes has no node {offset} at height {height}")
    return _hash_above(row) if height else row


def read_nodes(stored: bytes, height: int, start: int, stop: int) -> list[bytes]:
    """Return the hashes [start, stop) of those `height` levels above the bottom row of a stored full tile."""
    row = _ROWS[height][1]
    return split_hashes(stored[row + start * HASH_SIZE : row + stop * HASH_SIZE])


def siblings(stored: bytes, number: int, count: int) -> list[bytes]:
    """Return the hashes beside the way up from the number-th hash of a tile's bottom row, `count` (1..8) of them.

    Raises as `read_node` does.
    """
    if len(stored) != FULL_SIZE:
        return [read_node(stored, height, number >> height ^ 1) for height in range(count)]
    return [
        stored[(start := row + (number >> height ^ 1) * HASH_SIZE) : start + HASH_SIZE] for height, row in _ROWS[:count]
    ]


@lru_cache(maxsize=256)
def _hash_above(row: bytes) -> bytes:
    """Return the one hash above a row. Every proof at one size needs the same few of them, of partial tiles."""
    hashes = split_hashes(row)
    while len(hashes) > 1:
        hashes = node_hashes(hashes)
    return hashes[0]


def split_hashes(data: bytes) -> list[bytes]:
    """Cut a row of hashes into its hashes."""
    return [data[start : start + HASH_SIZE] for start in range(0, len(data), HASH_SIZE)]


def tile_width(tile: Tile, size: int) -> int:
    """Return how many hashes (0..256) the tile has in a tree of `size` leaves."""
    return max(0, min(WIDTH, (size >> HEIGHT * tile.level) - tile.number * WIDTH))


def format_number(number: int) -> str:
    """Write a tile's number in groups of three digits: 1234067 is `x001/x234/067` (C2SP tlog-tiles)."""
    groups = [f"{number % 1000:03d}"]
    while number := number // 1000:
        groups.append(f"x{number % 1000:03d}")
    return "/".join(reversed(groups))


def parse_number(path: str) -> tuple[int, int]:
    """Read `<N>` or `<N>.p/<W>`: return the tile's number and its width (256 for a full tile).

    Raises `TilePathError` for anything that `format_number` would not write.
    """
    written, partial, width = path.partition(".p/")
    if len(path) > 64 or not _NUMBER.fullmatch(written):
        raise TilePathError(Fault("", f"{path[:64]!r} names no tile"))
    number = int(written.replace("x", "").replace("/", ""))
    if number > MAX_NUMBER:
        raise TilePathError(Fault("", f"{written!r} is beyond every log"))
    if format_number(number) != written:
        raise TilePathError(Fault("", f"{written!r} is not how tile {number} is written"))
    if not partial:
        return number, WIDTH
    if not _WIDTH.fullmatch(width) or int(width) >= WIDTH:
        raise TilePathError(Fault("", f"a partial tile has 1 to {WIDTH - 1} hashes, not {width[:8]!r}"))
    return number, int(width)
