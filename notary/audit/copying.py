# SPDX-License-Identifier: Apache-2.0
"""A copy of a log on disk, as C2SP tlog-tiles lays a log out in files; from any source to a folder.

Each file is written whole or not at all, the checkpoint last: a copy that was cut short goes on (after a loss of
power it is better begun anew), and one whose checkpoint stands is complete. What was copied is compared with nothing
here; `audit --copy` does that.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from notary.audit.sources import KEYS, MAX_CHECKPOINT, LogSource, bundle_path, folder_fetch, format_bundle, tile_path
from notary.errors import CorruptLogError, NotFoundError, RefusedError
from notary.hashing import HASH_SIZE
from notary.log.checkpoint import open_checkpoint
from notary.log.signed_note import NoteVerifier
from notary.log.tiles import HEIGHT, WIDTH, Tile, tile_width


@dataclass(frozen=True)
class Copied:
    """How many entries a copy has, and how many files were written now."""

    size: int
    files: int


def copy_log(
    source: LogSource,
    signer_of: Callable[[str], NoteVerifier],
    history: Callable[[], bytes | None],
    folder: Path,
    begin: Callable[[int], Callable[[int], None]],
) -> Copied:
    """Bring a copy up to the source's newest checkpoint; `begin` as for an audit.

    `signer_of` returns the key of the log that signed a checkpoint, and raises `InvalidInputError` if none has;
    `history` the log's key history, None where there is none, which comes along. Raises `InvalidInputError` too,
    `RefusedError` for a folder that holds a copy of another log or of a larger one, `CorruptLogError` and
    `NotFoundError` for a source that has not what its checkpoint covers.
    """
    note = source.checkpoint()
    size = open_checkpoint(note, signer_of(note)).size
    _check_folder(folder, signer_of, size)
    done, written = begin(sum(1 for _ in _files(size))), 0
    for file in _files(size):
        target = folder / file.path
        if not target.exists():
            _write(target, _read(source, file))
            written += 1
        done(1)
    # Once for all: to wait for the disk after each of a hundred thousand small files would take most of an hour.
    os.sync()
    if keys := history():
        _write(folder / KEYS, keys)
    _write(folder / "checkpoint", note.encode())
    return Copied(size, written)


def _check_folder(folder: Path, signer_of: Callable[[str], NoteVerifier], size: int) -> None:
    try:
        note = folder_fetch(folder)("checkpoint", MAX_CHECKPOINT).decode(errors="replace")
    except NotFoundError:
        return
    copied = open_checkpoint(note, signer_of(note))
    if copied.size > size:
        raise RefusedError(f"the copy in {folder} has {copied.size} entries, and the log only {size}")


class _File(NamedTuple):
    """A file of a copy: the bundle of a tile of level 0, or a tile."""

    path: str
    tile: Tile
    width: int
    is_bundle: bool


def _files(size: int) -> Iterator[_File]:
    for number in range(-(-size // WIDTH)):
        tile = Tile(0, number)
        width = tile_width(tile, size)
        yield _File(bundle_path(number, width), tile, width, True)
    level = 0
    while count := size >> HEIGHT * level:
        for number in range(-(-count // WIDTH)):
            tile = Tile(level, number)
            width = tile_width(tile, size)
            yield _File(tile_path(tile, width), tile, width, False)
        level += 1


def _read(source: LogSource, file: _File) -> bytes:
    if not file.is_bundle:
        data = source.tile(file.tile, file.width)[: file.width * HASH_SIZE]
        if len(data) != file.width * HASH_SIZE:
            raise CorruptLogError(f"{file.path} has {len(data)} bytes, fewer than {file.width} hashes")
        return data
    entries = [entry for entry in source.bundle(file.tile.number, file.width) if entry is not None]
    if len(entries) != file.width:
        raise CorruptLogError(f"{file.path} has {len(entries)} entries, not {file.width}")
    return format_bundle(entries)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    temporary.write_bytes(data)
    temporary.replace(path)
