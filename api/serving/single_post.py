# SPDX-License-Identifier: Apache-2.0
"""`POST /v1/records` on the event loop, where the answer is a plain 201 with the record's receipt.

A lender's engineers mostly send one record that is in order, by a key that was in use a moment ago; Flask's own work,
and a thread for each, takes longer than the notary's then. Everything else is Flask's: what is not plain is handed on
before it is looked at, and so is whatever turns out not to be in order. So each refusal is made in one place, and a
request that gets a 201 here would have got the same one there.
"""

import asyncio
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any, NamedTuple

from api.access.auth import hash_secret, is_use_due, refusal_of
from api.clock import now
from api.metrics.observing import request_timer
from api.serving.groups import Groups
from api.serving.rsgi import Headers
from api.serving.writer_link import WriterLink
from api.traffic.middleware import ALLOWANCE, caller_of, harden
from api.traffic.rates import RateLimiter
from api.wiring import Services
from api.writer_client import Places
from notary.errors import NotaryError, NotFoundError
from notary.log.submission import Placed, Submission
from notary.ports.parties import Lender
from notary.refusals import Answer
from notary.registration import MAX_BODY

_OUTCOME = "loan_notary.outcome"
"""Where the environment holds what the log has decided, or the error that it ended with."""
_PATH, _ENDPOINT = "/v1/records", "records.submit"
_MEDIA_TYPES = frozenset({"application/json", "application/jose+json"})
_NOT_PLAIN = ("HTTP_IDEMPOTENCY_KEY", "HTTP_CONTENT_DIGEST", "HTTP_CONTENT_ENCODING")
_BEARER = "Bearer "
_KNOWN_KEYS = 10_000
_GROUP = 256
"""Records that go to the log at once: so many of the longest fit into one frame to its writer."""

_Write = Callable[[Lender, Submission, Placed], bytes]


class _Request(NamedTuple):
    """A record that was checked, and the key that it came with: its SHA-256, and whose it was a moment ago."""

    key: bytes
    lender: Lender
    submission: Submission


class _Outcome(NamedTuple):
    """What became of a record in its group: its receipt, or else the log's answer, None if the log was not asked."""

    answer: Answer | NotaryError | None = None
    receipt: bytes | None = None


class Created(NamedTuple):
    """A 201: its headers, and its body."""

    headers: Headers
    receipt: bytes


