# SPDX-License-Identifier: Apache-2.0
"""`/v1/keys`: the public keys that a lender and its borrowers sign with."""

from typing import Any

import orjson
from flask import Blueprint, Response, request

from api.access.auth import authenticate, authenticated_lender
from api.making import making
from api.views.bodies import read_object
from api.wiring import Services
from notary.encoding import format_time
from notary.errors import Fault, InvalidInputError, NotFoundError
from notary.parties.signatures import PARTIES
from notary.ports.parties import PartyKey

_LIMIT = 4096
_PAGE = 1000


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("keys", __name__, url_prefix="/v1/keys")

    @views.post("")
    def register() -> Response:
        caller = authenticate(services.access)
        value = read_object(
            {"party", "jwk"}, {"valid_from", "valid_until", "replaces", "overlap_seconds"}, limit=_LIMIT
        )

        def note(key: PartyKey) -> None:
            services.administration.note(
                caller.lender.number, key.registered_at, "party_key.register", caller.key, key.kid, name=key.party,
                begins=key.validity.valid_from, ends=key.validity.valid_until,
            )  # fmt: skip

        key, new = services.keys.register(
            caller.lender,
            value["party"],
            value["jwk"],
            valid_from=value.get("valid_from"),
            valid_until=value.get("valid_until"),
            replaces=value.get("replaces"),
            overlap=value.get("overlap_seconds"),
            before=note,
        )
        return _json(_members(key), 201 if new else 200)

    @views.get("")
    def index() -> Response:
        lender = authenticated_lender(services.access)
        party = request.args.get("party")
        if party is not None and party not in PARTIES:
            raise InvalidInputError(Fault("", f"party is not one of {', '.join(PARTIES)}"))
        keys = services.store.list_keys(lender.number, party, request.args.get("after", ""), _PAGE)
        following = keys[-1].kid if len(keys) == _PAGE else None
        return _json({"keys": [_members(key) for key in keys], "after": following})

    @views.get("/<kid>")
    def show(kid: str) -> Response:
        lender = authenticated_lender(services.access)
        key = services.store.party_keys(lender.number, [kid]).get(kid)
        if key is None:
            raise NotFoundError("you have no key of this id")
        return _json(_members(key))

    @views.post("/<kid>/revocation")
    def revoke(kid: str) -> Response:
        caller = authenticate(services.access)
        value = read_object({"from"}, limit=_LIMIT)

        def note(moment: int) -> None:
            number = caller.lender.number
            services.administration.note(number, making().moment, "party_key.revoke", caller.key, kid, ends=moment)

        return _json(_members(services.keys.revoke(caller.lender, kid, value["from"], note)))

    return views


def _members(key: PartyKey) -> dict[str, Any]:
    return {
        "kid": key.kid,
        "party": key.party,
        "jwk": orjson.loads(key.jwk),
        "registered_at": format_time(key.registered_at),
        **key.validity.members(),
        "revoked_at": None if key.revoked_at is None else format_time(key.revoked_at),
    }


def _json(members: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(members), status, mimetype="application/json")
