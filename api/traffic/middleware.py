# SPDX-License-Identifier: Apache-2.0
"""Counts requests before Flask sees them, and hardens every answer after it: in WSGI, where both cost little."""

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any

import structlog
from werkzeug.exceptions import TooManyRequests

from api.access.auth import hash_secret
from api.clock import now
from api.problems import answer_http, answer_notary
from api.tracing.ids import new_id, parse_traceparent
from api.traffic.rates import Allowance, RateLimiter
from notary.access import key_id
from notary.errors import UnavailableError

_log = structlog.get_logger()

ALLOWANCE, REFUSAL = "loan_notary.allowance", "loan_notary.refusal"
"""Where the environment holds that a request was counted before, and the HTTP error that it has come to before."""
COUNTED = ("/v1/", "/loan/")
"""Where paths begin that are counted. The public log and the other pages are for anybody and any cache."""
_HARDENED = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
]
_POLICY = ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
_FRESH = ("Cache-Control", "private, no-cache")

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Traffic:
    """A WSGI application around another one."""

    def __init__(self, inner: Wsgi, limiter: RateLimiter) -> None:
        self._inner = inner
        self._limiter = limiter

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request, with 429 (RFC 6585 section 4) where its caller has asked too much.

        Each is counted as a problem, and the first of a minute is written down: all of them would fill the log.
        """
        allowance, away = environ.get(ALLOWANCE), None
        if allowance is None and environ["PATH_INFO"].startswith(COUNTED):
            try:
                allowance = self._limiter.take(caller_of(environ), now())
            except UnavailableError as error:
                away = error

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            harden(headers, allowance)
            return start_response(status, headers, *rest)

        if away is not None:
            return answer_notary(away, _trace(environ))(environ, start)
        if allowance is None or allowance.allowed:
            if REFUSAL in environ:
                return answer_http(environ[REFUSAL], _trace(environ))(environ, start)
            return self._inner(environ, start)
        refusal = TooManyRequests("too many requests in this minute", retry_after=allowance.reset)
        trace = _trace(environ)
        if allowance.is_news:
            _log.info("request limit reached", api_key=_key_of(environ), trace_id=trace)
        return answer_http(refusal, trace)(environ, start)


def harden(headers: list[tuple[str, str]], allowance: Allowance | None) -> None:
    """Add to an answer's headers what each is to have, and what is left to its caller."""
    names = {name for name, _ in headers}
    headers += [item for item in _HARDENED if item[0] not in names]
    if _POLICY[0] not in names:
        headers.append(_POLICY)
    if allowance is not None:
        headers += _told(allowance)
        if _FRESH[0] not in names:
            headers.append(_FRESH)


def caller_of(environ: Mapping[str, Any]) -> bytes:
    """Return what the caller is counted by: what it shows as its key, or its address where it shows none."""
    return sha256((environ.get("HTTP_AUTHORIZATION") or environ.get("REMOTE_ADDR", "")).encode("latin-1")).digest()


def _trace(environ: dict[str, Any]) -> str:
    return parse_traceparent(environ.get("HTTP_TRACEPARENT", "")) or new_id()


def _told(allowance: Allowance) -> list[tuple[str, str]]:
    """Return the headers of draft-ietf-httpapi-ratelimit-headers-11."""
    return [("RateLimit-Policy", allowance.policy), ("RateLimit", allowance.state)]


def _key_of(environ: dict[str, Any]) -> str | None:
    """Return the id of the API key, or of the pass, that a request came with; None if it came with none."""
    scheme, _, secret = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    return key_id(hash_secret(secret)) if scheme == "Bearer" else None
