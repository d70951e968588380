# SPDX-License-Identifier: Apache-2.0
"""OAuth 2.0 client credentials with `private_key_jwt` (RFC 6749 section 4.4, RFC 7523 section 2.2).

The client signs an assertion with a key that it registered, and gets an API key for ten minutes. `iss` and `sub` are
the organisation's number, `aud` is the log's origin, and `jti` makes an assertion good for one use.
"""

from collections.abc import Callable
from dataclasses import dataclass

import orjson
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry

from api.access.auth import hash_secret, new_api_key
from notary.access import ROLES, AccessStore, ApiKey, ClientKey, key_id
from notary.errors import NotFoundError

ALGORITHMS = {"EdDSA": "Ed25519", "ES256": "ES256", "PS256": "PS256"}
"""The JWS algorithm of assertions by the algorithm of the key: Ed25519 has a name of its own here (RFC 9864)."""
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFETIME = 600
"""Seconds that a token opens doors for."""
MAX_ASSERTION = 4096
_MAX_AGE = 600
"""Seconds that an assertion may have left: its id is remembered for as long."""


class OAuthError(Exception):
    """Raised when no token is given out; `code` and the text are those of RFC 6749 section 5.2."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code


@dataclass(frozen=True)
class Token:
    """An access token, good for `LIFETIME` seconds."""

    secret: str
    scopes: tuple[str, ...]


class TokenIssuer:
    """Gives access tokens to clients that prove who they are. `clock` gives milliseconds since 1970."""

    def __init__(self, access: AccessStore, audience: str, clock: Callable[[], int]) -> None:
        self._access = access
        self._audience = audience
        self._clock = clock

    def issue(self, assertion: str, asked: str | None) -> Token:
        """Return a token for the scopes asked for, or for all that the role has. Raises `OAuthError`."""
        moment = self._clock()
        key, claims = self._verified(assertion, moment // 1000)
        try:
            organisation = self._access.organisation(key.organisation)
        except NotFoundError:
            raise _not_this_client() from None
        from_role = ROLES[organisation.role]
        scopes = tuple(dict.fromkeys(asked.split())) if asked else from_role
        if not set(scopes) <= set(from_role):
            raise OAuthError("invalid_scope", f"a client of this role has {' '.join(from_role)}")
        if not self._access.use_assertion(key.organisation, claims.jti, claims.exp * 1000, moment):
            raise OAuthError("invalid_client", "this assertion was used before")
        secret = new_api_key()
        digest = hash_secret(secret)
        made = ApiKey(key_id(digest), key.organisation, f"token of {key.kid}", scopes, moment, moment + LIFETIME * 1000)
        self._access.add_api_key(made, digest)
        return Token(secret, scopes)

    def _verified(self, assertion: str, now: int) -> "tuple[ClientKey, _Claims]":
        if len(assertion) > MAX_ASSERTION:
            raise OAuthError("invalid_client", f"an assertion has at most {MAX_ASSERTION} characters")
        try:
            unverified = orjson.loads(jws.extract_compact(assertion.encode()).payload)
            issuer = str(unverified["iss"])
        except (JoseError, ValueError, KeyError, TypeError, UnicodeEncodeError):
            raise _not_this_client() from None
        for key in self._keys(issuer):
            try:
                token = jwt.decode(
                    assertion, JWKRegistry.import_key(orjson.loads(key.jwk)), algorithms=[*ALGORITHMS.values()]
                )
            except (JoseError, ValueError):
                continue
            return key, _claims(token.claims, issuer, self._audience, now)
        raise _not_this_client()

    def _keys(self, issuer: str) -> list[ClientKey]:
        if not issuer.isascii() or not issuer.isdigit() or len(issuer) > 9:
            return []
        moment = self._clock()
        return [
            key for key in self._access.client_keys(int(issuer)) if key.revoked_at is None or key.revoked_at > moment
        ]


@dataclass(frozen=True)
class _Claims:
    jti: str
    exp: int


def _claims(claims: dict[str, object], issuer: str, audience: str, now: int) -> _Claims:
    """Check the claims of RFC 7523 section 3."""
    exp, jti, aud = claims.get("exp"), claims.get("jti"), claims.get("aud")
    if claims.get("iss") != issuer or claims.get("sub") != issuer:
        raise OAuthError("invalid_client", "iss and sub must be the organisation's number")
    if audience not in (aud if isinstance(aud, list) else [aud]):
        raise OAuthError("invalid_client", f"aud must be {audience}")
    if not isinstance(exp, int) or not now < exp <= now + _MAX_AGE:
        raise OAuthError("invalid_client", f"exp must be within the next {_MAX_AGE} seconds")
    if not isinstance(jti, str) or not 8 <= len(jti) <= 128:
        raise OAuthError("invalid_client", "jti must be a text of 8 to 128 characters")
    return _Claims(jti, exp)


def _not_this_client() -> OAuthError:
    return OAuthError("invalid_client", "the assertion is signed by no key of this client")
