# SPDX-License-Identifier: Apache-2.0
"""Erasing loans, legal holds, and what is due to be erased."""

from itertools import islice
from typing import Any

import orjson
from flask import Blueprint, Response

from api.access.auth import authenticate, authenticated_lender
from api.clock import now
from api.views.members import moment_or_none
from api.wiring import Services
from notary.encoding import format_time
from notary.ports.records import Hold
from notary.privacy.erasing import LENDER, Erasure
from notary.privacy.retention import Due, due_loans

_MOST = 1000
"""Due loans that one answer lists; the rest are due after these are erased."""


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("erasures", __name__, url_prefix="/v1")
    store = services.erasures

    @views.delete("/loans/<loan_number:number>")
    def erase(number: str) -> Response:
        caller = authenticate(services.access)
        return _json(erasure_members(services.eraser.erase(caller.organisation.number, number, caller.key)))

    @views.put("/loans/<loan_number:number>/hold")
    def hold(number: str) -> Response:
        caller, moment = authenticate(services.access), now()
        lender = caller.organisation.number
        if not any(item.by == LENDER for item in store.holds(lender, number)):
            reference = services.store.loan_reference(lender, number)
            services.administration.note(lender, moment, "loan.hold", caller.key, LENDER, about_loan=reference)
            store.set_hold(lender, number, Hold(LENDER, moment))
        return _json({"loan": number, "holds": hold_members(store.holds(lender, number))})

    @views.delete("/loans/<loan_number:number>/hold")
    def release(number: str) -> Response:
        caller, moment = authenticate(services.access), now()
        lender = caller.organisation.number
        if any(item.by == LENDER for item in store.holds(lender, number)):
            reference = services.store.loan_reference(lender, number)
            services.administration.note(lender, moment, "loan.release", caller.key, LENDER, about_loan=reference)
            store.lift_hold(lender, number, LENDER)
        return _json({"loan": number, "holds": hold_members(store.holds(lender, number))})

    @views.get("/retention")
    def retention() -> Response:
        lender, moment = authenticated_lender(services.access), now()
        services.reads.note(lender.number)
        days = services.policies.of(lender).retention_days
        found = due_loans(services.store, lender.number, days, moment) if days is not None else iter(())
        due = [_due_members(item) for item in islice(found, _MOST)]
        return _json({"retention_days": days, "as_of": format_time(moment), "due": due})

    return views


def erasure_members(erasure: Erasure) -> dict[str, Any]:
    """Return an erasure as JSON: the entries whose openings are gone, and the id by which the log tells of it."""
    return {"erasure": erasure.id, "erased_at": moment_or_none(erasure.erased_at), "entries": list(erasure.entries)}


def hold_members(holds: tuple[Hold, ...]) -> list[dict[str, str]]:
    """Return holds as JSON."""
    return [{"by": item.by, "set_at": format_time(item.set_at)} for item in holds]


def _due_members(item: Due) -> dict[str, Any]:
    return {
        "loan": item.loan,
        "last_record_at": format_time(item.last_record_at),
        "due_at": format_time(item.due_at),
        "holds": hold_members(item.holds),
    }


def _json(members: dict[str, Any]) -> Response:
    return Response(orjson.dumps(members), mimetype="application/json")
