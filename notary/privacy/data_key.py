# SPDX-License-Identifier: Apache-2.0
"""The data key: 32 bytes in a file apart from the database, which wrap the keys that are kept in it.

The file holds 64 lower-case hex digits and a line feed, and only its owner can read it. What is wrapped begins with the
key's id, so that a wrong key is told from changed data.
"""

import os
import re
import stat
from hashlib import sha256
from hmac import digest
from pathlib import Path
from typing import Protocol, Self

from notary.errors import DataKeyError
from notary.privacy.cipher import KEY_SIZE, Cipher

ID_SIZE = 8
_FILE = re.compile("[0-9a-f]{64}\n")
_ID = b"loan-notary/1 data key id"


class KeyWrapper(Protocol):
    """Whatever wraps the keys in the database."""

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        """Return the secret wrapped; the same context unwraps it."""

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Return the secret.

        Raises `DataKeyError` where another key wrapped it, and `CorruptLogError` where it was changed or moved.
        """


class DataKey:
    """Implements `KeyWrapper` with one key."""

    def __init__(self, key: bytes) -> None:
        self.id = digest(key, _ID, sha256)[:ID_SIZE]
        self._cipher = Cipher(key)

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a new key and write it to `path`, which must not exist. Raises `DataKeyError`."""
        key = os.urandom(KEY_SIZE)
        # Under its name only when it is whole: half a key would be kept for ever.
        coming = path.with_suffix(".new")
        try:
            coming.unlink(missing_ok=True)
            with os.fdopen(os.open(coming, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(key.hex() + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.link(coming, path)
        except OSError as error:
            raise DataKeyError(f"the data key cannot be written to {path}: {error.strerror}") from error
        finally:
            if path.parent.is_dir():
                coming.unlink(missing_ok=True)
        return cls(key)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the key at `path`. Raises `DataKeyError` if it is missing, can be read by others, or is none."""
        try:
            with path.open("rb") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                text = file.read(100).decode("ascii", "replace")
        except OSError as error:
            raise DataKeyError(f"the data key at {path} cannot be read: {error.strerror}") from error
        if mode & 0o077:
            raise DataKeyError(f"the data key at {path} can be read by others (mode {mode:o}): chmod 600 it")
        if not _FILE.fullmatch(text):
            raise DataKeyError(f"the file {path} holds no data key")
        return cls(bytes.fromhex(text))

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        return self.id + self._cipher.seal(secret, self.id + context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        if wrapped[:ID_SIZE] != self.id:
            raise DataKeyError("the database's keys were wrapped by another data key than the one at hand")
        return self._cipher.open(wrapped[ID_SIZE:], self.id + context)
