# SPDX-License-Identifier: Apache-2.0
"""`/v1/keys`: the public keys that a lender and its borrowers sign with."""

from typing import Any

import orjson
from flask import Blueprint, Response

from api.auth import authenticated_lender
from api.views.bodies import read_body
from api.wiring import Services
from notary.canonical import parse_json
from notary.encoding import format_time
from notary.errors import Fault, InvalidKeyError, NotFoundError
from notary.ports import PartyKey

_LIMIT = 4096


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("keys", __name__, url_prefix="/v1/keys")

    @views.post("")
    def register() -> Response:
        lender = authenticated_lender(services.store)
        value = parse_json(read_body("application/json", limit=_LIMIT), limit=_LIMIT)
        if not isinstance(value, dict) or value.keys() != {"party", "jwk"}:
            raise InvalidKeyError(Fault("", "must be an object of the members party and jwk", "C3"))
        key, new = services.registrar.register_key(lender, value["party"], value["jwk"])
        return Response(orjson.dumps(_members(key)), 201 if new else 200, mimetype="application/json")

    @views.get("/<kid>")
    def show(kid: str) -> Response:
        lender = authenticated_lender(services.store)
        key = services.store.party_keys(lender.number, [kid]).get(kid)
        if key is None:
            raise NotFoundError("you have no key of this id")
        return Response(orjson.dumps(_members(key)), mimetype="application/json")

    return views


def _members(key: PartyKey) -> dict[str, Any]:
    return {
        "kid": key.kid,
        "party": key.party,
        "jwk": orjson.loads(key.jwk),
        "registered_at": format_time(key.registered_at),
    }
