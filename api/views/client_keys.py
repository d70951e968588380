# SPDX-License-Identifier: Apache-2.0
"""`/v1/client-keys`: public keys with which an organisation asks for access tokens, instead of keeping an API key."""

from typing import Any

import orjson
from flask import Blueprint, Response

from api.access.auth import authenticate
from api.access.oauth import ALGORITHMS
from api.clock import now
from api.making import making
from api.views.bodies import SMALL, read_object
from api.views.members import moment_or_none
from api.wiring import Services
from notary.access import ClientKey
from notary.encoding import format_time
from notary.errors import Fault, InvalidKeyError, RefusedError
from notary.parties.keys import parse_jwk
from notary.schemes import SCHEMES

MAX_KEYS = 20
"""Client keys of one organisation."""


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("client_keys", __name__, url_prefix="/v1/client-keys")
    store = services.access

    @views.post("")
    def add() -> Response:
        caller, moment = authenticate(store), making().moment
        key = parse_jwk(read_object({"jwk"}, limit=SMALL)["jwk"])
        if key.alg not in ALGORITHMS:
            raise InvalidKeyError(Fault("/jwk", f"must be for {' or '.join(ALGORITHMS)}"))
        SCHEMES[key.alg].load(key)
        number = caller.organisation.number
        known = store.client_keys(number)
        if all(item.kid != key.kid for item in known):
            if len(known) >= MAX_KEYS:
                raise RefusedError(f"an organisation has at most {MAX_KEYS} client keys")
            services.administration.note(number, moment, "client_key.add", caller.key, key.kid)
        new = store.add_client_key(ClientKey(number, key.kid, key.encoded, moment))
        return _answer(services, number, key.kid, 201 if new else 200)

    @views.get("")
    def index() -> Response:
        keys = store.client_keys(authenticate(store).organisation.number)
        return Response(orjson.dumps({"client_keys": [_members(key) for key in keys]}), mimetype="application/json")

    @views.post("/<kid>/revocation")
    def revoke(kid: str) -> Response:
        caller, moment = authenticate(store), now()
        read_object(set(), limit=SMALL)
        number = caller.organisation.number
        if any(key.kid == kid and key.revoked_at is None for key in store.client_keys(number)):
            services.administration.note(number, moment, "client_key.revoke", caller.key, kid)
        store.revoke_client_key(number, kid, moment)
        return _answer(services, number, kid, 200)

    return views


def _answer(services: Services, organisation: int, kid: str, status: int) -> Response:
    key = next(key for key in services.access.client_keys(organisation) if key.kid == kid)
    return Response(orjson.dumps(_members(key)), status, mimetype="application/json")


def _members(key: ClientKey) -> dict[str, Any]:
    return {
        "kid": key.kid,
        "client_id": str(key.organisation),
        "jwk": orjson.loads(key.jwk),
        "created_at": format_time(key.created_at),
        "revoked_at": moment_or_none(key.revoked_at),
    }
