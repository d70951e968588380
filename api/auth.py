# SPDX-License-Identifier: Apache-2.0
"""Who makes a request: bearer tokens (RFC 6750) of 256 random bits, of which the notary keeps the SHA-256.

A fast hash is right here: a random token of this length cannot be guessed from it. `api.scopes` says what each
endpoint asks for.
"""

import secrets
from hashlib import sha256

from flask import g, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from api.clock import now
from api.scopes import SCOPES
from notary.access import AccessStore, ApiKey, Caller, LoanPass
from notary.errors import NotFoundError
from notary.ports import Lender

_API_KEY, _PASS = "ln_", "lp_"
_USED_EVERY = 60_000
"""Milliseconds for which the last use of a key is not written down again."""


def new_api_key() -> str:
    """Return a new API key; it can be shown once and not found again."""
    return _API_KEY + secrets.token_urlsafe(32)


def new_pass_secret() -> str:
    """Return a new loan pass's secret; it can be shown once and not found again."""
    return _PASS + secrets.token_urlsafe(32)


def hash_secret(secret: str) -> bytes:
    """Return what the store keeps of an API key or a pass's secret."""
    return sha256(secret.encode()).digest()


def authenticate(access: AccessStore) -> Caller:
    """Return who makes this request.

    Raises `Unauthorized` (401) for a key that is missing, unknown, revoked or expired, and `Forbidden` (403) for one
    without the scope that the endpoint asks for.
    """
    moment = now()
    token = _bearer_token()
    try:
        caller, key = access.caller_with(hash_secret(token))
    except NotFoundError:
        raise _unauthorized("this API key is not known") from None
    g.organisation = caller.organisation.number
    if refusal := refusal_of(caller, key, request.endpoint or "", moment):
        raise refusal
    if is_use_due(key, moment):
        access.used_api_key(key.id, moment)
    return caller


def refusal_of(caller: Caller, key: ApiKey, endpoint: str, moment: int) -> Unauthorized | Forbidden | None:
    """Return why a key does not open an endpoint at a moment; None if it does."""
    if refusal := key.refusal(moment):
        return _unauthorized(f"this API key {refusal}")
    # Every endpoint has a line in the table; a test sees to that.
    scope = SCOPES[endpoint]
    return None if scope in caller.scopes else Forbidden(f"this API key has not the scope {scope}")


def is_use_due(key: ApiKey, moment: int) -> bool:
    """Tell whether the use of a key at a moment is to be written down."""
    return key.last_used_at is None or key.last_used_at + _USED_EVERY < moment


def authenticated_lender(access: AccessStore) -> Lender:
    """Return the lender who makes this request. Raises what `authenticate` raises, and `Forbidden` for others."""
    caller = authenticate(access)
    if caller.organisation.role != "lender":
        raise Forbidden("this is for lenders")
    return caller.lender


def authenticated_pass(access: AccessStore) -> LoanPass:
    """Return the loan pass that this request carries. Raises `Unauthorized` (401)."""
    moment = now()
    try:
        found = access.pass_with(hash_secret(_bearer_token()))
    except NotFoundError:
        raise _unauthorized("this loan pass is not known") from None
    if refusal := found.refusal(moment):
        raise _unauthorized(f"this loan pass {refusal}")
    if found.last_used_at is None or found.last_used_at + _USED_EVERY < moment:
        access.used_pass(found.id, moment)
    return found


def _bearer_token() -> str:
    # Read here because werkzeug's parser, made for all schemes, takes as long as the query for the lender.
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unauthorized("an API key is needed: Authorization: Bearer ln_...")
    return token.strip()


def _unauthorized(detail: str) -> Unauthorized:
    return Unauthorized(detail, www_authenticate=WWWAuthenticate("bearer", {"realm": "loan-notary"}))
