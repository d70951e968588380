# SPDX-License-Identifier: Apache-2.0
"""The tree, hashed again from the entries up and compared with every tile on the way.

Where an entry and a tile disagree, the hash above them says which of the two was changed; the audit then goes on with
the right one, so that one altered entry is one finding and not also one of every tile above it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from notary.audit.finding import Findings
from notary.audit.sources import LogSource, tile_reader
from notary.errors import CorruptLogError, NotaryError, NotFoundError
from notary.hashing import EMPTY_ROOT, HASH_SIZE, leaf_hash
from notary.log.entries import ENTRY_SIZE, RECORD, parse_genesis_entry
from notary.log.merkle import complete_subtrees, fold, root_hash
from notary.log.tiles import WIDTH, Tile, node_reader, split_hashes, tile_width

_TILE_BYTES = WIDTH * HASH_SIZE
_RECORD_KIND = RECORD[0]


@dataclass
class TreeOutcome:
    """What hashing some tiles of the lowest level gave.

    `roots` are the hashes over the full ones, joined; `tail` those of the complete subtrees in the partial one, largest
    first. `disputed` are entries that the partial tile holds otherwise: nothing is above it to decide by.
    """

    findings: Findings = field(default_factory=Findings)
    roots: bytes = b""
    tail: bytes = b""
    disputed: list[int] = field(default_factory=list)


def audit_tiles(source: LogSource, origin: str, size: int, numbers: range) -> TreeOutcome:
    """Hash the entries of these tiles of level 0, in a log of `size` entries. Raises `UnavailableError`."""
    outcome = TreeOutcome()
    roots = []
    for number in numbers:
        width = tile_width(Tile(0, number), size)
        stored = _stored_tile(source, Tile(0, number), width, outcome.findings)
        entries = _entries(source, number, width, stored, outcome.findings)
        leaves = _leaves(entries, number, origin, stored, outcome.findings)
        if width == WIDTH:
            roots.append(_full_tile(source, size, number, leaves, stored, outcome.findings))
        else:
            if stored is not None:
                outcome.disputed = _differing(number, leaves, stored)
            outcome.tail = b"".join(
                _top(leaves[node.number << node.level : (node.number + 1) << node.level])
                for node in complete_subtrees(0, width)
            )
    outcome.roots = b"".join(roots)
    return outcome


def audit_upper_tiles(source: LogSource, roots: bytes, findings: Findings) -> None:
    """Compare the tiles above level 0 with `roots`, the hashes over all full tiles of level 0."""
    level, row = 1, split_hashes(roots)
    while row:
        above = []
        for first in range(0, len(row), WIDTH):
            tile, hashes = Tile(level, first // WIDTH), row[first : first + WIDTH]
            stored = _stored_tile(source, tile, len(hashes), findings)
            rows = _rows(hashes)
            if stored is not None and not stored.startswith(b"".join(hashes)):
                findings.place(_name(tile), "does not hold the hashes over the tiles below it")
            if len(hashes) == WIDTH:
                _compare_inner(tile, rows, stored, findings)
                above.append(rows[-1][0])
        level, row = level + 1, above


def root_over(roots: bytes, tail: bytes) -> bytes:
    """Return the root of the tree with these full tiles and this partial one (see `TreeOutcome`)."""
    tiles = split_hashes(roots)
    hashes = [
        _top(tiles[node.number << node.level : (node.number + 1) << node.level])
        for node in complete_subtrees(0, len(tiles))
    ]
    hashes += split_hashes(tail)
    return fold(hashes) if hashes else EMPTY_ROOT


def settle_disputes(
    source: LogSource, size: int, wanted: bytes, computed: bytes, disputed: Sequence[int], findings: Findings
) -> bool:
    """Name what was changed where entries and the last, partial tile disagree; `wanted` is the root that was signed.

    Says whether the entries named are all that keeps the log from having that root.
    """
    tile = Tile(0, size // WIDTH)
    try:
        tiles_fit = root_hash(size, node_reader(tile_reader(source, size))) == wanted
    except (NotFoundError, CorruptLogError):
        tiles_fit = False
    if not tiles_fit:
        findings.place(_name(tile), f"does not hold the hash of entry {', '.join(map(str, disputed))}")
    if computed != wanted:
        for index in disputed:
            findings.entry(index, f"is not the one that {_name(tile)} holds the hash of")
    return tiles_fit


def _stored_tile(source: LogSource, tile: Tile, width: int, findings: Findings) -> bytes | None:
    try:
        stored = source.tile(tile, width)
    except NotFoundError:
        findings.place(_name(tile), "is missing")
        return None
    if len(stored) < width * HASH_SIZE:
        findings.place(_name(tile), f"has {len(stored)} bytes, fewer than {width} hashes")
        return None
    return stored


def _entries(
    source: LogSource, number: int, width: int, stored: bytes | None, findings: Findings
) -> Sequence[bytes | None]:
    """Return the entries of a tile in their places; each that is missing is None, and a finding."""
    first = number * WIDTH
    try:
        entries = source.bundle(number, width)
    except (NotFoundError, CorruptLogError) as error:
        findings.place(f"entries {first} to {first + width - 1}", str(error))
        return [None] * width
    if len(entries) != width:
        findings.place(f"entries {first} to {first + width - 1}", f"are {len(entries)}, not {width}")
        entries = _in_places(entries, width, split_hashes(stored[: width * HASH_SIZE]) if stored else [])
    for index, entry in enumerate(entries, first):
        if entry is None:
            findings.entry(index, "is missing")
    return entries


def _in_places(entries: Sequence[bytes | None], width: int, hashes: list[bytes]) -> list[bytes | None]:
    """Put the entries of a bundle of the wrong length where the tile has their hashes; the others are missing."""
    by_hash = {leaf_hash(entry): entry for entry in entries if entry is not None}
    placed = [by_hash.get(value) for value in hashes]
    return placed or [*entries[:width], *[None] * (width - len(entries))]


def _leaves(
    entries: Sequence[bytes | None], number: int, origin: str, stored: bytes | None, findings: Findings
) -> list[bytes]:
    """Hash the entries of a tile; the tile itself stands in for what is missing."""
    present = [entry for entry in entries if entry is not None]
    wrong = number == 0 or any(len(entry) != ENTRY_SIZE or entry[0] != _RECORD_KIND for entry in present)
    if wrong:
        _check_kinds(entries, number * WIDTH, origin, findings)
    if len(present) == len(entries):
        return [sha256(b"\x00" + entry).digest() for entry in present]
    kept = split_hashes(stored[: len(entries) * HASH_SIZE]) if stored else [bytes(HASH_SIZE)] * len(entries)
    return [kept[place] if entry is None else leaf_hash(entry) for place, entry in enumerate(entries)]


def _check_kinds(entries: Sequence[bytes | None], first: int, origin: str, findings: Findings) -> None:
    for index, entry in enumerate(entries, first):
        if entry is None:
            continue
        if index == 0:
            _check_genesis(entry, origin, findings)
        elif len(entry) != ENTRY_SIZE or entry[0] != _RECORD_KIND:
            findings.entry(index, f"has {len(entry)} bytes and kind {entry[:1].hex() or 'none'}: it is not a record's")


def _check_genesis(entry: bytes, origin: str, findings: Findings) -> None:
    try:
        genesis = parse_genesis_entry(entry)
    except NotaryError as error:
        findings.entry(0, str(error))
        return
    if genesis.origin != origin:
        findings.entry(0, f"begins the log {genesis.origin}, not {origin}")


def _full_tile(
    source: LogSource, size: int, number: int, leaves: list[bytes], stored: bytes | None, findings: Findings
) -> bytes:
    """Compare a full tile of level 0 with its entries' hashes; return the hash over whichever is right."""
    tile, rows = Tile(0, number), _rows(leaves)
    computed = rows[-1][0]
    if stored is None:
        return computed
    if stored.startswith(b"".join(leaves)):
        _compare_inner(tile, rows, stored, findings)
        return computed
    kept = _top(split_hashes(stored[:_TILE_BYTES]))
    above = _hash_above(source, size, number)
    differing = _differing(number, leaves, stored)
    if above != kept:
        findings.place(_name(tile), f"does not hold the hash of entry {', '.join(map(str, differing))}")
    if above != computed:
        for index in differing:
            findings.entry(index, f"is not the one that {_name(tile)} holds the hash of")
    return kept if above == kept else computed


