# SPDX-License-Identifier: Apache-2.0
"""Files for the time of one answer: without a name, and sealed with a key that is nowhere but in memory.

What is too long for memory goes to disk for a moment. It has no name there and is gone with the process, but its blocks
may outlive it: without the key they are noise.

A segment of 65,536 bytes is sealed anew, with another random nonce, whenever something in it changes, and its number is
bound to it. So such a file can be read and written at any place, as a ZIP archive is.
"""

import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

from notary.errors import UnavailableError
from notary.privacy.cipher import KEY_SIZE, OVERHEAD, Cipher

SEGMENT = 65_536
_SEALED = SEGMENT + OVERHEAD


def open_scratch(folder: Path) -> BinaryIO:
    """Open an empty file in a folder, for reading and writing; it goes when it is closed.

    Whatever the disk does not do is an `UnavailableError`, here and later.
    """
    with _translated():
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - what is returned closes it
    return io.BufferedRandom(_SealedScratch(file))


class _SealedScratch(io.RawIOBase):
    """Seals a file; one segment of it is in memory at a time."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._cipher = file, Cipher(os.urandom(KEY_SIZE))
        self._size, self._place = 0, 0
        self._number, self._segment, self._is_changed = 0, bytearray(), False

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        # Nothing is ever left out: what has not been written is not there.
        self._place = min(max(0, base + offset), self._size)
        return self._place

    def readinto(self, buffer: Any, /) -> int:
        target = memoryview(buffer).cast("B")
        begin = self._load()
        part = self._segment[begin : begin + len(target)]
        target[: len(part)] = part
        self._place += len(part)
        return len(part)

    def write(self, data: Any, /) -> int:
        source = memoryview(data).cast("B")
        begin = self._load()
        part = source[: SEGMENT - begin]
        self._segment[begin : begin + len(part)] = part
        self._is_changed = True
        self._place += len(part)
        self._size = max(self._size, self._place)
        return len(part)

    def close(self) -> None:
        self._file.close()
        super().close()

    def _load(self) -> int:
        """Have the segment of the place in memory; return where in it that is."""
        number, begin = divmod(self._place, SEGMENT)
        if number != self._number:
            with _translated():
                self._put_back()
                self._file.seek(number * _SEALED)
                sealed = self._file.read(_SEALED)
            # Behind the last segment there is none yet.
            self._segment = bytearray(self._cipher.open(sealed, number.to_bytes(8)) if sealed else b"")
            self._number = number
        return begin

    def _put_back(self) -> None:
        if self._is_changed:
            self._file.seek(self._number * _SEALED)
            self._file.write(self._cipher.seal(bytes(self._segment), self._number.to_bytes(8)))
            self._is_changed = False


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnavailableError(f"there is no room on disk for this answer now: {error.strerror}") from error
