# SPDX-License-Identifier: Apache-2.0
"""Cursors: where a list goes on, for the one list that it was given for, and for nobody to alter.

A cursor is base64url of the place (six numbers of 64 bits) and an HMAC-SHA256 over that and over what list it is: who
asks, whose loans, which filter. The key is a file that all processes have, after a restart too.
"""

import hmac
import secrets
import struct
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from api.keys.files import read_key_file, write_key_file
from notary.canonical import canonical_json
from notary.encoding import b64url, parse_b64url
from notary.errors import Fault, InvalidInputError, KeyUnavailableError
from notary.listing import Place

_PLACE = struct.Struct(">6Q")
_MAC_SIZE = 32
_INFO = b"loan-notary/cursor@1"


class CursorSeal:
    """Makes cursors and opens them."""

    def __init__(self, secret: bytes) -> None:
        self._key = HKDF(SHA256(), 32, salt=None, info=_INFO).derive(secret)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Use the secret in a file, which is made where it is not there. Raises `KeyUnavailableError`."""
        if not path.exists():
            try:
                # As text: random bytes can begin as an encrypted file does.
                write_key_file(path, "cursors", secrets.token_hex(32).encode() + b"\n", None)
            except KeyUnavailableError:
                # Of several processes that make it one is the first.
                if not path.exists():
                    raise
        return cls(read_key_file(path, "cursors", None))

    def close(self, place: Place, about: object) -> str:
        """Return the cursor of a place in the list that `about`, anything JSON can hold, tells from all others."""
        packed = _PLACE.pack(*place)
        return b64url(packed + self._mac(packed, about))

    def open(self, cursor: str, about: object) -> Place:
        """Return the place of a cursor. Raises `InvalidInputError` if it was not made here for just this list."""
        try:
            data = parse_b64url(cursor)
        except ValueError:
            data = b""
        packed, mac = data[: _PLACE.size], data[_PLACE.size :]
        if len(data) != _PLACE.size + _MAC_SIZE or not hmac.compare_digest(mac, self._mac(packed, about)):
            raise InvalidInputError(Fault("", "cursor is not one that this list, with this filter, has given you"))
        return Place(*_PLACE.unpack(packed))

    def _mac(self, packed: bytes, about: object) -> bytes:
        return hmac.digest(self._key, packed + canonical_json(about), "sha256")
