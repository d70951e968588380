# SPDX-License-Identifier: Apache-2.0
"""`/v1/passes`: what a lender gives a borrower, so that he sees his loan without an account."""

from typing import Any

import orjson
from flask import Blueprint, Response

from api.access.auth import SECRET_SIZE, authenticate, authenticated_lender, hash_secret, new_pass_secret
from api.clock import now
from api.making import making
from api.views.bodies import SMALL, read_object
from api.views.members import moment_or_none, text_of, time_of
from api.wiring import Services
from notary.access import Caller, LoanPass
from notary.encoding import format_time
from notary.errors import ErasedError, NotFoundError


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("passes", __name__, url_prefix="/v1/passes")
    store = services.access

    @views.post("")
    def mint() -> Response:
        caller, moment = authenticate(store), making().moment
        chosen = read_object({"loan", "expires_at"}, limit=SMALL)
        loan, ends = text_of(chosen, "loan"), time_of(chosen, "expires_at", after=moment)
        assert ends is not None
        made, secret = mint_pass(services, caller, loan, ends)
        members = {**_members(made), "secret": secret, "link": pass_link(secret)}
        return Response(orjson.dumps(members), 201, mimetype="application/json")

    @views.get("")
    def index() -> Response:
        passes = store.passes(authenticated_lender(store).number)
        return Response(orjson.dumps({"passes": [_members(item) for item in passes]}), mimetype="application/json")

    @views.post("/<identity>/revocation")
    def revoke(identity: str) -> Response:
        caller = authenticate(store)
        read_object(set(), limit=SMALL)
        return Response(orjson.dumps(_members(revoke_pass(services, caller, identity))), mimetype="application/json")

    return views


def mint_pass(services: Services, caller: Caller, loan: str, ends: int) -> tuple[LoanPass, str]:
    """Make a pass to a loan of the caller's; return it with its secret. Raises `NotFoundError`."""
    lender, moment = caller.organisation.number, making().moment
    found = services.store.find_loans([(lender, loan)]).get((lender, loan))
    if found is None:
        raise NotFoundError("you have no loan of this number")
    if found.erasure:
        raise ErasedError(found.erasure)
    made = LoanPass("pass_" + making().draw("pass", 8).hex(), lender, loan, moment, ends)
    reference = services.store.loan_reference(lender, loan)
    services.administration.note(lender, moment, "pass.mint", caller.key, made.id, about_loan=reference, ends=ends)
    secret = new_pass_secret(making().draw("secret of a pass", SECRET_SIZE))
    services.access.add_pass(made, hash_secret(secret))
    return made, secret


def revoke_pass(services: Services, caller: Caller, identity: str) -> LoanPass:
    """End a pass now, unless it was ended before. Raises `NotFoundError`."""
    lender, moment = caller.organisation.number, now()
    if any(item.id == identity and item.revoked_at is None for item in services.access.passes(lender)):
        services.administration.note(lender, moment, "pass.revoke", caller.key, identity)
    return services.access.revoke_pass(lender, identity, moment)


def pass_link(secret: str) -> str:
    """Return where a pass's holder sees his loan: in the fragment no server, and no server's log, sees the secret."""
    return f"/loan#{secret}"


def _members(item: LoanPass) -> dict[str, Any]:
    return {
        "id": item.id,
        "loan": item.loan,
        "created_at": format_time(item.created_at),
        "expires_at": format_time(item.expires_at),
        "revoked_at": moment_or_none(item.revoked_at),
        "last_used_at": moment_or_none(item.last_used_at),
    }
