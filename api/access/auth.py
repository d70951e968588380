# SPDX-License-Identifier: Apache-2.0
"""Who makes a request: bearer tokens (RFC 6750) of 256 random bits, of which the notary keeps the SHA-256.

A fast hash is right here: a random token of this length cannot be guessed from it. `api.access.scopes` says what each
endpoint asks for.
"""

import secrets
from hashlib import sha256

from flask import g, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from api.access.scopes import SCOPES
from api.clock import now
from notary.access import AccessStore, ApiKey, Caller, LoanPass
from notary.encoding import b64url
from notary.errors import ErasedError, NotFoundError
from notary.ports.parties import Lender

_API_KEY, _PASS = "ln_", "lp_"
_USED_EVERY = 60_000
"""Milliseconds for which the last use of a key is not written down again."""


SECRET_SIZE = 32
"""Random bytes of a secret."""


def new_api_key(drawn: bytes | None = None) -> str:
    """Return a new API key, of these `SECRET_SIZE` random bytes if any; it can be shown once and not found again."""
    return _API_KEY + b64url(drawn or secrets.token_bytes(SECRET_SIZE))


def new_pass_secret(drawn: bytes | None = None) -> str:
    """Return a new loan pass's secret, of these `SECRET_SIZE` random bytes if any; it can be shown once."""
    return _PASS + b64url(drawn or secrets.token_bytes(SECRET_SIZE))


def hash_secret(secret: str) -> bytes:
    """Return what the store keeps of an API key or a pass's secret."""
    return sha256(secret.encode()).digest()


def authenticate(access: AccessStore) -> Caller:
    """Return who makes this request.

    Raises `Unauthorized` (401) for a key that is missing, unknown, revoked or expired, and `Forbidden` (403) for one
    without the scope that the endpoint asks for.
    """
    caller = caller_with(access, hash_secret(_bearer_token()))
    # Every endpoint has a line in the table; a test sees to that.
    require_scope(caller, SCOPES[request.endpoint or ""])
    return caller


def caller_with(access: AccessStore, sha256: bytes) -> Caller:
    """Return whose API key has this SHA-256, and note that it was used.

    Raises `Unauthorized` (401) for a key that is unknown, revoked or expired.
    """
    moment = now()
    try:
        caller, key = access.caller_with(sha256)
    except NotFoundError:
        raise _unauthorized("this API key is not known") from None
    g.organisation = caller.organisation.number
    g.reads_as = (caller.organisation.number, caller.key)
    if ended := _ended(key, moment):
        raise ended
    if is_use_due(key, moment):
        access.used_api_key(key.id, moment)
    return caller


def refusal_of(caller: Caller, key: ApiKey, endpoint: str, moment: int) -> Unauthorized | Forbidden | None:
    """Return why a key does not open an endpoint at a moment; None if it does."""
    return _ended(key, moment) or _lacks(caller, SCOPES[endpoint])


def is_use_due(key: ApiKey, moment: int) -> bool:
    """Tell whether the use of a key at a moment is to be written down."""
    return key.last_used_at is None or key.last_used_at + _USED_EVERY < moment


def require_scope(caller: Caller, scope: str) -> None:
    """Raise `Forbidden` (403) unless the caller's key has this scope."""
    if refusal := _lacks(caller, scope):
        raise refusal


def _ended(key: ApiKey, moment: int) -> Unauthorized | None:
    refusal = key.refusal(moment)
    return _unauthorized(f"this API key {refusal}") if refusal else None


def _lacks(caller: Caller, scope: str) -> Forbidden | None:
    return None if scope in caller.scopes else Forbidden(f"this API key has not the scope {scope}")


def authenticated_lender(access: AccessStore) -> Lender:
    """Return the lender who makes this request. Raises what `authenticate` raises, and `Forbidden` for others."""
    caller = authenticate(access)
    if caller.organisation.role != "lender":
        raise Forbidden("this is for lenders")
    return caller.lender


def authenticated_pass(access: AccessStore) -> LoanPass:
    """Return the loan pass that this request carries. Raises `Unauthorized` (401), and `ErasedError` (410)."""
    found, refusal = shown_pass(access)
    if refusal:
        raise _unauthorized(f"this loan pass {refusal}")
    if found.erasure:
        raise ErasedError(found.erasure)
    return found


def shown_pass(access: AccessStore) -> tuple[LoanPass, str | None]:
    """Return the loan pass that this request carries, and why it opens nothing, None if it does.

    Raises `Unauthorized` (401) for one that is missing or unknown.
    """
    moment = now()
    try:
        found = access.pass_with(hash_secret(_bearer_token()))
    except NotFoundError:
        raise _unauthorized("this loan pass is not known") from None
    g.reads_as = (None, found.id)
    refusal = found.refusal(moment)
    if refusal is None and (found.last_used_at is None or found.last_used_at + _USED_EVERY < moment):
        access.used_pass(found.id, moment)
    return found, refusal


def _bearer_token() -> str:
    # Read here because werkzeug's parser, made for all schemes, takes as long as the query for the lender.
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unauthorized("an API key is needed: Authorization: Bearer ln_...")
    return token.strip()


def _unauthorized(detail: str) -> Unauthorized:
    return Unauthorized(detail, www_authenticate=WWWAuthenticate("bearer", {"realm": "loan-notary"}))
