# SPDX-License-Identifier: Apache-2.0
"""`/v1/policy`: with what a lender's loans are measured, and what it will not have in the log."""

from typing import Any

import orjson
from flask import Blueprint, Response

from api.access.auth import authenticate, authenticated_lender
from api.clock import now
from api.views.bodies import read_body
from api.views.moments import asked_moment
from api.wiring import Services
from notary.canonical import parse_json
from notary.encoding import format_time
from notary.policies import MAX_POLICY, policy_text, read_policy, stored_members
from notary.ports.policies import PolicyVersion


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("policy", __name__, url_prefix="/v1/policy")

    @views.get("")
    def show() -> Response:
        lender = authenticated_lender(services.access)
        return _json(services.store.policy_at(lender.number, asked_moment()))

    @views.put("")
    def put() -> Response:
        caller, moment = authenticate(services.access), now()
        policy = read_policy(parse_json(read_body("application/json", limit=MAX_POLICY), limit=MAX_POLICY))
        text, lender = policy_text(policy), caller.lender.number
        current = services.store.policy_at(lender, moment)
        if current is None or current.text != text:
            version = current.version + 1 if current else 1
            services.administration.note(lender, moment, "policy.set", caller.key, f"version {version}")
        return _json(services.store.set_policy(lender, text, moment, caller.key))

    return views


def _json(stored: PolicyVersion | None) -> Response:
    members: dict[str, Any] = {
        "version": stored.version if stored else 0,
        "set_at": format_time(stored.set_at) if stored else None,
        "set_by": stored.set_by if stored else None,
        **stored_members(stored),
    }
    return Response(orjson.dumps(members), mimetype="application/json")
