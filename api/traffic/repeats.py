# SPDX-License-Identifier: Apache-2.0
"""`Idempotency-Key`: the same request again gets the first answer again (draft-ietf-httpapi-idempotency-key-header-07).

A key is good for one tenant and one route, for a day. The request behind it is known by the SHA-256 of its body.

A request can be cut short after it was done and before it was answered. So its moment and a seed for all that is random
in it are kept before it is done: done again, it makes the same, finds it there, and answers (`api.making`).
"""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from api.traffic.store import TrafficStore
from notary.errors import Fault, InvalidInputError, RefusedError
from notary.ports.records import StoredRecord
from notary.privacy.vault import OwnerKeys

KEPT = 24 * 3_600_000
"""Milliseconds for which an answer is kept."""
ABANDONED = 60_000
"""Milliseconds after which a request that never ended counts as none: its process is gone. So it does when it was taken
as long after now, by a clock that was set back since."""
SEED_SIZE = 32
_ANSWER, _SEED = "answer", "seed"
_KEY = re.compile(r"[!-~]{1,255}")


class IdempotencyKeyError(InvalidInputError):
    """Raised when a key is missing where one is needed, or is not a text of 1 to 255 visible characters."""


class KeyReusedError(InvalidInputError):
    """Raised when a key comes with another body than the first time."""


class InProgressError(RefusedError):
    """Raised when the first request with this key has not been answered yet."""


@dataclass(frozen=True)
class Request:
    """What a request is known by.

    `about_loan` is whether its answer may say anything of a loan, `makes` whether it would make something anew if it
    were done twice.
    """

    tenant: int
    route: str
    key: str
    fingerprint: bytes
    about_loan: bool = True
    makes: bool = True

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


@dataclass(frozen=True)
class Beginning:
    """A request that is to be done: when it was begun first, and `SEED_SIZE` random bytes, the same each time."""

    at: int
    seed: bytes


def read_key(header: str) -> str:
    """Return the key in a header, with or without the quotes of a structured field. Raises `IdempotencyKeyError`."""
    key = header[1:-1] if len(header) > 1 and header[0] == header[-1] == '"' else header
    if not _KEY.fullmatch(key):
        raise IdempotencyKeyError(Fault("", "Idempotency-Key must have 1 to 255 visible ASCII characters"))
    return key


class Repeats:
    """Keeps the answers to requests with a key, sealed with the tenant's keys, which `keys` returns."""

    def __init__(self, file: TrafficStore, keys: Callable[[int], OwnerKeys]) -> None:
        self._file = file
        self._keys = keys
        self._tidied = 0

    def begin(self, request: Request, now: int) -> Answer | Beginning:
        """Return the first answer to this request, or its beginning if it has none yet.

        Whoever gets a beginning has to call `finish`, `release` or `drop`. Of requests that race, one gets it. Raises
        `KeyReusedError` and `InProgressError`.
        """
        if now - self._tidied > ABANDONED:
            self._tidied = now
            self._file.forget("forget_answers", now - KEPT)
        keys = self._keys(request.tenant)
        # A hash without a key would tell a body to whoever guesses it.
        known = keys.index(b"request", request.fingerprint)
        place = self._place(request)
        self._file.one("drop_expired", **place, expired=now - KEPT)
        begin = self._file.one_for_good if request.makes else self._file.one
        begun = begin(
            "begin", **place, request=known, now=now, abandoned=now - ABANDONED, ahead=now + ABANDONED,
            about_loan=int(request.about_loan), seed=keys.seal(_SEED, request.place, os.urandom(SEED_SIZE)),
        )  # fmt: skip
        if begun:
            return Beginning(begun[0], keys.open(_SEED, request.place, begun[1]))
        row = self._file.one("find", **place)
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

    def release(self, request: Request) -> None:
        """Let a request that was not answered be done again, from the same beginning."""
        self._file.one("release", **self._place(request))

    def release_all(self) -> None:
        """Release all requests that were not answered; before this host's service takes requests."""
        self._file.one("release_all")

    def drop(self, request: Request) -> None:
        """Forget a request by which nothing was done."""
        self._file.one("drop", **self._place(request))

    def forget(self, lender: int, loan: str, records: Sequence[StoredRecord]) -> None:  # noqa: ARG002 - `Traces`
        """Forget the lender's answers that may be about a loan: which loan does not stand beside them."""
        self._file.forget("forget_answers_about_loans", lender)
        self._file.sweep()

    def _place(self, request: Request) -> dict[str, Any]:
        return {"tenant": request.tenant, "place": self._keys(request.tenant).index(b"answer", request.place.encode())}
