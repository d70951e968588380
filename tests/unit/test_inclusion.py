# SPDX-License-Identifier: Apache-2.0
"""Building many inclusion proofs: what is read again and what is not, as a log grows."""

from collections.abc import Sequence

import pytest

from notary.errors import InclusionProofError, NotFoundError
from notary.log.inclusion import InclusionProver, KnownTiles
from notary.log.merkle import prove_inclusion
from notary.log.right_edge import RightEdge
from notary.log.tiles import FULL_SIZE, Tile
from tests.support.trees import MemoryTree, leaf_hashes

LEAVES = leaf_hashes(131_400)
TREE = MemoryTree(LEAVES)


class Growing:
    """The stored tiles of a log that grows, and what was read of them."""

    def __init__(self) -> None:
        self._edge = RightEdge(0, [])
        self.stored: dict[Tile, bytes] = {}
        self.questions: list[list[Tile]] = []

    def grow(self, size: int) -> None:
        """Add leaves up to a size."""
        old = self._edge.size
        self._edge.extend(LEAVES[old:size])
        self.stored |= self._edge.take_changed_tiles(old)

    def read(self, tiles: Sequence[Tile]) -> list[bytes]:
        """Return tiles as a store does."""
        self.questions.append(list(tiles))
        for tile in tiles:
            if tile not in self.stored:
                raise NotFoundError(f"there is no tile {tile.level}/{tile.number}")
        return [self.stored[tile] for tile in tiles]

    def asked(self) -> list[list[Tile]]:
        """Return what was read since this was called last."""
        questions, self.questions = self.questions, []
        return questions


@pytest.fixture
def log() -> Growing:
    return Growing()


def test_a_second_proof_reads_its_own_tile_only(log: Growing) -> None:
    log.grow(66_000)
    prover = InclusionProver(log.read)
    assert prover.prove(0, 66_000) == prove_inclusion(0, 66_000, TREE.read)
    # The whole edge, then the way up from the leaf, without what the edge had in common with it.
    assert log.asked() == [[Tile(0, 257), Tile(1, 1), Tile(2, 0)], [Tile(1, 0)], [Tile(0, 0)]]
    for index in (1, 300, 65_535):
        assert prover.prove(index, 66_000) == prove_inclusion(index, 66_000, TREE.read)
    assert log.asked() == [[Tile(0, 0)], [Tile(0, 1)], [Tile(0, 255)]]
    # The tile at the end is not full yet, and is kept.
    assert prover.prove(65_999, 66_000) == prove_inclusion(65_999, 66_000, TREE.read)
    assert log.asked() == []


def test_a_tile_that_has_grown_is_read_again(log: Growing) -> None:
    log.grow(100)
    prover = InclusionProver(log.read)
    for size in (100, 150, 256, 300):
        log.grow(size)
        for index in (0, size - 1):
            assert prover.prove(index, size) == prove_inclusion(index, size, TREE.read)
    first, second, above = Tile(0, 0), Tile(0, 1), Tile(1, 0)
    # At 256 entries the tree's root is all there is beyond the tile; a full one is read for each proof.
    assert log.asked() == [[first], [first], [above], [first], [first], [second], [first]]
    # What was read at a size is enough for all that are smaller.
    for size in (280, 300, 257):
        assert prover.prove(size - 1, size) == prove_inclusion(size - 1, size, TREE.read)
    assert log.asked() == []


def test_full_tiles_of_the_lowest_level_are_not_kept(log: Growing) -> None:
    log.grow(600)
    tiles = KnownTiles(log.read)
    for _ in range(2):
        assert tiles.read([Tile(0, 0), Tile(0, 2), Tile(1, 0)], 600) == [
            log.stored[tile] for tile in (Tile(0, 0), Tile(0, 2), Tile(1, 0))
        ]
    assert len(log.stored[Tile(0, 0)]) == FULL_SIZE
    assert log.asked() == [[Tile(0, 0), Tile(0, 2), Tile(1, 0)], [Tile(0, 0)]]


def test_no_more_tiles_are_kept_than_there_may_be(log: Growing) -> None:
    log.grow(66_000)
    tiles = KnownTiles(log.read, most=2)
    for tile in (Tile(1, 0), Tile(1, 1), Tile(2, 0), Tile(2, 0), Tile(1, 0)):
        tiles.read([tile], 66_000)
    assert log.asked() == [[Tile(1, 0)], [Tile(1, 1)], [Tile(2, 0)], [Tile(1, 0)]]


def test_no_more_sizes_are_kept_than_there_may_be(log: Growing) -> None:
    log.grow(600)
    prover = InclusionProver(log.read, most_tiles=1, most_sizes=2)
    for size in (590, 580, 590, 570, 590):
        prover.prove(0, size)
    # The tile at the end is read for each size that is not known: the second 590 is, and 570 is one too many.
    assert sum(Tile(0, 2) in tiles for tiles in log.asked()) == 4


def test_ways_through_three_levels_are_each_their_own(log: Growing) -> None:
    size = 2 * 65_536 + 300
    log.grow(size)
    prover = InclusionProver(log.read)
    for index in (0, 65_535, 65_536, 131_071, 131_072, 131_327, 131_328, size - 1, 1):
        assert prover.prove(index, size) == prove_inclusion(index, size, TREE.read)


def test_no_more_ways_are_kept_than_there_may_be(log: Growing) -> None:
    log.grow(66_000)
    prover = InclusionProver(log.read, most_tiles=1)
    for index in (0, 1, 65_792):
        assert prover.prove(index, 66_000) == prove_inclusion(index, 66_000, TREE.read)
    log.asked()
    prover.prove(2, 66_000)
    # Forgotten for the way of the last one, and read again.
    assert [Tile(1, 0)] in log.asked()
    prover.prove(3, 66_000)
    assert log.asked() == [[Tile(0, 0)]]


@pytest.mark.parametrize(("index", "size"), [(0, 0), (600, 600), (-1, 600)])
def test_there_is_no_proof_outside_the_tree(log: Growing, index: int, size: int) -> None:
    log.grow(600)
    with pytest.raises(InclusionProofError, match=f"a tree of {size} leaves has no leaf {index}"):
        InclusionProver(log.read).prove(index, size)


def test_a_size_that_the_log_does_not_have_yet_is_not_remembered(log: Growing) -> None:
    log.grow(200)
    prover = InclusionProver(log.read)
    with pytest.raises(NotFoundError):
        prover.prove(0, 300)
    log.grow(300)
    assert prover.prove(0, 300) == prove_inclusion(0, 300, TREE.read)
