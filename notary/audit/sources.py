# SPDX-License-Identifier: Apache-2.0
"""What an audit reads: a log as entries and tiles, from a database, a copy on disk or a URL; and a database's records.

A copy on disk and a URL look alike: files at the paths of C2SP tlog-tiles. Each of many processes opens the source for
itself, so a source that is shared between them is named by an `Opener`.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from notary.errors import CorruptLogError, NotFoundError, UnavailableError
from notary.hashing import HASH_SIZE
from notary.log.anchors import LogHead
from notary.log.key_history import MAX_HISTORY, parse_history, related_keys
from notary.log.signed_note import NoteVerifier
from notary.log.tiles import WIDTH, Tile, TileReader, format_number
from notary.ports.audit import AuditStore
from notary.ports.log import LogStore

MAX_CHECKPOINT = 100_000
KEYS = "keys"
"""Where the log's key history stands (`notary.log.key_history`), beside the checkpoint."""
MAX_BUNDLE = WIDTH * (2 + 0xFFFF)
MAX_TILE = WIDTH * HASH_SIZE


class LogSource(Protocol):
    """A log to audit. Every method raises `UnavailableError` if the source cannot be read now."""

    def checkpoint(self) -> str:
        """Return the newest checkpoint, a signed note. Raises `NotFoundError` for a log that was not begun."""

    def bundle(self, number: int, width: int) -> Sequence[bytes | None]:
        """Return the entries [256 * number, 256 * number + width): None for one that is known to be missing.

        A source that cannot tell which one is missing returns fewer. Raises `NotFoundError` if there are none, and
        `CorruptLogError` for bytes that are no bundle.
        """

    def tile(self, tile: Tile, width: int) -> bytes:
        """Return the first `width` hashes of a tile, and whatever else is kept of it. Raises `NotFoundError`."""


Fetch = Callable[[str, int], bytes]
"""Returns what stands at a path of C2SP tlog-tiles, such as `tile/0/x001/067`; the number is its largest size in bytes.

Raises `NotFoundError`, and `UnavailableError` if nobody can say now whether it is there.
"""


class TiledSource:
    """A log as C2SP tlog-tiles lays it out, read by `fetch`."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch

    def checkpoint(self) -> str:
        try:
            return self._fetch("checkpoint", MAX_CHECKPOINT).decode()
        except UnicodeDecodeError as error:
            raise CorruptLogError("the checkpoint is not UTF-8") from error

    def bundle(self, number: int, width: int) -> Sequence[bytes | None]:
        data, partial = self._fetch_either(bundle_path(number, width), bundle_path(number, WIDTH), MAX_BUNDLE)
        entries = parse_bundle(data)
        return entries if partial else entries[:width]

    def tile(self, tile: Tile, width: int) -> bytes:
        data, _ = self._fetch_either(tile_path(tile, width), tile_path(tile, WIDTH), MAX_TILE)
        return data

    def _fetch_either(self, path: str, full: str, limit: int) -> tuple[bytes, bool]:
        """Fetch a tile, or the full one where the partial one has gone since; say whether it is the one asked for."""
        try:
            return self._fetch(path, limit), True
        except NotFoundError:
            if path == full:
                raise
        return self._fetch(full, limit), False


def served_keys(fetch: Fetch, log_key: NoteVerifier) -> tuple[NoteVerifier, ...]:
    """Return the keys that the key history beside a log's tiles ties to one of its keys; none if there is no history.

    Raises `InvalidInputError` for a history that proves nothing of `log_key`, `UnavailableError`, `CorruptLogError`.
    """
    history = served_history(fetch)
    return related_keys(log_key, parse_history(history)) if history else ()


def served_history(fetch: Fetch) -> bytes | None:
    """Return the key history beside a log's tiles as it is there; None if there is none. Raises what `fetch` does."""
    try:
        return fetch(KEYS, MAX_HISTORY)
    except NotFoundError:
        return None


def folder_fetch(folder: Path) -> Fetch:
    """Return a reader of the files of a copy on disk."""

    def fetch(path: str, limit: int) -> bytes:
        try:
            with (folder / path).open("rb") as file:
                data = file.read(limit + 1)
        except (FileNotFoundError, NotADirectoryError):
            raise NotFoundError(f"there is no {path} in {folder}") from None
        except OSError as error:
            raise UnavailableError(f"{folder / path} cannot be read: {error}") from error
        if len(data) > limit:
            raise CorruptLogError(f"{path} has more than {limit} bytes")
        return data

    return fetch


class StoreSource:
    """The log in a store."""

    def __init__(self, store: AuditStore) -> None:
        self._store = store

    def checkpoint(self) -> str:
        return stored_head(self._store).checkpoint

    def bundle(self, number: int, width: int) -> Sequence[bytes | None]:
        first = number * WIDTH
        found = list(self._store.numbered_entries(first, first + width))
        if len(found) == width:
            return [entry for _, entry in found]
        by_index = dict(found)
        return [by_index.get(index) for index in range(first, first + width)]

    def tile(self, tile: Tile, width: int) -> bytes:  # noqa: ARG002 - kept with its inner nodes or none
        [stored] = self._store.read_tiles([tile])
        return stored


def stored_head(store: LogStore) -> LogHead:
    """Return a store's head. Raises `NotFoundError` before the log was begun."""
    head = store.head()
    if head is None:
        raise NotFoundError("the log has not been begun")
    return head


def tile_reader(source: LogSource, size: int) -> TileReader:
    """Return a reader of tiles, as far as a tree of `size` entries has them, for proofs out of `source`."""

    def read(tiles: Sequence[Tile]) -> list[bytes]:
        return [source.tile(tile, min(WIDTH, (size >> 8 * tile.level) - tile.number * WIDTH)) for tile in tiles]

    return read


def bundle_path(number: int, width: int) -> str:
    """Return where a bundle of entries stands (C2SP tlog-tiles)."""
    return f"tile/entries/{format_number(number)}{_partial(width)}"


def tile_path(tile: Tile, width: int) -> str:
    """Return where a tile stands (C2SP tlog-tiles)."""
    return f"tile/{tile.level}/{format_number(tile.number)}{_partial(width)}"


def format_bundle(entries: Sequence[bytes]) -> bytes:
    """Write a bundle: `uint16(length) || entry`, repeated."""
    return b"".join(len(entry).to_bytes(2) + entry for entry in entries)


def parse_bundle(data: bytes) -> list[bytes]:
    """Read what `format_bundle` writes. Raises `CorruptLogError` if the last entry is cut off."""
    entries, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2])
        if end > len(data) or at + 2 > len(data):
            raise CorruptLogError("the last entry of the bundle is cut off")
        entries.append(data[at + 2 : end])
        at = end
    return entries


def _partial(width: int) -> str:
    return f".p/{width}" if width < WIDTH else ""
