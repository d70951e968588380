# SPDX-License-Identifier: Apache-2.0
"""The key of one job's or audit's folder, which seals what is in its files. The data key wraps it.

A file that is received or written in one go is a sealed file (`notary.privacy.sealed_file`), whose own key the folder's
key wraps; what is small, or added to, is sealed piece by piece with the folder's key itself.
"""

import os
from pathlib import Path
from typing import IO, BinaryIO

from notary.privacy.cipher import KEY_SIZE, OVERHEAD, Cipher
from notary.privacy.data_key import ID_SIZE, DataKey, KeyWrapper
from notary.privacy.sealed_file import SealedPath, SealedWriter, plain_size, read_header, write_header

_FOLDER, _FILE = b"loan-notary/1 folder", b"loan-notary/1 folder file"
_WRAPPED = ID_SIZE + KEY_SIZE + OVERHEAD


class FolderKey:
    """A folder's key. What it seals it seals for a name, and opens under no other one."""

    def __init__(self, secret: bytes) -> None:
        self.cipher = Cipher(secret)
        self._wrapper = DataKey(secret)

    def seal(self, name: str, plain: bytes) -> bytes:
        """Seal something small."""
        return self.cipher.seal(plain, _file_context(name))

    def open(self, name: str, sealed: bytes) -> bytes:
        """Open what `seal` sealed. Raises `CorruptLogError`."""
        return self.cipher.open(sealed, _file_context(name))

    def writer(self, name: str, file: IO[bytes]) -> SealedWriter:
        """Begin a sealed file."""
        return SealedWriter(file, self._wrapper, _file_context(name))

    def open_file(self, name: str, path: Path) -> BinaryIO:
        """Open a sealed file for reading. Raises `OSError`, `CorruptLogError`, `DataKeyError`."""
        with path.open("rb") as file:
            key = self._wrapper.unwrap(read_header(file), _file_context(name))
        return SealedPath(path, key).open()


def size_inside(path: Path) -> int:
    """Return how many bytes are in a sealed file that a folder's key is for. Raises `OSError`."""
    return plain_size(path.stat().st_size, _WRAPPED)


def write_folder_key(path: Path, wrapper: KeyWrapper, owner: int, name: str) -> None:
    """Make a key for a folder of this name. Raises `OSError`, `DataKeyError`."""
    with path.open("wb") as file:
        write_header(file, wrapper.wrap(os.urandom(KEY_SIZE), folder_context(owner, name)))
        os.fsync(file.fileno())


def folder_context(owner: int, name: str) -> bytes:
    """Return what the key of a folder of an organisation is wrapped for."""
    return _FOLDER + owner.to_bytes(8) + name.encode()


def _file_context(name: str) -> bytes:
    return _FILE + b"\0" + name.encode()
