# SPDX-License-Identifier: Apache-2.0
"""Base64 and times, read strictly: whatever would be written differently is refused.

Python's own decoders take more than one spelling of the same value; a document with two spellings has two hashes.
"""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from struct import unpack

_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_STANDARD = bytes.maketrans(b"-_", b"+/")
_PADDING = b"", b"===", b"==", b"="
_MILLISECOND_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")


def b64(data: bytes) -> str:
    """Write standard base64 with padding (RFC 4648 section 4)."""
    return b2a_base64(data, newline=False).decode("ascii")


def b64_hashes(hashes: Sequence[bytes], separator: bytes) -> bytes:
    """Write values of 32 bytes as `b64` does, with a separator between them: all in one call."""
    # With a zero byte behind each they take 44 characters each, of which only the last, `=`, is another.
    encoded = b2a_base64(b"\0".join(hashes) + b"\0", newline=False)
    return (b"=" + separator).join(unpack("43sx" * len(hashes), encoded)) + b"=" if hashes else b""


def parse_b64(text: str) -> bytes:
    """Read what `b64` writes. Raises `ValueError`."""
    try:
        data = b64decode(text, validate=True)
    except (Base64Error, ValueError) as error:
        raise ValueError("not base64") from error
    if b64(data) != text:
        raise ValueError("not the only base64 of its bytes")
    return data


def b64url(data: bytes) -> str:
    """Write base64url without padding (RFC 7515 section 2)."""
    return b2a_base64(data, newline=False).rstrip(b"=").translate(_URL_SAFE).decode("ascii")


def parse_b64url(text: str) -> bytes:
    """Read what `b64url` writes. Raises `ValueError`."""
    try:
        data = a2b_base64(text.encode("ascii").translate(_STANDARD) + _PADDING[len(text) % 4])
    except ValueError as error:
        raise ValueError("not base64url") from error
    if b64url(data) != text:
        raise ValueError("not the only base64url of its bytes")
    return data


def format_time(milliseconds: int) -> str:
    """Write a time, in milliseconds since 1970, as RFC 3339 in UTC: `2026-01-31T08:30:00.125Z`."""
    return f"{_seconds(milliseconds // 1000)}.{milliseconds % 1000:03d}Z"


@lru_cache(maxsize=1024)
def _seconds(seconds: int) -> str:
    # Most times that are written are of this very second.
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat(timespec="seconds")


def parse_time(text: str) -> int:
    """Read what `format_time` writes. Raises `ValueError`."""
    if not _MILLISECOND_TIME.fullmatch(text):
        raise ValueError("not a time like 2026-01-31T08:30:00.125Z")
    seconds = datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC).timestamp()
    return int(seconds) * 1000 + int(text[20:23])


def parse_moment(text: str) -> int:
    """Read a time that somebody chose: of the years that records can name. Raises `ValueError`."""
    milliseconds = parse_time(text)
    if not FIRST_MOMENT <= milliseconds <= LAST_MOMENT:
        raise ValueError("not a time of the years 1900 to 2999")
    return milliseconds


FIRST_MOMENT, LAST_MOMENT = parse_time("1900-01-01T00:00:00.000Z"), parse_time("2999-12-31T23:59:59.999Z")
