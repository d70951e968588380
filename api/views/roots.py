# SPDX-License-Identifier: Apache-2.0
"""`/v1/roots`: the certification authorities that vouch for the keys of a lender and its borrowers."""

from typing import Any

import orjson
from flask import Blueprint, Response

from api.auth import authenticated_lender
from api.views.bodies import read_object
from api.wiring import Services
from notary.encoding import b64, format_time
from notary.ports import PartyRoot

_LIMIT = 32 * 1024


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("roots", __name__, url_prefix="/v1/roots")

    @views.post("")
    def register() -> Response:
        lender = authenticated_lender(services.store)
        value = read_object({"party", "certificate"}, {"organization", "valid_until"}, limit=_LIMIT)
        root, new = services.roots.register(
            lender,
            value["party"],
            value["certificate"],
            organization=value.get("organization"),
            valid_until=value.get("valid_until"),
        )
        return Response(orjson.dumps(_members(root)), 201 if new else 200, mimetype="application/json")

    @views.get("")
    def index() -> Response:
        lender = authenticated_lender(services.store)
        return _list(services.store.roots(lender.number))

    @views.post("/<fingerprint>/revocation")
    def revoke(fingerprint: str) -> Response:
        lender = authenticated_lender(services.store)
        value = read_object({"from"}, limit=_LIMIT)
        return _list(services.roots.revoke(lender, fingerprint, value["from"]))

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
