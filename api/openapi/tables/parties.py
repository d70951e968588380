# SPDX-License-Identifier: Apache-2.0
"""Operations on the keys that parties sign with, and on the authorities that vouch for them."""

from api.openapi import examples as ex
from api.openapi.model import Answer, Body, Link, Operation, Query, Table
from api.openapi.shapes import TEXT, TIME, WHOLE, either, exactly, or_null, ref
from notary.parties.signatures import PARTIES

_KEY = (
    "invalid-key", "invalid-input", "not-found", "revoked-before", "refused", "log-busy",
)  # fmt: skip
_KID = {"kid": ex.LENDER_KEY.public.kid}
_FINGERPRINT = {"fingerprint": ex.ROOT_FINGERPRINT}
_KEY_LINKS = tuple(Link(f"keys.{name}", {"kid": "$response.body#/kid"}) for name in ("show", "revoke"))
_ROOT_LINKS = (Link("roots.revoke", {"fingerprint": "$response.body#/fingerprint"}),)

KEYS = Table(
    "Keys",
    "Public keys that a lender and its borrowers sign with.",
    {
        "keys.register": Operation(
            "Register a key",
            {
                201: Answer("The key is registered.", ref("Key")),
                200: Answer("It was registered before.", ref("Key")),
            },
            "For a time, for ever, or in place of another key (`replaces`), which then ends after `overlap_seconds`.",
            body=Body.json(
                exactly(
                    {"party": either(*PARTIES), "jwk": ref("Jwk")},
                    {
                        "valid_from": or_null(TIME),
                        "valid_until": or_null(TIME),
                        "replaces": or_null(TEXT),
                        "overlap_seconds": or_null(WHOLE),
                    },
                ),
                lender={"party": "lender", "jwk": ex.LENDER_KEY.public.jwk},
                borrower={"party": "borrower", "jwk": ex.BORROWER_KEY.public.jwk, "valid_until": ex.LATER},
            ),
            refusals=_KEY,
            links={201: _KEY_LINKS, 200: _KEY_LINKS},
        ),
        "keys.index": Operation(
            "List keys",
            {200: Answer("Up to 1,000 keys; `after` is where the next page begins.", ref("Keys"))},
            query=(
                Query("party", either(*PARTIES), "Only this party's."),
                Query("after", TEXT, "Begin after this key."),
            ),
            refusals=("invalid-input",),
        ),
        "keys.show": Operation(
            "Show a key", {200: Answer("The key.", ref("Key"))}, paths=_KID, refusals=("not-found",)
        ),
        "keys.revoke": Operation(
            "Revoke a key",
            {200: Answer("The key, which counts no more from that moment on.", ref("Key"))},
            paths=_KID,
            body=Body.json(exactly({"from": TIME}), later={"from": ex.LATER}),
            refusals=_KEY,
        ),
    },
)
ROOTS = Table(
    "Roots",
    "Authorities whose certificates vouch for keys.",
    {
        "roots.register": Operation(
            "Register an authority",
            {
                201: Answer("The authority is registered.", ref("Root")),
                200: Answer("It was registered before.", ref("Root")),
            },
            body=Body.json(
                exactly(
                    {"party": either(*PARTIES), "certificate": TEXT},
                    {"organization": or_null(TEXT), "valid_until": or_null(TIME)},
                ),
                lender={"party": "lender", "certificate": ex.ROOT, "organization": "Sample Bank"},
            ),
            refusals=("invalid-certificate", "invalid-key", "invalid-input", "log-busy"),
            links={201: _ROOT_LINKS, 200: _ROOT_LINKS},
        ),
        "roots.index": Operation("List authorities", {200: Answer("All of them.", ref("Roots"))}),
        "roots.revoke": Operation(
            "Revoke an authority",
            {200: Answer("Its registrations, which count no more from that moment on.", ref("Roots"))},
            paths=_FINGERPRINT,
            body=Body.json(exactly({"from": TIME}), later={"from": ex.LATER}),
            refusals=("not-found", "invalid-input", "invalid-key", "revoked-before", "log-busy"),
        ),
    },
)
