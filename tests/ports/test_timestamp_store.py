# SPDX-License-Identifier: Apache-2.0
"""The contract of the `TimestampStore` port, held against every store."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from notary.log.anchors import Anchor, AnchorState
from notary.log.timestamps import Timestamp
from notary.ports.store import Store
from tests.ports.test_store import head
from tests.support.builders import anchor_of
from tests.support.stores import Opener


@pytest.fixture
def store(database: Opener) -> Iterator[Store]:
    store = database.store()
    yield store
    store.close()


def stamp(size: int, authority: str = "a", time: int = 0, token: bytes = b"token") -> Timestamp:
    return Timestamp(size, authority, time or size * 1000, head(size).checkpoint, token)


def anchored(store: Store, *sizes: int, **changes: object) -> list[Anchor]:
    anchors = [replace(anchor_of(head(size)), **changes) for size in sizes]  # type: ignore[arg-type]
    for anchor in anchors:
        store.save_anchor(anchor)
    return anchors


def test_a_new_store_has_none(store: Store) -> None:
    assert store.timestamps(3) == []
    assert store.timestamp_over(0) is None
    assert store.newest_timestamps() == []
    assert store.last_stamped_anchor("a") is None
    assert store.anchors_after(0, 10) == []


def test_timestamps_come_earliest_first(store: Store) -> None:
    for item in (stamp(3, "b", 20), stamp(3, "a", 30), stamp(3, "c", 10), stamp(4)):
        store.save_timestamp(item)
    assert store.timestamps(3) == [stamp(3, "c", 10), stamp(3, "b", 20), stamp(3, "a", 30)]
    assert store.timestamps(2) == []


def test_the_first_of_a_size_and_authority_stays(store: Store) -> None:
    for item in (stamp(3, time=10, token=b"first"), stamp(3, time=5, token=b"second")):
        store.save_timestamp(item)
    assert store.timestamps(3) == [stamp(3, time=10, token=b"first")]


def test_they_are_there_after_opening_again(store: Store) -> None:
    store.save_timestamp(stamp(3))
    store.close()
    assert store.timestamps(3) == [stamp(3)]


@pytest.mark.parametrize(("index", "size"), [(0, 3), (2, 3), (3, 7), (6, 7), (7, None)])
def test_the_smallest_stamped_size_over_an_entry(store: Store, index: int, size: int | None) -> None:
    for item in (stamp(7), stamp(3), stamp(7, "b")):
        store.save_timestamp(item)
    found = store.timestamp_over(index)
    assert (found and found.size) == size


def test_the_newest_of_each_authority(store: Store) -> None:
    for item in (stamp(3, "b"), stamp(7, "a"), stamp(5, "a"), stamp(4, "b", 1)):
        store.save_timestamp(item)
    assert store.newest_timestamps() == [stamp(7, "a"), stamp(4, "b", 1)]


def test_the_last_stamped_anchor_is_one_that_is_in_a_block(store: Store) -> None:
    anchored(store, 3, 5)
    anchored(store, 8, state=AnchorState.PENDING)
    for item in (stamp(3), stamp(5, "b"), stamp(8), stamp(9)):
        store.save_timestamp(item)
    assert store.last_stamped_anchor("a") == 3
    assert store.last_stamped_anchor("b") == 5
    assert store.last_stamped_anchor("c") is None
    anchored(store, 8, state=AnchorState.MINED)
    assert store.last_stamped_anchor("a") == 8


def test_anchors_after_a_size_come_in_pages(store: Store) -> None:
    sizes = [3, 5, 8, 13]
    found = anchored(store, *sizes)
    anchored(store, 6, state=AnchorState.SENT)
    anchored(store, 7, state=AnchorState.REORGED)
    assert store.anchors_after(0, 100) == found
    assert store.anchors_after(3, 2) == found[1:3]
    assert store.anchors_after(13, 2) == []
    assert [anchor.size for anchor in store.anchors_after(4, 1)] == [5]


def test_anchors_of_one_size_are_not_torn_apart(store: Store) -> None:
    anchored(store, 3, 5, 8)
    anchored(store, 5, chain_id=1)
    assert [(anchor.size, anchor.chain_id) for anchor in store.anchors_after(3, 1)] == [(5, 1), (5, 31337)]
    assert [anchor.size for anchor in store.anchors_after(0, 2)] == [3, 5, 5]
