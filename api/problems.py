# SPDX-License-Identifier: Apache-2.0
"""Every error that a client can meet, as `application/problem+json` (RFC 9457).

One table says which error is which status and type; nothing else in the service chooses a status for an error. A
problem names each fault with a JSON Pointer (RFC 6901) into what was sent.
"""

from typing import Any, NamedTuple

import orjson
import structlog
from flask import Flask, Response
from werkzeug.exceptions import HTTPException, InternalServerError, default_exceptions

from api.metrics.counters import PROBLEMS as GIVEN_OUT
from api.metrics.observing import log_refusal
from api.tracing.ids import trace_id
from api.traffic.repeats import IdempotencyKeyError, InProgressError, KeyReusedError
from notary import errors

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:loan-notary:problem:"
_RETRY_AFTER = "1"

_log = structlog.get_logger()


class Problem(NamedTuple):
    """A kind of problem: HTTP status, last part of its type URI, title."""

    status: int
    slug: str
    title: str


PROBLEMS: dict[type[errors.NotaryError], Problem] = {
    errors.MalformedJsonError: Problem(400, "malformed-json", "The body is not JSON as the notary reads it"),
    errors.InvalidRecordError: Problem(422, "invalid-record", "The record breaks a rule of its type"),
    errors.InvalidEnvelopeError: Problem(422, "invalid-envelope", "The envelope is not in the accepted form"),
    errors.InvalidSignatureError: Problem(422, "invalid-signature", "A signature is missing or wrong"),
    errors.UnknownKeyError: Problem(422, "unknown-key", "A signature is by a key that is not registered"),
    errors.KeyTimeError: Problem(422, "key-not-valid", "A signature is by a key that was not valid"),
    errors.BatchMismatchError: Problem(422, "batch-mismatch", "The records are not those that were signed"),
    errors.InvalidKeyError: Problem(422, "invalid-key", "The public key cannot be used"),
    errors.InvalidCertificateError: Problem(422, "invalid-certificate", "A certificate does not vouch for the key"),
    errors.InvalidPolicyError: Problem(422, "invalid-policy", "The policy cannot be kept to"),
    errors.ReceiptError: Problem(422, "invalid-receipt", "The document is not a receipt"),
    errors.PackageError: Problem(422, "invalid-package", "The file is not an evidence package"),
    errors.QrError: Problem(422, "invalid-qr", "The text is not that of a certificate's QR code"),
    IdempotencyKeyError: Problem(400, "idempotency-key", "The Idempotency-Key is missing or is none"),
    KeyReusedError: Problem(422, "idempotency-key-reused", "The Idempotency-Key came with another body before"),
    InProgressError: Problem(409, "idempotency-in-progress", "The first such request is not answered yet"),
    errors.DigestError: Problem(422, "wrong-digest", "The bytes are not those of the digest"),
    errors.MissingDocumentError: Problem(422, "missing-document", "A document of the record was not deposited"),
    errors.TilePathError: Problem(404, "not-found", "There is nothing here"),
    errors.InvalidInputError: Problem(422, "invalid-input", "The input is not well formed"),
    errors.DuplicateRecordError: Problem(409, "duplicate-record", "The record's id was used before"),
    errors.DuplicateBatchError: Problem(409, "duplicate-batch", "The batch's id was used before"),
    errors.SequenceError: Problem(409, "wrong-sequence", "The record is not the loan's next one"),
    errors.TransitionError: Problem(409, "illegal-transition", "The loan's state does not take this record"),
    errors.CurrencyError: Problem(409, "other-currency", "The loan is in another currency"),
    errors.ShareError: Problem(409, "wrong-share", "The shares of the loan do not sum to one"),
    errors.HolderError: Problem(409, "not-the-holder", "The loan is held by somebody else"),
    errors.PolicyRefusedError: Problem(409, "refused-by-policy", "The lender's own policy refuses the record"),
    errors.RevocationError: Problem(409, "revoked-before", "The revocation reaches further back already"),
    errors.ErasedError: Problem(410, "erased", "The loan was erased"),
    errors.HeldError: Problem(409, "held", "The loan is under a legal hold"),
    errors.DraftError: Problem(409, "other-draft", "A record of this id waits with other content"),
    errors.JobError: Problem(409, "job-refused", "The job does not take this now"),
    errors.HistoryLimitError: Problem(409, "history-too-long", "The loan's history does not fit into one document"),
    errors.PackageLimitError: Problem(409, "package-too-large", "The loan's evidence does not fit into one package"),
    errors.RefusedError: Problem(409, "refused", "The record is not allowed now"),
    errors.NotFoundError: Problem(404, "not-found", "There is nothing here"),
    errors.ReadOnlyError: Problem(405, "read-only", "This host only reads"),
    errors.LogBusyError: Problem(503, "log-busy", "The log is busy"),
    errors.CheckerBusyError: Problem(503, "checker-busy", "Too many documents are being checked"),
    errors.UnavailableError: Problem(503, "unavailable", "The service cannot do this now"),
    errors.NotaryError: Problem(500, "internal", "The service has met an error of its own"),
}
"""The problem of each error class; a class that is not here has its nearest base class's."""

