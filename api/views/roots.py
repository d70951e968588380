# SPDX-License-Identifier: Apache-2.0
"""`/v1/roots`: the certification authorities that vouch for the keys of a lender and its borrowers."""

from typing import Any

import orjson
from flask import Blueprint, Response

from api.access.auth import authenticate, authenticated_lender
from api.making import making
from api.views.bodies import read_object
from api.wiring import Services
from notary.encoding import b64, format_time
from notary.ports.parties import PartyRoot

_LIMIT = 32 * 1024


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("roots", __name__, url_prefix="/v1/roots")

    @views.post("")
    def register() -> Response:
        caller = authenticate(services.access)
        value = read_object({"party", "certificate"}, {"organization", "valid_until"}, limit=_LIMIT)

        def note(root: PartyRoot) -> None:
            services.administration.note(
                caller.lender.number, making().moment, "root.register", caller.key, root.fingerprint, name=root.party,
                begins=root.validity.valid_from, ends=root.validity.valid_until,
            )  # fmt: skip

        root, new = services.roots.register(
            caller.lender,
            value["party"],
            value["certificate"],
            organization=value.get("organization"),
            valid_until=value.get("valid_until"),
            before=note,
        )
        return Response(orjson.dumps(_members(root)), 201 if new else 200, mimetype="application/json")

    @views.get("")
    def index() -> Response:
        lender = authenticated_lender(services.access)
        return _list(services.store.roots(lender.number))

    @views.post("/<fingerprint>/revocation")
    def revoke(fingerprint: str) -> Response:
        caller = authenticate(services.access)
        value = read_object({"from"}, limit=_LIMIT)

        def note(moment: int) -> None:
            number = caller.lender.number
            services.administration.note(number, making().moment, "root.revoke", caller.key, fingerprint, ends=moment)

        return _list(services.roots.revoke(caller.lender, fingerprint, value["from"], note))

    return views


def _members(root: PartyRoot) -> dict[str, Any]:
    return {
        "fingerprint": root.fingerprint,
        "party": root.party,
        "organization": root.organization,
        "certificate": b64(root.certificate),
        **root.validity.members(),
        "revoked_at": None if root.revoked_at is None else format_time(root.revoked_at),
    }


def _list(roots: list[PartyRoot]) -> Response:
    return Response(orjson.dumps({"roots": [_members(root) for root in roots]}), mimetype="application/json")
