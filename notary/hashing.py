# SPDX-License-Identifier: Apache-2.0
"""The hashes of the log: RFC 9162 section 2.1.1, over SHA-256."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()
"""Root hash of the tree without leaves: SHA-256 of nothing."""


def leaf_hash(entry: bytes) -> bytes:
    """Return SHA256(0x00 || entry)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """Return `leaf_hash` of each entry."""
    return [sha256(b"\x00" + entry).digest() for entry in entries]


def node_hashes(row: Sequence[bytes]) -> list[bytes]:
    """Return the row above: `node_hash` of each two neighbours; nothing stands above the last of an odd number."""
    return [sha256(b"\x01" + left + right).digest() for left, right in zip(row[::2], row[1::2], strict=False)]


_BLOCK = 64
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """Return HMAC-SHA256 (RFC 2104 section 2).

    What `hmac.digest` returns, in two thirds of the time; and that one lets other threads go ahead at each call.
    """
    block = (key if len(key) <= _BLOCK else sha256(key).digest()).ljust(_BLOCK, b"\0")
    return sha256(block.translate(_OUTER) + sha256(block.translate(_INNER) + message).digest()).digest()
