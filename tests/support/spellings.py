# SPDX-License-Identifier: Apache-2.0
"""Looking for values in raw files: in every spelling in which they could have been written down."""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

SHORTEST = 8
"""Bytes that a value has at least: shorter ones stand in large files by chance."""


def spellings(value: bytes) -> set[bytes]:
    """Return a value as it is, in hex, and in base64 wherever in a longer text it begins."""
    assert len(value) >= SHORTEST, value
    found = {value, value.hex().encode(), value.hex().upper().encode()}
    for shift in range(3):
        # What stands before and behind the value decides the signs that hold bits of both: these are left out.
        for encode in (b64encode, urlsafe_b64encode):
            text = encode(bytes(shift) + value).rstrip(b"=")
            start = -(-shift * 8 // 6)
            stop = (shift + len(value)) * 8 // 6
            found.add(text[start:stop])
    return found


def files_under(folder: Path) -> dict[Path, bytes]:
    """Return every file below a folder with its bytes."""
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def found_in(files: Mapping[Path, bytes], values: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield the files, by name, that hold one of the values in any spelling, each with what was found."""
    wanted = {spelling for value in values for spelling in spellings(value)}
    for path, data in files.items():
        for spelling in wanted:
            if spelling in data or spelling in str(path).encode():
                yield path.name, spelling
