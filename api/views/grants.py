# SPDX-License-Identifier: Apache-2.0
"""`/v1/grants`: what auditors may read, given by the lender whose loans they are, or by the operator."""

from typing import Any

import orjson
from flask import Blueprint, Response
from werkzeug.exceptions import Forbidden

from api.access.auth import authenticate
from api.clock import now
from api.making import making
from api.views.bodies import SMALL, read_object
from api.views.members import moment_or_none, number_of, text_of, time_of
from api.wiring import Services
from notary.access import Caller, Grant
from notary.encoding import format_time
from notary.errors import ErasedError, Fault, InvalidInputError, NotFoundError


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("grants", __name__, url_prefix="/v1/grants")
    store = services.access

    @views.post("")
    def make() -> Response:
        caller, moment = authenticate(store), making().moment
        chosen = read_object({"auditor", "expires_at"}, {"lender", "loan", "began_from", "began_until"}, limit=SMALL)
        ends = time_of(chosen, "expires_at", after=moment)
        assert ends is not None
        grant = Grant(
            id="grant_" + making().draw("grant", 8).hex(),
            auditor=_organisation(services, number_of(chosen, "auditor"), "auditor"),
            lender=_lender_of(services, caller, chosen),
            loan=text_of(chosen, "loan") if "loan" in chosen else None,
            began_from=time_of(chosen, "began_from"),
            began_until=time_of(chosen, "began_until"),
            created_at=moment,
            expires_at=ends,
        )
        services.administration.note(
            grant.lender, moment, "grant.make", caller.key, grant.id, name=f"auditor {grant.auditor}",
            about_loan=_reference(services, grant), begins=grant.began_from, ends=ends,
        )  # fmt: skip
        store.add_grant(grant)
        return Response(orjson.dumps(_members(grant)), 201, mimetype="application/json")

    @views.get("")
    def index() -> Response:
        grants = [_members(grant) for grant in _visible(services, authenticate(store))]
        return Response(orjson.dumps({"grants": grants}), mimetype="application/json")

    @views.post("/<identity>/revocation")
    def revoke(identity: str) -> Response:
        caller, moment = authenticate(store), now()
        read_object(set(), limit=SMALL)
        if caller.organisation.role == "auditor":
            raise Forbidden("an auditor takes no grant back")
        grant = next((item for item in _visible(services, caller) if item.id == identity), None)
        if grant is None:
            raise NotFoundError("you have no grant of this id")
        if grant.revoked_at is None:
            services.administration.note(grant.lender, moment, "grant.revoke", caller.key, grant.id)
            store.revoke_grant(grant.id, moment)
        changed = next(item for item in _visible(services, caller) if item.id == identity)
        return Response(orjson.dumps(_members(changed)), mimetype="application/json")

    return views


def _visible(services: Services, caller: Caller) -> list[Grant]:
    """Return the grants that concern an organisation; an operator's are all."""
    number = caller.organisation.number
    scope = {"lender": {"lender": number}, "auditor": {"auditor": number}}.get(caller.organisation.role, {})
    return services.access.grants(**scope)


def _lender_of(services: Services, caller: Caller, chosen: dict[str, Any]) -> int:
    role, number = caller.organisation.role, caller.organisation.number
    if role == "auditor":
        raise Forbidden("an auditor grants nothing")
    if role == "operator":
        if "lender" not in chosen:
            raise InvalidInputError(Fault("/lender", "is required: the number of the lender whose loans these are"))
        return _organisation(services, number_of(chosen, "lender"), "lender")
    if chosen.get("lender", number) != number:
        raise InvalidInputError(Fault("/lender", "must be yourself"))
    return number


def _reference(services: Services, grant: Grant) -> str | None:
    """Return by what the log names the grant's loan, if it is for one. Raises `ErasedError`."""
    if grant.loan is None:
        return None
    key = (grant.lender, grant.loan)
    found = services.store.find_loans([key]).get(key)
    if found is not None and found.erasure:
        raise ErasedError(found.erasure)
    return services.store.loan_reference(*key)


def _organisation(services: Services, number: int, role: str) -> int:
    """Return the number if it is that of an organisation of this role. Raises `InvalidInputError`."""
    try:
        found = services.access.organisation(number)
    except NotFoundError:
        found = None
    if found is None or found.role != role:
        raise InvalidInputError(Fault(f"/{role}", f"is the number of no {role}"))
    return number


def _members(grant: Grant) -> dict[str, Any]:
    return {
        "id": grant.id,
        "auditor": grant.auditor,
        "lender": grant.lender,
        "loan": grant.loan,
        "began_from": moment_or_none(grant.began_from),
        "began_until": moment_or_none(grant.began_until),
        "created_at": format_time(grant.created_at),
        "expires_at": format_time(grant.expires_at),
        "revoked_at": moment_or_none(grant.revoked_at),
    }
