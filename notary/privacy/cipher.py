# SPDX-License-Identifier: Apache-2.0
"""AES-256-GCM as everything at rest is sealed with: a random nonce in front, the tag behind, a context that is bound.

NIST SP 800-38D section 8.3 allows 2^32 random nonces of 96 bits under one key. A loan's key seals its own rows only.
"""

from os import urandom

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from notary.errors import CorruptLogError

KEY_SIZE = 32
NONCE_SIZE = 12
OVERHEAD = NONCE_SIZE + 16
"""Bytes by which what is sealed is longer than what was sealed."""


def fresh_nonces(count: int) -> list[bytes]:
    """Return nonces for as many seals: the system is asked once, which for each takes as long as to encrypt."""
    drawn = urandom(count * NONCE_SIZE)
    return [drawn[start : start + NONCE_SIZE] for start in range(0, len(drawn), NONCE_SIZE)]


class Cipher:
    """One key of 32 bytes. For any number of threads."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def seal(self, plain: bytes, context: bytes, nonce: bytes = b"") -> bytes:
        """Return `nonce || ciphertext || tag`; the same context opens it again.

        `nonce` is one of `fresh_nonces`, and is given to no other seal; without it one is drawn.
        """
        nonce = nonce or urandom(NONCE_SIZE)
        return nonce + self._aead.encrypt(nonce, plain, context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Return what was sealed. Raises `CorruptLogError` if it, its place or the key is another one."""
        try:
            return self._aead.decrypt(sealed[:NONCE_SIZE], sealed[NONCE_SIZE:], context)
        except (InvalidTag, ValueError, TypeError):
            # A flipped bit can make a number or nothing of a column that held bytes.
            raise CorruptLogError("what is sealed was changed, moved, or sealed with another key") from None
