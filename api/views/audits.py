# SPDX-License-Identifier: Apache-2.0
"""`/v1/audits`: audits of the log, of a lender's records, of a sample, of a ledger; and what came of them."""

import io
from typing import Any

import orjson
from flask import Blueprint, Response

from api.access.auth import authenticate
from api.audits.audit import OrderedAudit
from api.audits.files import MAX_LEDGER
from api.audits.ordering import MEMBERS, find_audit, read_order, read_report, seconds_left, visible_audits
from api.clock import now
from api.folders.owned import ID_SIZE
from api.making import making
from api.views.bodies import LARGEST, SMALL, promised_digest, read_body, read_object, read_parts, require_media_type
from api.views.members import moment_or_none
from api.wiring import Services
from notary.audit.evaluation import evaluate
from notary.encoding import format_time
from notary.errors import Fault, InvalidInputError


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("audits", __name__, url_prefix="/v1/audits")
    files = services.audits

    @views.post("")
    def order() -> Response:
        caller = authenticate(services.access)
        chosen = read_object({"kind"}, MEMBERS, limit=SMALL)
        wanted, made = read_order(services, caller, chosen), making()
        return _answer(files.create(caller.organisation.number, wanted, made.moment, made.draw("audit", ID_SIZE)), 201)

    @views.get("")
    def index() -> Response:
        caller = authenticate(services.access)
        visible = [_members(audit) for audit in visible_audits(services, caller)]
        return Response(orjson.dumps({"audits": visible}), mimetype="application/json")

    @views.get("/<audit>")
    def show(audit: str) -> Response:
        return _answer(_find(services, audit))

    @views.get("/<audit>/report")
    def report(audit: str) -> Response:
        return Response(read_report(services, _find(services, audit)), mimetype="application/json")

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
            members = evaluate(orjson.loads(read_report(services, found)), results)
        return Response(orjson.dumps(members), mimetype="application/json")

    return views


def _find(services: Services, audit: str) -> OrderedAudit:
    return find_audit(services, authenticate(services.access), audit)


def _answer(audit: OrderedAudit, status: int = 200) -> Response:
    return Response(orjson.dumps(_members(audit)), status, mimetype="application/json")


def _members(audit: OrderedAudit) -> dict[str, Any]:
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
        "seconds_left": seconds_left(audit),
        "problem": audit.ended,
    }
