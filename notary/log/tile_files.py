# SPDX-License-Identifier: Apache-2.0
"""A log as the files of C2SP tlog-tiles, made from its entries alone, a stretch of 65,536 at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from notary.audit.sources import LogSource, bundle_path, format_bundle, tile_path, tile_reader
from notary.errors import CorruptLogError
from notary.hashing import HASH_SIZE, leaf_hashes
from notary.log.checkpoint import Checkpoint
from notary.log.right_edge import RightEdge
from notary.log.tiles import HEIGHT, WIDTH, Tile, tile_width

STRETCH = WIDTH * WIDTH
"""Entries under one full tile of level 1: some ten megabytes."""


class LogFile(NamedTuple):
    """A file of the log, as it is published."""

    path: str
    data: bytes


@dataclass(frozen=True)
class Stretch:
    """The files that a log of `size` entries has beyond those of an earlier size, and its `root`.

    `upper` are those of tiles above level 0, the lowest level first. Partial ones are there where the stretch is the
    last.
    """

    size: int
    root: bytes
    files: list[LogFile]
    upper: list[LogFile]

    @property
    def is_full(self) -> bool:
        """Whether it ends with a full tile of level 1, the first of `upper`."""
        return self.size % STRETCH == 0


def stretches(source: LogSource, start: int, newest: Checkpoint, stop: int | None = None) -> Iterator[Stretch]:
    """Yield the files of a log beyond its first `start` entries, up to `stop`, or else its newest checkpoint's size.

    Nothing is compared with the checkpoint here. Raises `CorruptLogError` for a log that lacks entries.
    """
    stop = newest.size if stop is None else stop
    edge = RightEdge.load(start, tile_reader(source, newest.size))
    done = start
    while done < stop:
        end = min(stop, (done // STRETCH + 1) * STRETCH)
        # Partial tiles are only in the last stretch, and some of them have not changed since an earlier one.
        yield _stretch(source, edge, done, end, start if end == stop else None)
        done = end


def _stretch(source: LogSource, edge: RightEdge, start: int, end: int, partial_since: int | None) -> Stretch:
    files: list[LogFile] = []
    upper: list[LogFile] = []
    for number in range(start // WIDTH, -(-end // WIDTH)):
        width = min(WIDTH, end - number * WIDTH)
        entries = [entry for entry in source.bundle(number, width) if entry is not None]
        if len(entries) != width:
            raise CorruptLogError(f"bundle {number} has {len(entries)} entries, not {width}")
        edge.extend(leaf_hashes(entries[max(0, start - number * WIDTH) :]))
        if width == WIDTH or partial_since is not None:
            files.append(LogFile(bundle_path(number, width), format_bundle(entries)))
    for tile, stored in sorted(edge.take_changed_tiles(start if partial_since is None else partial_since).items()):
        width = tile_width(tile, end)
        if width == WIDTH or partial_since is not None:
            found = LogFile(tile_path(tile, width), stored[: width * HASH_SIZE])
            (upper if tile.level else files).append(found)
    return Stretch(end, edge.root(), files, upper)


def partial_folders(old: int, new: int) -> Iterator[str]:
    """Yield the folders of the partial tiles and bundle at the end of `old` entries that are full with `new`."""
    level = 0
    while old >> HEIGHT * level:
        tile = Tile(level, old >> HEIGHT * (level + 1))
        if 0 < tile_width(tile, old) < WIDTH == tile_width(tile, new):
            if level == 0:
                yield bundle_path(tile.number, WIDTH) + ".p"
            yield tile_path(tile, WIDTH) + ".p"
        level += 1
