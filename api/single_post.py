# SPDX-License-Identifier: Apache-2.0
"""`POST /v1/records` in WSGI, in front of Flask, where the answer is a plain 201 with the record's receipt.

A lender's engineers mostly send one record that is in order, by a key that was in use a moment ago; Flask's own work
takes longer than the notary's then. Everything else is Flask's: what is not plain is handed on before it is looked at,
and so is, with its body as it came, whatever turns out not to be in order. So each refusal is made in one place, and a
request that gets a 201 here would have got the same one there.
"""

from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from time import perf_counter
from typing import Any, NamedTuple

from api.auth import hash_secret, is_use_due, refusal_of
from api.clock import now
from api.observing import request_timer
from api.together import Together
from api.wiring import Services
from api.writer_protocol import MAX_SUBMISSIONS
from notary.errors import NotaryError, NotFoundError
from notary.log.sequencer import Placed, Submission
from notary.ports.parties import Lender
from notary.refusals import Answer
from notary.registration import MAX_BODY

_OUTCOME = "loan_notary.outcome"
"""Where the WSGI environment holds what the log has decided, or the error that it ended with."""
_PATH, _ENDPOINT = "/v1/records", "records.submit"
_MEDIA_TYPES = frozenset({"application/json", "application/jose+json"})
_NOT_PLAIN = ("HTTP_IDEMPOTENCY_KEY", "HTTP_CONTENT_DIGEST", "HTTP_CONTENT_ENCODING")
_BEARER = "Bearer "
_KNOWN_KEYS = 10_000

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class _Request(NamedTuple):
    """A record that was checked, and the key that it came with: its SHA-256, and whose it was a moment ago."""

    key: bytes
    lender: Lender
    submission: Submission


class SinglePost:
    """A WSGI application in front of another one."""

    def __init__(self, inner: Wsgi, services: Services) -> None:
        self._inner = inner
        self._access = services.access
        self._registrar = services.registrar
        self._gate = services.gate
        self._issuer = services.issuer
        self._lenders: dict[bytes, Lender] = {}
        self._together = Together(self._append, self._writer, lambda _: 1, MAX_SUBMISSIONS)
        self._timer = request_timer("POST", _PATH, 2)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request, or have it answered."""
        length = _plain_length(environ) if environ["PATH_INFO"] == _PATH else 0
        if not length:
            return self._inner(environ, start_response)
        began = perf_counter()
        body = environ["wsgi.input"].read(length)
        receipt = self._receipt(environ, body)
        if receipt is None:
            environ["wsgi.input"] = BytesIO(body)
            return self._inner(environ, start_response)
        start_response("201 CREATED", [("Content-Type", "application/json"), ("Content-Length", str(len(receipt)))])
        self._timer.observe(perf_counter() - began)
        return [receipt]

    def _receipt(self, environ: dict[str, Any], body: bytes) -> bytes | None:
        """Place a record and return its receipt; None where it takes Flask to answer."""
        key = hash_secret(environ["HTTP_AUTHORIZATION"].removeprefix(_BEARER))
        try:
            lender = self._lenders.get(key) or self._lender_of(key)
            submission = self._registrar.submission(lender, body, prove=True)
        except NotaryError:
            return None
        try:
            for outcome in self._together.do(_Request(key, lender, submission)):
                if isinstance(outcome, bytes):
                    return outcome
                environ[_OUTCOME] = outcome
        except NotaryError as error:
            environ[_OUTCOME] = error
        return None

    def _append(self, requests: list[_Request]) -> list[tuple[Answer, ...]]:
        """Place the records whose keys still open the door; return nothing for the others."""
        # Looked up for every group, and only once: a revocation counts from the next request on, and so does a policy,
        # with which the lender is not the same as a moment ago.
        lenders = {key: self._opened_by(key) for key in {request.key for request in requests}}
        taken = [request.submission for request in requests if lenders[request.key] == request.lender]
        for key in [key for key, lender in lenders.items() if lender is None]:
            self._lenders.pop(key, None)
        answers = iter(self._gate.append_unjudged(taken) if taken else ())
        return [(next(answers),) if lenders[request.key] == request.lender else () for request in requests]

    def _writer(self) -> Callable[[_Request, tuple[Answer, ...]], tuple[bytes | Answer, ...]]:
        """Return what puts the receipt in the place of an answer that a record has been placed."""
        receipt = self._issuer.writer()

        def write(request: _Request, answers: tuple[Answer, ...]) -> tuple[bytes | Answer, ...]:
            return tuple(
                [
                    receipt(request.lender, request.submission, answer)
                    if isinstance(answer, Placed) and answer.fresh
                    else answer
                    for answer in answers
                ]
            )

        return write

    def _lender_of(self, key: bytes) -> Lender:
        """Return whose key this is, to check a record with. Raises `NotFoundError` if nobody's who is let in here."""
        caller, _ = self._access.caller_with(key)
        if caller.policy:
            raise NotFoundError("a lender whose own policy is to be kept to")
        if len(self._lenders) == _KNOWN_KEYS:
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


def decided(environ: Mapping[str, Any]) -> Placed | None:
    """Return the place of a record that the log was asked about before Flask was; None if it was not asked.

    Asking again would be a second try at what is decided. Raises the error that it ended with.
    """
    outcome: Placed | NotaryError | None = environ.get(_OUTCOME)
    if isinstance(outcome, NotaryError):
        raise outcome
    return outcome


def _plain_length(environ: Mapping[str, Any]) -> int:
    """Return the length of the body of a request that has nothing to it but a record and a key; 0 for any other."""
    length = environ.get("CONTENT_LENGTH", "")
    if (
        environ["REQUEST_METHOD"] == "POST"
        and environ.get("CONTENT_TYPE") in _MEDIA_TYPES
        and not environ.get("QUERY_STRING")
        and environ.get("HTTP_AUTHORIZATION", "").startswith(_BEARER)
        and not any(name in environ for name in _NOT_PLAIN)
        and length.isascii()
        and length.isdigit()
        and len(length) < 7
    ):
        return int(length) if int(length) <= MAX_BODY else 0
    return 0