_STATUSES = (400, 401, 403, 404, 405, 408, 413, 415, 416, 429, 503)
"""What the web framework answers by itself, or a view without an error of its own."""


def _of_status(status: int) -> Problem:
    name = default_exceptions[status]().name
    return Problem(status, name.lower().replace(" ", "-"), name)


KINDS: dict[str, Problem] = {problem.slug: problem for problem in (*map(_of_status, _STATUSES), *PROBLEMS.values())}
"""All problems by slug; each has a page, `help_page`."""


def help_page(slug: str) -> str:
    """Return the address of the page that says what happened and what to do."""
    return f"/problems/{slug}"


def describe(error: errors.NotaryError, trace: str | None = None) -> dict[str, Any]:
    """Return the members of the problem document for an error; `trace` as `answer_http` takes it."""
    problem = next(PROBLEMS[base] for base in type(error).__mro__ if base in PROBLEMS)
    if problem.status >= 500 and not isinstance(error, errors.UnavailableError):
        return _document(problem, "see the service's log for this trace id", trace=trace)
    document = _document(problem, str(error), _faults(error), trace)
    if isinstance(error, errors.PolicyRefusedError):
        return {**document, "findings": error.findings}
    return {**document, "writes_at": error.writes_at} if isinstance(error, errors.ReadOnlyError) else document


def install(app: Flask) -> None:
    """Answer every error of an application with a problem document."""
    app.register_error_handler(errors.NotaryError, answer_notary)
    app.register_error_handler(HTTPException, answer_http)
    app.register_error_handler(Exception, _answer_unexpected)


def problem_response(document: dict[str, Any]) -> Response:
    """Return a problem document as a response."""
    response = Response(orjson.dumps(document), document["status"], mimetype=MEDIA_TYPE)
    if document["status"] == 503:
        response.headers["Retry-After"] = _RETRY_AFTER
    return response


def answer_notary(error: errors.NotaryError, trace: str | None = None) -> Response:
    """Return the problem document of an error of ours; `trace` as `answer_http` takes it."""
    document = describe(error, trace)
    if document["status"] >= 500:
        _log.error("request failed", trace_id=document["trace_id"], error=type(error).__name__, reason=str(error))
    else:
        _log_refusal(document)
    return problem_response(document)


def answer_http(error: HTTPException, trace: str | None = None) -> Response:
    """Return the problem document of an HTTP error, with the headers that belong to its status.

    `trace` is the trace id of a request that has not reached the application.
    """
    if isinstance(error, InternalServerError):
        return _answer_unexpected(error.original_exception or error, trace)
    status = error.code or 500
    slug = error.name.lower().replace(" ", "-")
    problem = KINDS.get(slug, Problem(status, slug, error.name))
    document = _document(problem, error.description or error.name, trace=trace)
    _log_refusal(document)
    response = problem_response(document)
    # The headers that belong to the status (Allow, WWW-Authenticate) stay; those of the HTML page do not.
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def _answer_unexpected(error: BaseException, trace: str | None = None) -> Response:
    document = _document(PROBLEMS[errors.NotaryError], "see the service's log for this trace id", trace=trace)
    _log.error("unexpected error", trace_id=document["trace_id"], exc_info=error)
    return problem_response(document)


def _log_refusal(document: dict[str, Any]) -> None:
    log_refusal(document["type"].removeprefix(TYPE_PREFIX), document["status"], document["trace_id"])


def _document(
    problem: Problem, detail: str, faults: list[dict[str, str]] | None = None, trace: str | None = None
) -> dict[str, Any]:
    GIVEN_OUT.labels(problem.slug).inc()
    document = {
        "type": TYPE_PREFIX + problem.slug,
        "title": problem.title,
        "status": problem.status,
        "detail": detail,
        "trace_id": trace or trace_id(),
        "help": help_page(problem.slug),
    }
    return {**document, "errors": faults} if faults else document


def _faults(error: errors.NotaryError) -> list[dict[str, str]]:
    if isinstance(error, errors.InvalidInputError):
        return [{"pointer": item.pointer, "detail": item.detail, "check": item.check} for item in error.faults]
    if isinstance(error, errors.RefusedError) and error.check:
        return [{"pointer": error.pointer, "detail": str(error), "check": error.check}]
    return []
