# SPDX-License-Identifier: Apache-2.0
"""`Idempotency-Key`: the same request again gets the first answer again (draft-ietf-httpapi-idempotency-key-header-07).

A key is good for one tenant and one route, for a day. The request behind it is known by the SHA-256 of its body.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from api.traffic.store import TrafficFile
from notary.errors import Fault, InvalidInputError, RefusedError
from notary.ports.records import StoredRecord
from notary.privacy.vault import OwnerKeys

KEPT = 24 * 3_600_000
"""Milliseconds for which an answer is kept."""
ABANDONED = 60_000
"""Milliseconds after which a request that never ended counts as none: its process is gone."""
_ANSWER = "answer"
_KEY = re.compile(r"[!-~]{1,255}")


class IdempotencyKeyError(InvalidInputError):
    """Raised when a key is missing where one is needed, or is not a text of 1 to 255 visible characters."""


class KeyReusedError(InvalidInputError):
    """Raised when a key comes with another body than the first time."""


class InProgressError(RefusedError):
    """Raised when the first request with this key has not been answered yet."""


@dataclass(frozen=True)
class Request:
    """What a request is known by; `about_loan` is whether its answer may say anything of a loan."""

    tenant: int
    route: str
    key: str
    fingerprint: bytes
    about_loan: bool = True

    @property
    def place(self) -> str:
        """The place of its answer: among those of a tenant, one."""
        return f"{self.route}\n{self.key}"


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
    """Keeps the answers to requests with a key, sealed with the tenant's keys, which `keys` returns."""

    def __init__(self, file: TrafficFile, keys: Callable[[int], OwnerKeys]) -> None:
        self._file = file
        self._keys = keys
        self._tidied = 0

    def begin(self, request: Request, now: int) -> Answer | None:
        """Return the first answer to this request, or None for one that comes the first time.

        Whoever gets None has to call `finish` or `abandon`. Of requests that race, one gets None. Raises
        `KeyReusedError` and `InProgressError`.
        """
        if now - self._tidied > ABANDONED:
            self._tidied = now
            self._file.forget("forget_answers", now - KEPT)
        keys = self._keys(request.tenant)
        # A hash without a key would tell a body to whoever guesses it.
        known = keys.index(b"request", request.fingerprint)
        begun = self._file.one(
            "begin", **self._place(request), request=known, now=now, expired=now - KEPT, abandoned=now - ABANDONED,
            about_loan=request.about_loan,
        )  # fmt: skip
        if begun:
            return None
        row = self._file.one("find", **self._place(request))
        if row is None:
            raise InProgressError("a request with this Idempotency-Key has just failed: send it again")
        first, status, media_type, body = row
        if first != known:
            raise KeyReusedError(Fault("", "this Idempotency-Key came with another body before"))
        if status is None:
            raise InProgressError("the first request with this Idempotency-Key has not been answered yet")
        return Answer(status, media_type, keys.open(_ANSWER, request.place, body))

    def finish(self, request: Request, answer: Answer) -> None:
        """Keep the answer."""
        body = self._keys(request.tenant).seal(_ANSWER, request.place, answer.body)
        status, media_type = answer.status, answer.media_type
        self._file.one("finish", **self._place(request), status=status, media_type=media_type, body=body)

    def abandon(self, request: Request) -> None:
        """Forget that the request began: it may come again."""
        self._file.one("abandon", **self._place(request))

    def abandon_all(self) -> None:
        """Forget all requests that began and were not answered; before this host's service takes requests."""
        self._file.one("abandon_unanswered")

    def forget(self, lender: int, loan: str, records: Sequence[StoredRecord]) -> None:  # noqa: ARG002 - `Traces`
        """Forget the lender's answers that may be about a loan: which loan does not stand beside them."""
        self._file.forget("forget_answers_about_loans", lender)
        self._file.sweep()

    def _place(self, request: Request) -> dict[str, Any]:
        return {"tenant": request.tenant, "place": self._keys(request.tenant).index(b"answer", request.place.encode())}
