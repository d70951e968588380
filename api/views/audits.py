# SPDX-License-Identifier: Apache-2.0
"""`/v1/audits`: audits of the log, of a lender's records, of a sample, of a ledger; and what came of them."""

import io
from typing import Any

import orjson
from flask import Blueprint, Response
from werkzeug.exceptions import Forbidden

from api.audits.audit import KINDS, Order, OrderedAudit
from api.audits.files import MAX_LEDGER
from api.auth import authenticate
from api.clock import now
from api.views.bodies import LARGEST, SMALL, promised_digest, read_body, read_object, read_parts, require_media_type
from api.views.members import decimal_of, moment_or_none, number_of, one_of, text_of, whole_of
from api.wiring import Services
from notary.access import Caller
from notary.audit.bookings import check_types
from notary.audit.evaluation import evaluate
from notary.audit.sample import Wanted
from notary.encoding import format_time
from notary.errors import Fault, InvalidInputError, JobError, NotFoundError

_SAMPLE = {"mode", "types", "confidence", "tolerable", "expected", "currency", "population", "seed_block"}
_MEMBERS: dict[str, set[str]] = {
    "log": set(),
    "records": {"lender"},
    "sample": {"lender", *_SAMPLE},
    "tie-out": {"lender", "types"},
}
"""The members of an order beside its kind."""


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("audits", __name__, url_prefix="/v1/audits")
    files = services.audits

    @views.post("")
    def order() -> Response:
        caller = authenticate(services.access)
        chosen = read_object({"kind"}, {"lender", *_SAMPLE}, limit=SMALL)
        made = _order(services, caller, chosen)
        return _answer(files.create(caller.organisation.number, made, now()), 201)

    @views.get("")
    def index() -> Response:
        caller = authenticate(services.access)
        found = files.audits(caller.organisation.number)
        visible = [_members(audit) for audit in reversed(found) if _is_visible(services, caller, audit)]
        return Response(orjson.dumps({"audits": visible}), mimetype="application/json")

    @views.get("/<audit>")
    def show(audit: str) -> Response:
        return _answer(_find(services, audit))

    @views.get("/<audit>/report")
    def report(audit: str) -> Response:
        return Response(_report(_find(services, audit)), mimetype="application/json")

    @views.put("/<audit>/ledger")
    def put_ledger(audit: str) -> Response:
        found = _find(services, audit)
        require_media_type("text/csv")
        return _answer(files.add_ledger(found.organisation, found.id, read_parts(MAX_LEDGER), promised_digest()))

    @views.post("/<audit>/cancellation")
    def cancel(audit: str) -> Response:
        found = _find(services, audit)
        read_object(set(), limit=SMALL)
        return _answer(files.cancel(found.organisation, found.id, now()))

    @views.post("/<audit>/evaluation")
    def evaluate_sample(audit: str) -> Response:
        found = _find(services, audit)
        data = read_body("text/csv", limit=LARGEST)
        if found.order.kind != "sample":
            raise InvalidInputError(Fault("", "this audit is no sample"))
        with io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="") as results:
            members = evaluate(orjson.loads(_report(found)), results)
        return Response(orjson.dumps(members), mimetype="application/json")

    return views


def _order(services: Services, caller: Caller, chosen: dict[str, Any]) -> Order:
    kind = one_of(chosen, "kind", KINDS)
    if others := chosen.keys() - {"kind"} - _MEMBERS[kind]:
        raise InvalidInputError(Fault(f"/{min(others)}", f"means nothing for an audit of the kind {kind}"))
    if kind == "log":
        return Order("log")
    lender = _lender(services, caller, number_of(chosen, "lender") if "lender" in chosen else None)
    if kind == "records":
        return Order("records", lender)
    types = _types(chosen)
    if kind == "tie-out":
        return Order("tie-out", lender, types)
    wanted = Wanted(
        mode="monetary" if one_of(chosen, "mode", ("attribute", "monetary")) == "monetary" else "attribute",
        lender=lender,
        types=types,
        confidence=decimal_of(chosen, "confidence"),
        tolerable=decimal_of(chosen, "tolerable"),
        expected=whole_of(chosen, "expected") if "expected" in chosen else 0,
        currency=text_of(chosen, "currency") if "currency" in chosen else None,
        finite=one_of(chosen, "population", ("infinite", "finite")) == "finite" if "population" in chosen else False,
    )
    block = number_of(chosen, "seed_block") if "seed_block" in chosen else None
    return Order("sample", lender, wanted=wanted, seed_block=block)


def _types(chosen: dict[str, Any]) -> tuple[str, ...]:
    types = chosen.get("types")
    if not isinstance(types, list) or not types or not all(isinstance(item, str) for item in types):
        raise InvalidInputError(Fault("/types", "must be a list of types of records that a ledger books"))
    check_types(types)
    return tuple(types)


def _lender(services: Services, caller: Caller, named: int | None) -> int:
    """Return the lender whose records may be audited whole. Raises `Forbidden`, `NotFoundError`."""
    role, own = caller.organisation.role, caller.organisation.number
    if role == "operator":
        raise Forbidden("an operator sees no loan: it audits the log")
    if named is None and role == "auditor":
        raise InvalidInputError(Fault("/lender", "is required: the number of the lender whose records these are"))
    if named in (None, own) and role == "lender":
        return own
    if role == "lender" or named is None or not _is_granted(services, named, own):
        raise NotFoundError("no lender of this number has granted you all of its loans, as this audit needs")
    return named


def _is_granted(services: Services, lender: int, auditor: int) -> bool:
    moment = now()
    return any(grant.covers_all(moment) for grant in services.access.grants(lender=lender, auditor=auditor))


def _is_visible(services: Services, caller: Caller, audit: OrderedAudit) -> bool:
    """Tell whether what was found may still be read: a grant may have ended since."""
    own, lender = caller.organisation.number, audit.order.lender
    return lender in (None, own) or (lender is not None and _is_granted(services, lender, own))


def _find(services: Services, audit: str) -> OrderedAudit:
    """Return an audit of the caller's. Raises `NotFoundError`."""
    caller = authenticate(services.access)
    found = services.audits.find(caller.organisation.number, audit)
    if not _is_visible(services, caller, found):
        raise NotFoundError("you have no audit of this id")
    return found


def _report(audit: OrderedAudit) -> bytes:
    if audit.state != "done":
        raise JobError(f"the audit is {audit.state} and has no report")
    return audit.report.read_bytes()


def _answer(audit: OrderedAudit, status: int = 200) -> Response:
    return Response(orjson.dumps(_members(audit)), status, mimetype="application/json")


def _members(audit: OrderedAudit) -> dict[str, Any]:
    spent = now() - audit.started_at if audit.started_at is not None else 0
    left = None
    if audit.state == "running" and audit.total and audit.done:
        left = round((audit.total - audit.done) * spent / audit.done / 1000)
    return {
        "id": audit.id,
        "kind": audit.order.kind,
        "lender": audit.order.lender,
        "state": audit.state,
        "created_at": format_time(audit.created_at),
        "started_at": moment_or_none(audit.started_at),
        "finished_at": moment_or_none(audit.finished_at),
        "cancelled_at": moment_or_none(audit.cancelled_at),
        "done": audit.done,
        "total": audit.total,
        "seconds_left": left,
        "problem": audit.ended,
    }
