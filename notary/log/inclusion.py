# SPDX-License-Identifier: Apache-2.0
"""Inclusion proofs for those who build many, with what does not change kept in memory.

Tiles: what stands in one never changes, it only gets more until it is full. So a copy is right for as long as it lasts,
and one that is too short is read again. Full tiles of the lowest level are not kept: there are too many, and each
serves few proofs.

What ends a proof: beyond the complete subtree that the leaf is in it is the same for all leaves of that, at one size of
the log; and beyond a tile of the second level for all leaves below that tile.
"""

from collections.abc import Sequence

from notary.errors import InclusionProofError
from notary.hashing import HASH_SIZE
from notary.log.merkle import InclusionProof, complete_subtrees, paths_beyond
from notary.log.tiles import (
    FULL_SIZE,
    HEIGHT,
    WIDTH,
    Tile,
    TileReader,
    node_reader,
    siblings,
    tile_width,
)

MOST_TILES = 512
"""Tiles that are kept at a time, 8 MiB at most: enough for the higher levels of 33 million entries."""
MOST_SIZES = 256
"""Sizes of the log whose second halves of proofs are kept at a time, some kilobytes each."""

_Upper = tuple[bytes, int, tuple[bytes, ...]]
"""A tile of the second level, how many hashes a proof takes from it, and those that come after."""


class KnownTiles:
    """Reads tiles, and keeps those that many proofs need; for any number of threads."""

    def __init__(self, read_tiles: TileReader, most: int = MOST_TILES) -> None:
        self._read_tiles = read_tiles
        self._most = most
        self._known: dict[Tile, bytes] = {}

    def read(self, tiles: Sequence[Tile], size: int) -> list[bytes]:
        """Return each tile with all hashes that it has in a log of `size`, or more, as it is stored.

        What is not known is read in one go.
        """
        found = [self._known.get(tile, b"") for tile in tiles]
        short = [place for place, tile in enumerate(tiles) if len(found[place]) < tile_width(tile, size) * HASH_SIZE]
        if short:
            for place, stored in zip(short, self._read_tiles([tiles[place] for place in short]), strict=True):
                found[place] = stored
                self._keep(tiles[place], stored)
        return found

    def _keep(self, tile: Tile, stored: bytes) -> None:
        if tile.level or len(stored) < FULL_SIZE:
            if len(self._known) >= self._most:
                self._known.clear()
            self._known[tile] = stored


class InclusionProver:
    """Proves any entry at any size of the log that `read_tiles` reads; for any number of threads."""

    def __init__(self, read_tiles: TileReader, most_tiles: int = MOST_TILES, most_sizes: int = MOST_SIZES) -> None:
        self._tiles = KnownTiles(read_tiles, most_tiles)
        self._most_tiles, self._most_sizes = most_tiles, most_sizes
        self._beyond: dict[int, dict[int, tuple[bytes, ...]]] = {}
        self._upper: dict[tuple[int, int, int], _Upper] = {}

    def prove(self, index: int, size: int) -> InclusionProof:
        """Build PATH(index, D[size]) of RFC 9162 2.1.3.1, as `notary.log.merkle.prove_inclusion` does.

        Raises `InclusionProofError` for an index outside the tree, and what `read_tiles` raises.
        """
        if not 0 <= index < size:
            raise InclusionProofError(f"a tree of {size} leaves has no leaf {index}")
        # The leaf's subtree begins where the numbers part: there the size has a one and the index has none.
        height = (index ^ size).bit_length() - 1
        name = size, height, index >> 2 * HEIGHT
        stored, count, rest = self._upper.get(name) or self._upper_at(name, index)
        low: list[bytes] = []
        if height:
            [tile] = self._tiles.read([Tile(0, index >> HEIGHT)], size)
            low = siblings(tile, index & WIDTH - 1, min(HEIGHT, height))
        return InclusionProof(index, size, (*low, *siblings(stored, index >> HEIGHT & WIDTH - 1, count), *rest))

    def _upper_at(self, name: tuple[int, int, int], index: int) -> _Upper:
        size, height, _ = name
        beyond = self._beyond.get(size) or self._beyond_at(size)
        tiles = [Tile(level, index >> HEIGHT * (level + 1)) for level in range(1, -(-height // HEIGHT))]
        first, *others = self._tiles.read(tiles, size) or [b""]
        rest: list[bytes] = []
        for tile, stored in zip(tiles[1:], others, strict=True):
            low = HEIGHT * tile.level
            rest += siblings(stored, index >> low & WIDTH - 1, min(HEIGHT, height - low))
        if len(self._upper) >= self._most_tiles:
            self._upper.clear()
        self._upper[name] = upper = first, max(0, min(HEIGHT, height - HEIGHT)), (*rest, *beyond[height])
        return upper

    def _beyond_at(self, size: int) -> dict[int, tuple[bytes, ...]]:
        nodes = complete_subtrees(0, size)[::-1]
        hashes = node_reader(lambda tiles: self._tiles.read(tiles, size))(nodes)
        if len(self._beyond) >= self._most_sizes:
            self._beyond.clear()
        beyond = paths_beyond([(node.level, value) for node, value in zip(nodes, hashes, strict=True)])
        self._beyond[size] = beyond
        return beyond
