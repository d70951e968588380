# SPDX-License-Identifier: Apache-2.0
"""Every error that a client raises on purpose.

::

    NotaryError
    ├── NoAnswerError              the notary was not reached, or did not answer, in all attempts
    ├── BadAnswerError             what answers is not the API of a notary
    ├── StateTimeoutError          a record has not come as far as was waited for
    ├── WebhookMessageError        a message that did not come from the notary just now
    ├── ProblemError               the notary said no: status, type, detail, faults, trace id
    │   ├── InvalidRequestError    400, 413, 415, 422: what was sent is not well formed
    │   ├── AuthenticationError    401: no key, or one that does not count
    │   ├── PermissionDeniedError  403: the key lacks the scope
    │   ├── MissingError           404: nothing there that this key may see
    │   ├── ConflictError          409: well formed, but not allowed now
    │   ├── RateLimitedError       429, after all attempts
    │   └── ServiceError           5xx, after all attempts
    └── InvalidInputError          what was given to the client itself is not well formed, before anything is sent

`NotaryError` and `InvalidInputError` are those of `notary.errors`. The others are besides what they are there:
`MissingError` is a `NotFoundError`, `ConflictError` a `RefusedError`, and all that may pass is an `UnavailableError`.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from notary.errors import Fault, InvalidInputError, NotaryError, NotFoundError, RefusedError, UnavailableError

__all__ = [
    "AuthenticationError",
    "BadAnswerError",
    "ConflictError",
    "Fault",
    "InvalidInputError",
    "InvalidRequestError",
    "MissingError",
    "NoAnswerError",
    "NotaryError",
    "PermissionDeniedError",
    "ProblemError",
    "RateLimitedError",
    "ServiceError",
    "StateTimeoutError",
    "WebhookMessageError",
]


class NoAnswerError(UnavailableError):
    """Raised when the notary does not answer. It may have done what it was asked: send the same call again."""


class BadAnswerError(UnavailableError):
    """Raised when an answer cannot be read as the API's."""


class StateTimeoutError(UnavailableError):
    """Raised when a record is in `state`, and not in the one `wanted`, after `seconds`."""

    def __init__(self, state: str, wanted: str, seconds: float) -> None:
        self.state, self.wanted, self.seconds = state, wanted, seconds
        super().__init__(f"the record is {state}, not {wanted}, after {seconds:.0f} s")


class WebhookMessageError(InvalidInputError):
    """Raised when a message does not carry a good, fresh signature."""

    def __init__(self, detail: str) -> None:
        super().__init__(Fault("", detail))


class ProblemError(NotaryError):
    """Raised when the notary answers with an error; `members` is its problem document (RFC 9457).

    `faults` point at what is wrong in what was sent, by JSON Pointer. `trace_id` finds the request in the notary's log.
    """

    def __init__(self, status: int, members: Mapping[str, Any]) -> None:
        self.status = status
        self.members = members
        self.type = str(members.get("type", "about:blank"))
        self.title = str(members.get("title", f"HTTP status {status}"))
        self.detail = str(members.get("detail", ""))
        self.trace_id = str(members.get("trace_id", ""))
        self.faults = tuple(_fault(item) for item in _objects(members.get("errors")))
        self.values: tuple[object, ...] = ()
        Exception.__init__(self, f"{self.title}: {self.detail}" if self.detail else self.title)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.status, self.members)


class InvalidRequestError(ProblemError, InvalidInputError):
    """Raised when what was sent is not well formed."""


class AuthenticationError(InvalidRequestError):
    """Raised when there is no API key, or one that is unknown, ended or revoked."""


class PermissionDeniedError(InvalidRequestError):
    """Raised when the API key may not do this."""


class MissingError(ProblemError, NotFoundError):
    """Raised when there is nothing of that name that the API key may see."""


class ConflictError(ProblemError, RefusedError):
    """Raised when a record or an act is not allowed now, such as a second record of one id."""


class RateLimitedError(ProblemError, UnavailableError):
    """Raised when the notary has had too many requests for all attempts."""


class ServiceError(ProblemError, UnavailableError):
    """Raised when the notary cannot do it now, or has met an error of its own."""


_CLASSES: Mapping[int, type[ProblemError]] = {
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: MissingError,
    409: ConflictError,
    429: RateLimitedError,
}


def problem_error(status: int, members: object) -> ProblemError:
    """Return the error for a problem document, or for whatever else came with an error status."""
    kind = _CLASSES.get(status, ServiceError if status >= 500 else InvalidRequestError)
    return kind(status, members if isinstance(members, dict) else {})


def read_problem(status: int, body: bytes) -> ProblemError:
    """Return the error for an answer with an error status; a proxy's page is none that could be read."""
    try:
        return problem_error(status, orjson.loads(body))
    except ValueError:
        return problem_error(status, None)


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _fault(item: dict[str, Any]) -> Fault:
    return Fault(str(item.get("pointer", "")), str(item.get("detail", "")), str(item.get("check", "")))
