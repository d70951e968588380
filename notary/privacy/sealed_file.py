# SPDX-License-Identifier: Apache-2.0
"""Files that are sealed as they are written, piece by piece, and can be read from any place.

::

    "loan-notary/sealed@1\\n" || uint16 length of the wrapped key || wrapped key || segments

Each file has a key of its own, wrapped for whom it is. A segment is AES-256-GCM over 65,536 bytes, the last one over
what is left, with the nonce `uint88 number || last`, `last` being 1 of the last segment and else 0: the STREAM
construction (Hoang, Reyhanitabar, Rogaway, Vizar 2015), as age has it. So no segment can be changed, moved, left out
or put at the end.
"""

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from notary.errors import CorruptLogError
from notary.privacy.cipher import KEY_SIZE
from notary.privacy.data_key import KeyWrapper

MAGIC = b"loan-notary/sealed@1\n"
SEGMENT = 65_536
_TAG = 16
_COUNTER = 11
_LENGTH = 2
_NOT = "what should be a sealed file is none, or was cut short or changed"


@dataclass(frozen=True)
class SealedPath:
    """A sealed file with its key."""

    path: Path
    key: bytes

    def open(self) -> BinaryIO:
        """Open it for reading. Raises `OSError`, `CorruptLogError`."""
        file = self.path.open("rb")
        try:
            read_header(file)
            return io.BufferedReader(SealedReader(file, self.key), SEGMENT)
        except BaseException:
            file.close()
            raise


class SealedWriter:
    """Seals what is written into a file, from where that stands."""

    def __init__(self, file: IO[bytes], wrapper: KeyWrapper, context: bytes) -> None:
        """Write the header with a new key, which `wrapper` wraps for `context`."""
        self.key = os.urandom(KEY_SIZE)
        self._file, self._aead = file, AESGCM(self.key)
        self._waiting, self._number = bytearray(), 0
        write_header(file, wrapper.wrap(self.key, context))

    def write(self, part: bytes) -> None:
        """Seal more bytes; up to a segment of them stays in memory."""
        self._waiting += part
        # A whole segment waits too: it may be the last one.
        while len(self._waiting) > SEGMENT:
            self._put(bytes(self._waiting[:SEGMENT]), last=False)
            del self._waiting[:SEGMENT]

    def finish(self) -> None:
        """Seal the last segment; nothing may be written after it."""
        self._put(bytes(self._waiting), last=True)
        self._file.flush()

    def _put(self, segment: bytes, *, last: bool) -> None:
        self._file.write(self._aead.encrypt(_nonce(self._number, last), segment, None))
        self._number += 1


class SealedReader(io.RawIOBase):
    """Reads a sealed file as if it were not, from any place; one segment is in memory at a time."""

    def __init__(self, file: IO[bytes], key: bytes) -> None:
        """Read from a file that stands behind its header; it is closed with this. Raises `CorruptLogError`."""
        self._file, self._aead = file, AESGCM(key)
        self._start = file.tell()
        sealed = file.seek(0, os.SEEK_END) - self._start
        self._segments, self.size = _inside(sealed)
        if self.size < 0 or not self._segments:
            raise CorruptLogError(_NOT)
        self._place, self._number, self._segment = 0, -1, b""
        # An empty file is one empty segment, which nothing else would open.
        self._load(0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self.size}[whence]
        self._place = max(0, base + offset)
        return self._place

    def readinto(self, buffer: Any, /) -> int:
        target = memoryview(buffer).cast("B")
        if self._place >= self.size:
            return 0
        number, begin = divmod(self._place, SEGMENT)
        self._load(number)
        part = self._segment[begin : begin + len(target)]
        target[: len(part)] = part
        self._place += len(part)
        return len(part)

    def close(self) -> None:
        self._file.close()
        super().close()

    def _load(self, number: int) -> None:
        if number == self._number:
            return
        self._file.seek(self._start + number * (SEGMENT + _TAG))
        sealed = self._file.read(SEGMENT + _TAG)
        try:
            self._segment = self._aead.decrypt(_nonce(number, number == self._segments - 1), sealed, None)
        except (InvalidTag, ValueError):
            raise CorruptLogError(_NOT) from None
        self._number = number


def write_header(file: IO[bytes], wrapped: bytes) -> None:
    """Write what a sealed file begins with; it is on its way to disk when this returns."""
    file.write(MAGIC + len(wrapped).to_bytes(_LENGTH) + wrapped)
    # Nothing of it waits: it may be wrapped anew while the rest is still being written.
    file.flush()


def read_header(file: IO[bytes]) -> bytes:
    """Return the wrapped key of a sealed file, and leave the file behind its header. Raises `CorruptLogError`."""
    if file.read(len(MAGIC)) != MAGIC:
        raise CorruptLogError(_NOT)
    length = int.from_bytes(file.read(_LENGTH))
    wrapped = file.read(length)
    if not length or len(wrapped) != length:
        raise CorruptLogError(_NOT)
    return wrapped


def replace_wrapped(path: Path, old: bytes, wrapper: KeyWrapper, context: bytes) -> bool:
    """Wrap a file's key anew, in place, if the key of the id `old` has wrapped it; tell whether it did.

    The bytes stand in the first block of the file, which a disk writes whole. Raises `OSError`, `DataKeyError`,
    `CorruptLogError`.
    """
    with path.open("r+b", buffering=0) as file:
        wrapped = read_header(file)
        if not wrapped.startswith(old):
            return False
        again = wrapper.wrap(wrapper.unwrap(wrapped, context), context)
        file.seek(len(MAGIC) + _LENGTH)
        file.write(again)
        os.fsync(file.fileno())
    return True


def plain_size(size: int, wrapped: int) -> int:
    """Return how many bytes are in a sealed file of `size` bytes, whose wrapped key has `wrapped`."""
    return _inside(size - len(MAGIC) - _LENGTH - wrapped)[1]


def is_sealed(path: Path) -> bool:
    """Tell a sealed file from another by its beginning. Raises `OSError`."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def _inside(sealed: int) -> tuple[int, int]:
    """Return how many segments so many bytes are, and how many bytes are in them."""
    segments = -(-sealed // (SEGMENT + _TAG))
    return segments, sealed - segments * _TAG


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(_COUNTER) + bytes((last,))
