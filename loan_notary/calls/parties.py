# SPDX-License-Identifier: Apache-2.0
"""Calls on the keys of a loan's parties, and on the authorities that vouch for such keys."""

from collections.abc import Mapping
from typing import Any

import orjson

from loan_notary.answers import Key, Root
from loan_notary.call import Call, Page, get, member, path, send_json
from notary.parties.keys import PublicKey
from notary.parties.signatures import Party
from notary.schemes import PrivateKey

SomeKey = PrivateKey | PublicKey | Mapping[str, str]
"""A key, its public half, or that as a JWK. Of a private key only the public half is sent."""


def public_jwk(key: SomeKey) -> dict[str, str]:
    """Return the public half of a key as a JWK."""
    if isinstance(key, PrivateKey):
        return key.public.jwk
    return key.jwk if isinstance(key, PublicKey) else dict(key)


def register_key(
    party: Party,
    key: SomeKey,
    *,
    valid_from: str | None = None,
    valid_until: str | None = None,
    replaces: str | None = None,
    overlap_seconds: int | None = None,
) -> Call[Key]:
    """Register a party's public key, from now on or for a time.

    To rotate, name the key that it `replaces`; that one ends as this one begins, or `overlap_seconds` later.

    >>> first = client.register_key("lender", generate_key())
    >>> second = client.register_key("lender", generate_key(), replaces=first["kid"], overlap_seconds=3600)
    >>> client.key(first["kid"])["valid_until"] is None
    False
    """
    members = {
        "party": party,
        "jwk": public_jwk(key),
        "valid_from": valid_from,
        "valid_until": valid_until,
        "replaces": replaces,
        "overlap_seconds": overlap_seconds,
    }
    return send_json("POST", path("keys"), members)


def keys(party: Party | None = None, after: str = "") -> Call[Page[Key]]:
    """List the keys, of one party or of all.

    >>> key.public.kid in [item["kid"] for item in client.keys("lender")]
    True
    """

    def read(answer: bytes) -> Page[Key]:
        members = orjson.loads(answer)
        return Page(members["keys"], keys(party, members["after"]) if members["after"] else None)

    return Call("GET", path("keys", party=party, after=after), read)


def key(kid: str) -> Call[Key]:
    """Return a key.

    >>> client.key(key.public.kid)["party"]
    'lender'
    """
    return get(path("keys", kid))


def revoke_key(kid: str, moment: str) -> Call[Key]:
    """Revoke a key from a moment on, past or future.

    >>> lost = client.register_key("borrower", generate_key())
    >>> client.revoke_key(lost["kid"], "2026-01-31T08:30:00.000Z")["revoked_from"]
    '2026-01-31T08:30:00.000Z'
    """
    return send_json("POST", path("keys", kid, "revocation"), {"from": moment})


def register_root(
    party: Party, certificate: str, *, organization: str | None = None, valid_until: str | None = None
) -> Call[Root]:
    """Register an authority's certificate (PEM): keys that come with a chain to it are the party's.

    >>> client.register_root("lender", authority_pem, organization="示范银行")["party"]
    'lender'
    """
    members = {
        "party": party,
        "certificate": certificate,
        "organization": organization,
        "valid_until": valid_until,
    }
    return send_json("POST", path("roots"), members)


def roots() -> Call[list[Root]]:
    """List the registered authorities.

    >>> isinstance(client.roots(), list)
    True
    """
    return member(get(path("roots")), "roots")


def revoke_root(fingerprint: str, moment: str) -> Call[list[Root]]:
    """Revoke an authority from a moment on, and return its registrations.

    >>> root = client.register_root("lender", authority_pem, organization="示范银行")
    >>> [item["revoked_from"] for item in client.revoke_root(root["fingerprint"], "2026-01-31T08:30:00.000Z")]
    ['2026-01-31T08:30:00.000Z']
    """
    call: Call[Any] = send_json("POST", path("roots", fingerprint, "revocation"), {"from": moment})
    return member(call, "roots")
