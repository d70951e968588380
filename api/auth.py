# SPDX-License-Identifier: Apache-2.0
"""API keys: 256 random bits that a lender shows as a bearer token (RFC 6750); the notary keeps their SHA-256.

A fast hash is right here: a random key of this length cannot be guessed from it.
"""

import secrets
from hashlib import sha256

from flask import request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from notary.errors import NotFoundError
from notary.ports import Lender, PartyStore

_PREFIX = "ln_"


def new_api_key() -> str:
    """Return a new API key; it can be shown once and not found again."""
    return _PREFIX + secrets.token_urlsafe(32)


def hash_api_key(api_key: str) -> bytes:
    """Return what the store keeps of an API key."""
    return sha256(api_key.encode()).digest()


def authenticated_lender(parties: PartyStore) -> Lender:
    """Return the lender whose API key the request carries. Raises `Unauthorized` (401)."""
    try:
        return parties.lender_by_api_key(_sent_api_key_hash())
    except NotFoundError:
        raise _unauthorized("this API key is not known") from None


def api_key_name() -> str:
    """Return the name of the API key that the request carries: 16 hex digits of its SHA-256, which tell no secret."""
    return _sent_api_key_hash().hex()[:16]


def _sent_api_key_hash() -> bytes:
    # Read here because werkzeug's parser, made for all schemes, takes as long as the query for the lender.
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unauthorized("an API key is needed: Authorization: Bearer ln_...")
    return hash_api_key(token.strip())


def _unauthorized(detail: str) -> Unauthorized:
    return Unauthorized(detail, www_authenticate=WWWAuthenticate("bearer", {"realm": "loan-notary"}))
