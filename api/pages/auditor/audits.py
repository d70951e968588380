# SPDX-License-Identifier: Apache-2.0
"""`/auditor/audits`: follow audits, read their reports, evaluate samples, take all of it along."""

import csv
import io
from typing import Any

import orjson
from flask import Blueprint, Response, request
from flask_babel import gettext as _
from werkzeug.exceptions import BadRequest

from api.audits.audit import OrderedAudit
from api.audits.ordering import find_audit, read_report, seconds_left, visible_audits
from api.clock import now
from api.pages.auditor.overview import names_of
from api.pages.page import page, see_other
from api.pages.sessions import Visitor, signed_in
from api.wiring import Services
from notary.access import RUN_AUDITS
from notary.audit.evaluation import ATTRIBUTE_COLUMNS, MONETARY_COLUMNS, evaluate
from notary.errors import NotaryError

_HOME = "/auditor/audits"


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("audits", __name__, url_prefix=_HOME)
    files = services.audits

    def found(audit: str) -> OrderedAudit:
        return find_audit(services, _visitor(services).caller, audit)

    @views.get("")
    def index() -> Response:
        audits = visible_audits(services, _visitor(services).caller)
        names = names_of(services, audits)
        return page("auditor/audits.html", private=True, forms=True, audits=audits, names=names)

    @views.get("/<audit>")
    def show(audit: str) -> Response:
        return _shown(services, found(audit))

    @views.get("/<audit>/report.json")
    def report(audit: str) -> Response:
        one = found(audit)
        return _download(read_report(services, one), f"{one.id}.json", "application/json")

    @views.get("/<audit>/items.csv")
    def items(audit: str) -> Response:
        one = found(audit)
        return _download(_table(services, one), f"{one.id}.csv", "text/csv; charset=utf-8")

    @views.post("/<audit>/evaluation")
    def evaluation(audit: str) -> Response:
        one = found(audit)
        sent = request.files.get("results")
        try:
            if sent is None or not sent.filename:
                return _shown(services, one, error=_("Choose the file with your results first."), status=422)
            with io.TextIOWrapper(io.BytesIO(sent.read()), encoding="utf-8", newline="") as rows:
                return _shown(services, one, evaluated=evaluate(orjson.loads(read_report(services, one)), rows))
        except NotaryError as error:
            return _shown(services, one, error=str(error).removeprefix("/: "), status=422)

    @views.post("/<audit>/cancellation")
    def cancel(audit: str) -> Response:
        one = found(audit)
        files.cancel(one.organisation, one.id, now())
        return see_other(f"{_HOME}/{one.id}")

    return views


def _visitor(services: Services) -> Visitor:
    return signed_in(services, RUN_AUDITS, "auditor")


def _shown(services: Services, audit: OrderedAudit, status: int = 200, **more: Any) -> Response:
    """Return the page of an audit: how far it is, or its report."""
    document = orjson.loads(read_report(services, audit)) if audit.state == "done" else None
    lender = services.store.lender(audit.order.lender) if audit.order.lender is not None else None
    return page(
        "auditor/audit.html", status=status, private=True, forms=True, connects=not audit.is_over, audit=audit,
        report=document, lender=lender, seconds_left=seconds_left(audit), **more,
    )  # fmt: skip


def _table(services: Services, audit: OrderedAudit) -> bytes:
    """Return the table that an auditor fills in: the items of a sample. Raises 400 for other audits."""
    document = orjson.loads(read_report(services, audit))
    if audit.order.kind != "sample":
        raise BadRequest("this audit is no sample")
    columns = ATTRIBUTE_COLUMNS if document["wanted"]["mode"] == "attribute" else MONETARY_COLUMNS
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(columns)
    rows.writerows((item["index"], "") for item in document["items"])
    return table.getvalue().encode()


def _download(data: bytes, name: str, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(data, 200, headers, content_type=media_type)
