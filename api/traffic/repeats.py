# SPDX-License-Identifier: Apache-2.0
"""`Idempotency-Key`: the same request again gets the first answer again (draft-ietf-httpapi-idempotency-key-header-07).

A key is good for one tenant and one route, for a day. The request behind it is known by the SHA-256 of its body.
"""

import re
from dataclasses import dataclass

from api.traffic.store import TrafficFile
from notary.errors import Fault, InvalidInputError, RefusedError

KEPT = 24 * 3_600_000
"""Milliseconds for which an answer is kept."""
ABANDONED = 60_000
"""Milliseconds after which a request that never ended counts as none: its process is gone."""
_KEY = re.compile(r"[!-~]{1,255}")


class IdempotencyKeyError(InvalidInputError):
    """Raised when a key is missing where one is needed, or is not a text of 1 to 255 visible characters."""


class KeyReusedError(InvalidInputError):
    """Raised when a key comes with another body than the first time."""


class InProgressError(RefusedError):
    """Raised when the first request with this key has not been answered yet."""


@dataclass(frozen=True)
class Request:
    """What a request is known by."""

    tenant: int
    route: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True)
class Answer:
    """An answer that is kept."""

    status: int
    media_type: str
    body: bytes


def read_key(header: str) -> str:
    """Return the key in a header, with or without the quotes of a structured field. Raises `IdempotencyKeyError`."""
    key = header[1:-1] if len(header) > 1 and header[0] == header[-1] == '"' else header
    if not _KEY.fullmatch(key):
        raise IdempotencyKeyError(Fault("", "Idempotency-Key must have 1 to 255 visible ASCII characters"))
    return key


class Repeats:
    """Keeps the answers to requests with a key."""

    def __init__(self, file: TrafficFile) -> None:
        self._file = file
        self._tidied = 0

    def begin(self, request: Request, now: int) -> Answer | None:
        """Return the first answer to this request, or None for one that comes the first time.

        Whoever gets None has to call `finish` or `abandon`. Of requests that race, one gets None. Raises
        `KeyReusedError` and `InProgressError`.
        """
        if now - self._tidied > ABANDONED:
            self._tidied = now
            self._file.forget("forget_answers", now - KEPT)
        place = {"tenant": request.tenant, "route": request.route, "key": request.key}
        begun = self._file.one(
            "begin", **place, fingerprint=request.fingerprint, now=now, expired=now - KEPT, abandoned=now - ABANDONED
        )
        if begun:
            return None
        row = self._file.one("find", **place)
        if row is None:
            raise InProgressError("a request with this Idempotency-Key has just failed: send it again")
        fingerprint, status, media_type, body = row
        if fingerprint != request.fingerprint:
            raise KeyReusedError(Fault("", "this Idempotency-Key came with another body before"))
        if status is None:
            raise InProgressError("the first request with this Idempotency-Key has not been answered yet")
        return Answer(status, media_type, body)

    def finish(self, request: Request, answer: Answer) -> None:
        """Keep the answer."""
        self._file.one(
            "finish", tenant=request.tenant, route=request.route, key=request.key, status=answer.status,
            media_type=answer.media_type, body=answer.body,
        )  # fmt: skip

    def abandon(self, request: Request) -> None:
        """Forget that the request began: it may come again."""
        self._file.one("abandon", tenant=request.tenant, route=request.route, key=request.key)

    def abandon_all(self) -> None:
        """Forget all requests that began and were not answered; before this host's service takes requests."""
        self._file.one("abandon_unanswered")