def _hash_above(source: LogSource, size: int, number: int) -> bytes | None:
    """Return what the tile above holds for a full tile of level 0; None if that cannot be read."""
    tile, place = Tile(1, number // WIDTH), number % WIDTH
    try:
        stored = source.tile(tile, tile_width(tile, size))
    except NotFoundError:
        return None
    return stored[place * HASH_SIZE : (place + 1) * HASH_SIZE]


def _compare_inner(tile: Tile, rows: list[list[bytes]], stored: bytes | None, findings: Findings) -> None:
    """Compare the inner nodes that a database keeps behind a full tile; other sources keep none."""
    if stored is not None and len(stored) > _TILE_BYTES:
        inner = b"".join(value for row in rows[1:-1] for value in row)
        if stored[_TILE_BYTES:] != inner:
            findings.place(_name(tile), "has inner nodes that do not hash from its bottom row")


def _differing(number: int, leaves: list[bytes], stored: bytes) -> list[int]:
    first = number * WIDTH
    kept = split_hashes(stored[: len(leaves) * HASH_SIZE])
    return [first + place for place, (a, b) in enumerate(zip(leaves, kept, strict=True)) if a != b]


def _rows(row: list[bytes]) -> list[list[bytes]]:
    """Return the complete rows from `row` up to the one hash above all; rows end early for a partial tile."""
    rows = [row]
    while len(row) > 1:
        # Written out, not by node_hash: a call for each node would cost a third of the whole audit.
        row = [sha256(b"\x01" + left + right).digest() for left, right in zip(row[::2], row[1::2], strict=False)]
        rows.append(row)
    return rows


def _top(row: list[bytes]) -> bytes:
    return _rows(row)[-1][0]


def _name(tile: Tile) -> str:
    return f"tile {tile.level}/{tile.number}"
