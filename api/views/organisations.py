# SPDX-License-Identifier: Apache-2.0
"""`/v1/organisations`: lenders, auditors and operators, for the operator."""

from typing import Any

import orjson
from flask import Blueprint, Response

from api.access.auth import SECRET_SIZE, authenticate, hash_secret, new_api_key
from api.making import making
from api.views.bodies import SMALL, read_object
from api.views.members import text_of
from api.wiring import Services
from notary.access import ROLES, ApiKey, Organisation, key_id
from notary.errors import Fault, InvalidInputError


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("organisations", __name__, url_prefix="/v1/organisations")
    store = services.access

    @views.post("")
    def add() -> Response:
        caller, moment = authenticate(store), making().moment
        chosen = read_object({"name", "role"}, limit=SMALL)
        name, role = text_of(chosen, "name"), chosen["role"]
        if not isinstance(role, str) or role not in ROLES:
            raise InvalidInputError(Fault("/role", f"must be {' or '.join(ROLES)}"))
        operator = caller.organisation.number
        services.administration.note(operator, moment, "organisation.add", caller.key, name, role=role)
        made = store.add_organisation(name, role, moment, once=True)
        secret = new_api_key(making().draw("API key", SECRET_SIZE))
        digest = hash_secret(secret)
        key = ApiKey(key_id(digest), made.number, "first", ROLES[role], moment)
        services.administration.note(
            made.number, moment, "api_key.create", caller.key, key.id, name=key.name, scopes=key.scopes
        )
        store.add_api_key(key, digest)
        return Response(orjson.dumps({**_members(made), "api_key": secret}), 201, mimetype="application/json")

    @views.get("")
    def index() -> Response:
        authenticate(store)
        found = [_members(item) for item in store.organisations()]
        return Response(orjson.dumps({"organisations": found}), mimetype="application/json")

    return views


def _members(organisation: Organisation) -> dict[str, Any]:
    return {"number": organisation.number, "name": organisation.name, "role": organisation.role}
