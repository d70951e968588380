# SPDX-License-Identifier: Apache-2.0
"""Size, SHA-256 and SM3 (GB/T 32905) of a file, in one pass and constant memory."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.hazmat.primitives import hashes


@dataclass(frozen=True)
class FileDigests:
    """What identifies a file; digests are lower-case hex."""

    size: int
    sha256: str
    sm3: str


class FileHasher:
    """Hashes a file part by part."""

    def __init__(self) -> None:
        self._size = 0
        self._sha256 = sha256()
        self._sm3 = hashes.Hash(hashes.SM3())

    def update(self, part: bytes) -> None:
        """Take the next part."""
        self._size += len(part)
        self._sha256.update(part)
        self._sm3.update(part)

    def digests(self) -> FileDigests:
        """Return what identifies the file, once all of it was taken."""
        return FileDigests(self._size, self._sha256.hexdigest(), self._sm3.finalize().hex())


def digests_of(parts: Iterable[bytes]) -> FileDigests:
    """Return what identifies the file of these parts."""
    hasher = FileHasher()
    for part in parts:
        hasher.update(part)
    return hasher.digests()
