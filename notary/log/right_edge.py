# SPDX-License-Identifier: Apache-2.0
"""The right edge of the tree: the partial tile of every level, held in memory by the one writer.

Appending leaves touches nothing else, and the root and all proofs for fresh entries can be read from it.
"""

from collections.abc import Iterator, Sequence

from notary.errors import CorruptLogError, NotFoundError
from notary.hashing import EMPTY_ROOT, HASH_SIZE, node_hashes
from notary.log.merkle import fold, paths_beyond
from notary.log.tiles import HEIGHT, WIDTH, Tile, TileReader, read_nodes, split_hashes, tile_width


class RightEdge:
    """Grows a tree on the right and collects the tiles that change.

    Not safe for use from two threads. After a failed commit it must be loaded again.
    """

    def __init__(self, size: int, rows: list[list[list[bytes]]]) -> None:
        self.size = size
        # _rows[level][height] is one row of the partial tile of that level: bottom row first.
        self._rows = rows
        self._full: dict[Tile, bytes] = {}

    @classmethod
    def load(cls, size: int, read_tiles: TileReader) -> "RightEdge":
        """Rebuild the edge of a tree of `size` leaves from its stored partial tiles.

        Raises `CorruptLogError` when a tile is missing, or shorter than the tree's size says.
        """
        levels = range((size.bit_length() + HEIGHT - 1) // HEIGHT)
        tiles = [Tile(level, size >> HEIGHT * (level + 1)) for level in levels]
        partial = [tile for tile in tiles if tile_width(tile, size)]
        try:
            stored = dict(zip(partial, read_tiles(partial), strict=True))
        except NotFoundError as error:
            raise CorruptLogError(f"the log has {size} entries, but {error}") from error
        edge = cls(0, [])
        for tile in tiles:
            width = tile_width(tile, size)
            row = stored.get(tile, b"")[: width * HASH_SIZE]
            if len(row) != width * HASH_SIZE:
                raise CorruptLogError(
                    f"tile {tile.level}/{tile.number} has {len(row)} bytes, fewer than {width} hashes"
                )
            _grow(edge._level(tile.level), split_hashes(row))
        edge.size = size
        return edge

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Add leaf hashes on the right, in their order."""
        values, level = leaves, 0
        while values:
            values = self._extend_level(level, values)
            level += 1
        self.size += len(leaves)

    def _extend_level(self, level: int, values: Sequence[bytes]) -> list[bytes]:
        """Add hashes to the bottom row of a level; return the roots of the tiles that they filled."""
        roots: list[bytes] = []
        first, start = self.size >> HEIGHT * (level + 1), 0
        while start < len(values):
            rows = self._level(level)
            end = start + WIDTH - len(rows[0])
            _grow(rows, values[start:end])
            if len(rows[0]) == WIDTH:
                self._full[Tile(level, first + len(roots))] = b"".join(b"".join(row) for row in rows)
                roots += node_hashes(rows[-1])
                self._rows[level] = [[] for _ in range(HEIGHT)]
            start = end
        return roots

    def follow(self, size: int, read_tiles: TileReader) -> None:
        """Append the leaves that others have stored, until there are `size`; whether they are the right ones, the root
        must tell.

        Raises `NotFoundError` and `CorruptLogError` when a tile is missing or short; the edge is of no use then.
        """
        tiles = [Tile(0, number) for number in range(self.size >> HEIGHT, -(-size >> HEIGHT))]
        for tile, stored in zip(tiles, read_tiles(tiles), strict=True):
            start, stop = self.size - tile.number * WIDTH, tile_width(tile, size)
            row = stored[start * HASH_SIZE : stop * HASH_SIZE]
            if len(row) != (stop - start) * HASH_SIZE:
                raise CorruptLogError(f"tile {tile.level}/{tile.number} has fewer than {stop} hashes")
            self.extend(split_hashes(row))
        self._full.clear()

    def root(self) -> bytes:
        """Return the root hash of the tree."""
        frontier = [row[-1] for rows in reversed(self._rows) for row in reversed(rows) if len(row) & 1]
        return fold(frontier) if frontier else EMPTY_ROOT

    def take_changed_tiles(self, old_size: int) -> dict[Tile, bytes]:
        """Return the tiles that changed since `old_size` leaves, as they are stored, and forget the full ones."""
        changed, self._full = self._full, {}
        for level, rows in enumerate(self._rows):
            if rows[0] and old_size >> HEIGHT * level != self.size >> HEIGHT * level:
                changed[Tile(level, self.size >> HEIGHT * (level + 1))] = b"".join(rows[0])
        return changed

    def proofs(self, first: int, full: dict[Tile, bytes]) -> list[tuple[bytes, ...]]:
        """Prove the leaves from `first` on: of each, PATH(index, D[size]) of RFC 9162 2.1.3.1.

        Nodes of partial tiles are read from memory, others from `full`; raises `KeyError` for tiles in neither.
        """
        subtrees = [
            (HEIGHT * level + height, row[-1])
            for level, rows in enumerate(self._rows)
            for height, row in enumerate(rows)
            if len(row) & 1
        ]
        beyond = paths_beyond(subtrees)
        found: list[tuple[bytes, ...]] = []
        while first < self.size:
            # The leaf's subtree begins where the numbers part: there the size has a one and the index has none.
            height = (first ^ self.size).bit_length() - 1
            stop = (first >> height) + 1 << height
            met = (first ^ stop - 1).bit_length()
            shared = (*self._siblings(first, met, height, full), *beyond[height])
            found += self._spread(shared, first, stop, met, full)
            first = stop
        return found

    def _spread(
        self, shared: tuple[bytes, ...], first: int, stop: int, met: int, full: dict[Tile, bytes]
    ) -> list[tuple[bytes, ...]]:
        """Return the ways up of the leaves [first, stop), all in one subtree of 2^met leaves; `shared` is its own.

        Neighbours' ways are alike from where they meet on, so each node's is made from that of the node above it.
        """
        ways = [shared]
        for height in range(met - 1, -1, -1):
            row = self._row(height, first >> height & ~1, stop >> height, full)
            pairs = zip(ways, row[::2], row[1::2], strict=True)
            ways = [way for up, left, right in pairs for way in ((right, *up), (left, *up))][first >> height & 1 :]
        return ways

    def _siblings(self, index: int, low: int, high: int, full: dict[Tile, bytes]) -> Iterator[bytes]:
        """Yield the hashes beside the way of a leaf, from the heights `low` to `high` of the tree."""
        for height in range(low, high):
            beside = index >> height ^ 1
            yield from self._row(height, beside, beside + 1, full)

    def _row(self, height: int, start: int, stop: int, full: dict[Tile, bytes]) -> list[bytes]:
        """Return the nodes [start, stop) of a height of the tree."""
        level, step = divmod(height, HEIGHT)
        width, partial = WIDTH >> step, self.size >> HEIGHT * (level + 1)
        row: list[bytes] = []
        for number in range(start // width, -(-stop // width)):
            left, right = max(start - number * width, 0), min(stop - number * width, width)
            if number == partial:
                row += self._rows[level][step][left:right]
            else:
                row += read_nodes(full[Tile(level, number)], step, left, right)
        return row

    def _level(self, level: int) -> list[list[bytes]]:
        if level == len(self._rows):
            self._rows.append([[] for _ in range(HEIGHT)])
        return self._rows[level]


def _grow(rows: list[list[bytes]], values: Sequence[bytes]) -> None:
    """Add hashes to a tile's bottom row, and to each row above what they complete there."""
    for row in rows:
        if not values:
            return
        lonely = len(row) & 1
        row += values
        values = node_hashes(row[len(row) - len(values) - lonely :])