class SinglePost:
    """Answers requests that `is_plain` lets through, each of them or none; for the coroutines of one event loop."""

    def __init__(self, services: Services) -> None:
        self._access = services.access
        self._registrar = services.registrar
        self._issuer = services.issuer
        self._limiter: RateLimiter = services.limiter
        self._is_remote = services.is_remote
        self._lenders: dict[bytes, Lender] = {}
        self._link = WriterLink(services.writer.path)
        self._groups = Groups(self._append, _GROUP)
        self._timer = request_timer("POST", _PATH, 2)

    async def answer(self, environ: dict[str, Any], body: bytes) -> Created | None:
        """Place a record and return the answer; None where it takes Flask to answer, by the same `environ`."""
        began = perf_counter()
        caller, moment = caller_of(environ), now()
        allowance = self._limiter.at_hand(caller, moment)
        try:
            if allowance is None:
                allowance = await asyncio.to_thread(self._limiter.take, caller, moment)
        except NotaryError:
            return None
        environ[ALLOWANCE] = allowance
        receipt = await self._receipt(environ, body) if allowance.allowed else None
        if receipt is None:
            return None
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(receipt)))]
        harden(headers, allowance)
        self._timer.observe(perf_counter() - began)
        return Created(headers, receipt)

    def close(self) -> None:
        """Close the way to the log."""
        self._link.close()

    async def _receipt(self, environ: dict[str, Any], body: bytes) -> bytes | None:
        key = hash_secret(environ["HTTP_AUTHORIZATION"].removeprefix(_BEARER))
        try:
            lender = self._lenders.get(key)
            if lender is None:
                lender = await asyncio.to_thread(self._lender_of, key)
            submission = await self._checked(lender, body)
        except NotaryError:
            return None
        try:
            outcome = await self._groups.do(_Request(key, lender, submission))
        except NotaryError as error:
            outcome = _Outcome(error)
        if outcome.answer is not None:
            environ[_OUTCOME] = outcome.answer
        return outcome.receipt

    async def _checked(self, lender: Lender, body: bytes) -> Submission:
        if self._is_remote:
            # The keys of signatures are asked of a server; nobody else waits for that.
            return await asyncio.to_thread(self._registrar.submission, lender, body, prove=True)
        return self._registrar.submission(lender, body, prove=True)

    async def _append(self, requests: list[_Request]) -> list[_Outcome]:
        """Place the records whose keys still open the door; no policy judges them, because no lender here has one."""
        write = self._issuer.writer()
        # Looked up for every group, and only once: a revocation counts from the next request on, and so does a policy,
        # with which the lender is not the same as a moment ago.
        keys = {request.key for request in requests}
        lenders = await asyncio.to_thread(self._opened, keys) if self._is_remote else self._opened(keys)
        taken = [request for request in requests if lenders[request.key] == request.lender]
        for key in [key for key, lender in lenders.items() if lender is None]:
            self._lenders.pop(key, None)

        def draft(places: Places) -> list[_Outcome]:
            return [_outcome(write, request, place) for request, place in zip(taken, places, strict=True)]

        outcomes = iter(await self._link.append([item.submission for item in taken], draft) if taken else ())
        return [next(outcomes) if lenders[item.key] == item.lender else _Outcome() for item in requests]

    def _opened(self, keys: set[bytes]) -> dict[bytes, Lender | None]:
        return {key: self._opened_by(key) for key in keys}

    def _lender_of(self, key: bytes) -> Lender:
        """Return whose key this is, to check a record with. Raises `NotFoundError` if nobody's who is let in here."""
        caller, _ = self._access.caller_with(key)
        if caller.policy:
            raise NotFoundError("a lender whose own policy is to be kept to")
        if len(self._lenders) >= _KNOWN_KEYS:
            self._lenders.clear()
        lender = self._lenders[key] = caller.lender
        return lender

    def _opened_by(self, key: bytes) -> Lender | None:
        """Return the lender who may submit with a key now, where nothing is to be written down about that."""
        try:
            caller, found = self._access.caller_with(key)
        except NotFoundError:
            return None
        moment = now()
        plain = caller.organisation.role == "lender" and not is_use_due(found, moment)
        return caller.lender if plain and refusal_of(caller, found, _ENDPOINT, moment) is None else None


def _outcome(write: _Write, request: _Request, place: Answer) -> _Outcome:
    if not isinstance(place, Placed) or not place.fresh:
        return _Outcome(place)
    try:
        return _Outcome(receipt=write(request.lender, request.submission, place))
    except NotaryError as error:
        return _Outcome(error)


def decided(environ: Mapping[str, Any]) -> Placed | None:
    """Return the place of a record that the log was asked about before Flask was; None if it was not asked.

    Asking again would be a second try at what is decided. Raises the error that it ended with.
    """
    outcome: Placed | NotaryError | None = environ.get(_OUTCOME)
    if isinstance(outcome, NotaryError):
        raise outcome
    return outcome


def is_plain(environ: Mapping[str, Any]) -> bool:
    """Tell whether a request has nothing to it but a record, whose length it says, and a key."""
    length = environ.get("CONTENT_LENGTH", "")
    return (
        environ["PATH_INFO"] == _PATH
        and environ["REQUEST_METHOD"] == "POST"
        and environ.get("CONTENT_TYPE") in _MEDIA_TYPES
        and not environ.get("QUERY_STRING")
        and environ.get("HTTP_AUTHORIZATION", "").startswith(_BEARER)
        and not any(name in environ for name in _NOT_PLAIN)
        and length.isascii()
        and length.isdigit()
        and len(length) < 7
        and 0 < int(length) <= MAX_BODY
    )
