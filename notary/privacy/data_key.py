# SPDX-License-Identifier: Apache-2.0
"""The data key, which wraps the keys that are kept in the database and in front of documents.

What is wrapped begins with the key's id, so that a wrong key is told from changed data. Where the key is kept,
`api.keys` says.
"""

from hashlib import sha256
from hmac import digest
from typing import Protocol

from notary.errors import DataKeyError
from notary.privacy.cipher import Cipher

ID_SIZE = 8
_ID = b"loan-notary/1 data key id"


class KeyWrapper(Protocol):
    """Whatever wraps the keys in the database."""

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        """Return the secret wrapped; the same context unwraps it."""

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Return the secret.

        Raises `DataKeyError` where another key wrapped it, and `CorruptLogError` where it was changed or moved.
        """


class WrappingKey(KeyWrapper, Protocol):
    """One key that wraps."""

    @property
    def id(self) -> bytes:
        """The eight bytes that all it wraps begins with."""


class DataKey:
    """Implements `WrappingKey` with a key of 32 bytes in this process."""

    def __init__(self, key: bytes) -> None:
        self.id = digest(key, _ID, sha256)[:ID_SIZE]
        self._cipher = Cipher(key)

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        return self.id + self._cipher.seal(secret, self.id + context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        require_id(wrapped, self.id)
        return self._cipher.open(wrapped[ID_SIZE:], self.id + context)


def require_id(wrapped: bytes, key: bytes) -> None:
    """Raise `DataKeyError` unless the key of this id wrapped it."""
    if wrapped[:ID_SIZE] != key:
        raise DataKeyError("the database's keys were wrapped by another data key than the one at hand")
