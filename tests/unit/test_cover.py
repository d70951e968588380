# SPDX-License-Identifier: Apache-2.0
"""Proofs under a checkpoint: none is given out that does not lead there."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from notary.errors import CorruptLogError
from notary.hashing import leaf_hash
from notary.log.cover import Cover, proven
from notary.log.merkle import verify_inclusion
from notary.log.reader import Log
from notary.log.tiles import Tile
from notary.stores.sqlite import SqliteStore
from tests.support.builders import VAULT, history, kit_over, placed


class OtherTiles:
    """A store whose tiles are those of another log of the same size: all there, and of another state."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.changed = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def read_tiles(self, tiles: Sequence[Tile]) -> list[bytes]:
        return [bytes(byte ^ self.changed for byte in data) for data in self._store.read_tiles(tiles)]


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    kit = kit_over(SqliteStore.create(tmp_path / "notary.db", VAULT))
    placed(kit.sequencer.append(history("L-1", 5)))
    return kit.store


def test_what_leads_to_the_checkpoint_is_given_out(store: SqliteStore) -> None:
    head, log = Log(store).head(), Log(store)
    for index, entry in enumerate(store.entries(0, head.size)):
        proof = proven(log, index, entry, Cover(head.size, head.checkpoint))
        verify_inclusion(proof, leaf_hash(entry), head.root)


def test_what_leads_elsewhere_is_not(store: SqliteStore) -> None:
    head, other = Log(store).head(), Log(OtherTiles(store))  # type: ignore[arg-type]
    [entry, another] = store.entries(2, 4)
    cover = Cover(head.size, head.checkpoint)
    with pytest.raises(CorruptLogError, match="entry 2 is not the one that was signed for"):
        proven(other, 2, entry, cover)
    with pytest.raises(CorruptLogError, match="entry 2 is not the one that was signed for"):
        proven(Log(store), 2, another, cover)


def test_what_was_kept_of_another_state_is_read_again(store: SqliteStore) -> None:
    head, other = Log(store).head(), OtherTiles(store)
    log = Log(other)  # type: ignore[arg-type]
    of_another = log.prove_inclusion(2, head.size)
    other.changed = False
    assert log.prove_inclusion(2, head.size) == of_another
    [entry] = store.entries(2, 3)
    proof = proven(log, 2, entry, Cover(head.size, head.checkpoint))
    verify_inclusion(proof, leaf_hash(entry), head.root)
    assert log.prove_inclusion(2, head.size) == proof
