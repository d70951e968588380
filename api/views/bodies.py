# SPDX-License-Identifier: Apache-2.0
"""Reading request bodies: the size is capped before anything else, and the media type must be the one expected."""

import re
import time
from collections.abc import Iterator, Set
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from flask import Response, after_this_request, request
from werkzeug.exceptions import RequestEntityTooLarge, RequestTimeout, UnsupportedMediaType

from notary.canonical import parse_json
from notary.encoding import parse_b64
from notary.errors import DigestError, Fault, InvalidInputError
from notary.privacy.scratch import open_scratch

LARGEST = 1024 * 1024
"""Bytes that no body of a POST has more of, but for those that are streamed."""
SMALL = 8192
"""Bytes of the largest body that holds a few members."""
_PART = 64 * 1024
_CONTENT_DIGEST = re.compile(r"(?:^|,)[ \t]*sha-256=:([A-Za-z0-9+/=]*):[ \t]*(?:$|,)")
_PATIENCE = 600.0


def read_body(*media_types: str, limit: int) -> bytes:
    """Return the request's body of at most `limit` bytes.

    Raises 415 for a media type that is not among `media_types`, 413 for a longer body, and `DigestError` for one that
    is not that of the `Content-Digest` (RFC 9530) which came with it.
    """
    require_media_type(*media_types)
    # One byte more than allowed: of a body without Content-Length no more than the maximum is read, and nothing tells
    # that there was more of it.
    request.max_content_length = limit + 1
    body = request.get_data(cache=False)
    if len(body) > limit:
        raise RequestEntityTooLarge(f"a body here has at most {limit} bytes")
    promised = promised_digest()
    if promised is not None and promised != sha256(body).digest():
        raise DigestError(Fault("", "the body is not that of the Content-Digest", ""))
    return body


def promised_digest() -> bytes | None:
    """Return the SHA-256 in the header `Content-Digest` (RFC 9530), None if it has none. Raises `DigestError`."""
    header = request.headers.get("Content-Digest")
    if header is None or "sha-256=" not in header:
        return None
    found = _CONTENT_DIGEST.search(header)
    try:
        return parse_b64(found[1] if found else "-")
    except ValueError:
        raise DigestError(Fault("", "the Content-Digest is not one of RFC 9530", "")) from None


def read_object(required: Set[str], optional: Set[str] = frozenset(), *, limit: int) -> dict[str, Any]:
    """Return the request's body, a JSON object with the members `required` and perhaps some of `optional`.

    Raises what `read_body` raises, `MalformedJsonError`, and `InvalidInputError` for other members.
    """
    value = parse_json(read_body("application/json", limit=limit), limit=limit)
    if not isinstance(value, dict) or not required <= value.keys() <= required | optional:
        allowed = f" and perhaps {', '.join(sorted(optional))}" if optional else ""
        raise InvalidInputError(Fault("", f"must be an object of the members {', '.join(sorted(required))}{allowed}"))
    return value


def require_media_type(*media_types: str) -> None:
    """Raise 415 unless the request's media type is among `media_types`, and its body is not compressed."""
    if request.mimetype not in media_types:
        raise UnsupportedMediaType(f"the Content-Type must be {' or '.join(media_types)}")
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedMediaType("a compressed body is not taken")


def read_parts(limit: int) -> Iterator[bytes]:
    """Yield the request's body of at most `limit` bytes as it comes, in constant memory.

    Raises 413 for a longer body, as soon as that is known; 415 for a compressed one; 408 for one that takes longer
    than `_PATIENCE` seconds.
    """
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedMediaType("a compressed body is not taken")
    request.max_content_length = limit + 1
    deadline, size = time.monotonic() + _PATIENCE, 0
    while part := request.stream.read(_PART):
        size += len(part)
        if size > limit:
            raise RequestEntityTooLarge(f"a body here has at most {limit} bytes")
        if time.monotonic() > deadline:
            raise RequestTimeout(f"the body was not there after {_PATIENCE:.0f} s")
        yield part


def checked_stream(stream: IO[bytes], scratch: Path) -> IO[bytes]:
    """Return a stream of the same bytes; where a `Content-Digest` came with them, all were read and compared before.

    Nothing of them is taken then if the digest is not theirs; until then they are in the folder `scratch`. Raises
    `DigestError`, `UnavailableError`.
    """
    promised = promised_digest()
    if promised is None:
        return stream
    kept, digest = open_scratch(scratch), sha256()

    @after_this_request
    def close_at_the_end(response: Response) -> Response:
        response.call_on_close(kept.close)
        return response

    while part := stream.read(_PART):
        digest.update(part)
        kept.write(part)
    if digest.digest() != promised:
        kept.close()
        raise DigestError(Fault("", "the body is not that of the Content-Digest", ""))
    kept.seek(0)
    return kept


def read_lines(stream: IO[bytes], limit: int) -> Iterator[bytes]:
    """Yield the lines of a stream without their ends, in constant memory.

    Of a line that is longer than `limit` bytes only the first `limit + 1` are yielded, so that whoever parses it
    refuses it.
    """
    # Only read(size) is used: a server's own stream objects need not have more (PEP 3333 asks for lines to be read
    # without a size).
    rest = b""
    while part := stream.read(_PART):
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            yield line[: limit + 1]
        # What is beyond the limit is not kept, however long the line goes on.
        rest = rest[: limit + 1]
    if rest:
        yield rest
