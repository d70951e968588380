# SPDX-License-Identifier: Apache-2.0
"""Operations on who may do what: organisations, keys, grants and passes."""

from api.access.oauth import ASSERTION_TYPE
from api.openapi import examples as ex
from api.openapi.model import Answer, Body, Link, Operation, Schema, Table
from api.openapi.shapes import TEXT, TIME, either, exactly, items, ref
from notary.access import ROLES

_NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 256, "description": "Printable characters."}
_NUMBER: Schema = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
_SCOPE = either(*sorted({scope for scopes in ROLES.values() for scope in scopes}))
_BY_ID = {"identity": "$response.body#/id"}
_NOTHING = Body.json(exactly({}), nothing={})


def _links(status: int, *endpoints: str) -> dict[int, tuple[Link, ...]]:
    return {status: tuple(Link(name, _BY_ID) for name in endpoints)}


API_KEYS = Table(
    "API keys",
    "What an organisation's own programs send as `Authorization: Bearer ln_...`.",
    {
        "api_keys.create": Operation(
            "Make an API key",
            {201: Answer("The key, shown this once.", ref("NewApiKey"))},
            "With scopes that your own key has.",
            body=Body.json(
                exactly({"name": _NAME, "scopes": items(_SCOPE, minItems=1)}, {"expires_at": TIME}),
                reading={"name": "reports", "scopes": ["records:read"], "expires_at": ex.LATER},
            ),
            refusals=("refused", "log-busy"),
            links=_links(201, "api_keys.rotate", "api_keys.revoke"),
        ),
        "api_keys.index": Operation("List API keys", {200: Answer("All, also ended ones.", ref("ApiKeys"))}),
        "api_keys.rotate": Operation(
            "Replace an API key",
            {201: Answer("The new key, shown this once.", ref("NewApiKey"))},
            "The old key goes on for `overlap_seconds`, a day if none are given.",
            paths={"identity": ex.API_KEY_ID},
            body=Body.json(
                exactly({}, {"overlap_seconds": {"type": "integer", "minimum": 0, "maximum": 2_592_000}}),
                hour={"overlap_seconds": 3600},
            ),
            refusals=("refused", "not-found", "log-busy"),
        ),
        "api_keys.revoke": Operation(
            "Revoke an API key",
            {200: Answer("The key, which opens nothing any more.", ref("ApiKey"))},
            paths={"identity": ex.API_KEY_ID},
            body=_NOTHING,
            refusals=("not-found", "log-busy"),
        ),
    },
)
_CLIENT_KID = {"kid": ex.CLIENT_KEY.public.kid}
_CLIENT_LINKS = (Link("client_keys.revoke", {"kid": "$response.body#/kid"}),)
CLIENT_KEYS = Table(
    "OAuth",
    "OAuth 2.0 client credentials with `private_key_jwt` (RFC 6749 section 4.4, RFC 7523).",
    {
        "client_keys.add": Operation(
            "Register a client key",
            {
                201: Answer("The key is registered.", ref("ClientKey")),
                200: Answer("It was registered before.", ref("ClientKey")),
            },
            body=Body.json(exactly({"jwk": ref("Jwk")}), ed25519={"jwk": ex.CLIENT_KEY.public.jwk}),
            refusals=("invalid-key", "refused", "log-busy"),
            links={201: _CLIENT_LINKS, 200: _CLIENT_LINKS},
        ),
        "client_keys.index": Operation("List client keys", {200: Answer("All of them.", ref("ClientKeys"))}),
        "oauth.token": Operation(
            "Get an access token",
            {
                200: Answer("A token for ten minutes; it is sent like an API key.", ref("Token")),
                400: Answer("The request cannot be answered with a token.", ref("OAuthError")),
                401: Answer("The assertion is not of this client, or was used before.", ref("OAuthError")),
            },
            "The assertion's `iss` and `sub` are the organisation's number, `aud` is the log's origin, `exp` is within "
            "ten minutes, `jti` is new. The one in the example is too old: make your own.",
            body=Body(
                {
                    "application/x-www-form-urlencoded": (
                        exactly(
                            {
                                "grant_type": either("client_credentials"),
                                "client_assertion_type": either(ASSERTION_TYPE),
                                "client_assertion": {"type": "string", "maxLength": 4096},
                            },
                            {"scope": TEXT},
                        ),
                        {
                            "assertion": {
                                "grant_type": "client_credentials",
                                "client_assertion_type": ASSERTION_TYPE,
                                "client_assertion": "eyJhbGciOiJFZDI1NTE5In0.e30.AA",
                                "scope": "records:read",
                            }
                        },
                    )
                }
            ),
        ),
        "client_keys.revoke": Operation(
            "Revoke a client key",
            {200: Answer("The key, which gets no tokens any more.", ref("ClientKey"))},
            paths=_CLIENT_KID,
            body=_NOTHING,
            refusals=("not-found", "log-busy"),
        ),
    },
)
GRANTS = Table(
    "Grants",
    "What auditors may read.",
    {
        "grants.make": Operation(
            "Grant loans to an auditor",
            {201: Answer("The grant.", ref("Grant"))},
            "One loan, or those that began in a time, or all; until `expires_at`. The operator names the `lender`.",
            body=Body.json(
                exactly(
                    {"auditor": _NUMBER, "expires_at": TIME},
                    {"lender": _NUMBER, "loan": _NAME, "began_from": TIME, "began_until": TIME},
                ),
                one_loan={"auditor": 3, "expires_at": ex.LATER, "loan": ex.LOAN},
            ),
            refusals=("log-busy",),
            links=_links(201, "grants.revoke"),
        ),
        "grants.index": Operation("List grants", {200: Answer("Those that concern you.", ref("Grants"))}),
        "grants.revoke": Operation(
            "Take a grant back",
            {200: Answer("The grant, which opens nothing any more.", ref("Grant"))},
            paths={"identity": ex.GRANT_ID},
            body=_NOTHING,
            refusals=("not-found", "log-busy"),
        ),
    },
)
PASSES = Table(
    "Loan passes",
    "A borrower's way to one loan, without an account.",
    {
        "passes.mint": Operation(
            "Make a pass",
            {201: Answer("The pass with its secret, shown this once.", ref("NewPass"))},
            body=Body.json(
                exactly({"loan": _NAME, "expires_at": TIME}), borrower={"loan": ex.LOAN, "expires_at": ex.LATER}
            ),
            refusals=("not-found", "log-busy"),
            links=_links(201, "passes.revoke"),
        ),
        "passes.index": Operation("List passes", {200: Answer("All, also ended ones.", ref("Passes"))}),
        "passes.revoke": Operation(
            "Take a pass back",
            {200: Answer("The pass, which opens nothing any more.", ref("Pass"))},
            paths={"identity": ex.PASS_ID},
            body=_NOTHING,
            refusals=("not-found", "log-busy"),
        ),
    },
)
ORGANISATIONS = Table(
    "Organisations",
    "For the operator.",
    {
        "organisations.add": Operation(
            "Register an organisation",
            {201: Answer("The organisation with its first API key, shown this once.", ref("NewOrganisation"))},
            body=Body.json(
                exactly({"name": _NAME, "role": either(*ROLES)}), auditor={"name": "Sample Audit", "role": "auditor"}
            ),
            refusals=("log-busy",),
        ),
        "organisations.index": Operation("List organisations", {200: Answer("All of them.", ref("Organisations"))}),
    },
)
