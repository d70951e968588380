# SPDX-License-Identifier: Apache-2.0
"""Base45 (RFC 9285): bytes in the 45 signs that a QR code holds most densely."""

from typing import NoReturn

_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUES = {sign: value for value, sign in enumerate(_SIGNS)}


def base45(data: bytes) -> str:
    """Return the text of some bytes: three signs for two of them, two for a last one."""
    text = []
    for start in range(0, len(data), 2):
        part = data[start : start + 2]
        number = int.from_bytes(part)
        for _ in range(len(part) + 1):
            number, value = divmod(number, 45)
            text.append(_SIGNS[value])
    return "".join(text)


def parse_base45(text: str) -> bytes:
    """Read what `base45` writes. Raises `ValueError` for anything else."""
    if len(text) % 3 == 1 or not all(sign in _VALUES for sign in text):
        _refuse()
    data = bytearray()
    for start in range(0, len(text), 3):
        part = text[start : start + 3]
        number = sum(_VALUES[sign] * 45**place for place, sign in enumerate(part))
        if number >= 1 << 8 * (len(part) - 1):
            _refuse()
        data += number.to_bytes(len(part) - 1)
    return bytes(data)


def _refuse() -> NoReturn:
    raise ValueError("not base45")
