# SPDX-License-Identifier: Apache-2.0
"""`/explorer`: the public log for people: its checkpoint, how it grew, where it is anchored, how long records waited.

All of it is public in the log or on a chain, but for the waits: these are told only as how many anchors took how long.
Nothing here is about any loan.
"""

from collections.abc import Sequence
from itertools import pairwise

from flask import Blueprint, Response

from api.pages.charts import bar_chart, growth_chart
from api.pages.page import page
from api.wiring import Services
from notary.errors import NotFoundError
from notary.log.anchors import Anchor
from notary.log.tiles import MAX_LEVEL, WIDTH, Tile, format_number, tile_width

MOST = 200
"""Anchors that the charts are made of; the table shows the newest of them."""
_SHOWN = 20
_WAITS = (10, 60, 300, 900, 3600)
"""Seconds up to which waits are counted together; the last bar counts what is longer."""


def blueprint(services: Services) -> Blueprint:
    """Return the view."""
    views = Blueprint("explorer", __name__)

    @views.get("/explorer")
    def explorer() -> Response:
        head, anchors = services.log.head(), newest_anchors(services, MOST)
        waits = waits_for(services, anchors)
        return page(
            "explorer.html",
            head=head,
            log_key=services.log_key,
            anchors=list(reversed(anchors))[:_SHOWN],
            anchored=anchors[-1] if anchors else None,
            growth=growth_chart([(anchor.block_time or 0, anchor.size) for anchor in anchors]),
            waits=bar_chart(counted(waits)) if waits else None,
            tiles=list(tile_paths(head.size)),
        )

    return views


def newest_anchors(services: Services, most: int) -> list[Anchor]:
    """Return the newest anchors that are in a block, by rising size: at most so many, and half of them at least where
    they come regularly.

    The store reads anchors from a size on, so the stretch that is read is widened until it would hold too many.
    """
    newest = services.store.newest_anchor()
    if newest is None:
        return []
    found, stretch = [newest], 1
    while stretch < newest.size:
        stretch *= 2
        wider = services.store.anchors_after(max(0, newest.size - stretch), most + 1)
        if len(wider) > most:
            break
        found = wider
    return found


def waits_for(services: Services, anchors: Sequence[Anchor]) -> list[int]:
    """Return how many seconds the record that waited longest waited for each anchor, but for the first of them."""
    waits = []
    for before, anchor in pairwise(anchors):
        if anchor.size > before.size:
            try:
                received = services.store.record_at(before.size).received_at
            except NotFoundError:
                continue  # The genesis entry is no record's.
            waits.append(max(0, (anchor.block_time or 0) - received // 1000))
    return waits


def counted(waits: Sequence[int]) -> list[tuple[str, int]]:
    """Return how many waits there are of each length: `(label, count)`."""
    names = ("≤ 10 s", "≤ 1 min", "≤ 5 min", "≤ 15 min", "≤ 1 h", "> 1 h")
    counts = [0] * len(names)
    for wait in waits:
        counts[next((place for place, end in enumerate(_WAITS) if wait <= end), len(_WAITS))] += 1
    return list(zip(names, counts, strict=True))


def tile_paths(size: int) -> list[str]:
    """Return the paths of the newest tile of each level, and of the newest bundle of entries, under `/log/`."""
    paths = []
    for level in range(MAX_LEVEL + 1):
        count = size >> (8 * level)
        if not count:
            break
        index = (count - 1) // WIDTH
        paths.append(f"tile/{level}/{_numbered(index, tile_width(Tile(level, index), size))}")
    index = (size - 1) // WIDTH
    return [*paths, f"tile/entries/{_numbered(index, tile_width(Tile(0, index), size))}"]


def _numbered(index: int, width: int) -> str:
    return format_number(index) + ("" if width == WIDTH else f".p/{width}")
