# SPDX-License-Identifier: Apache-2.0
"""`/auditor`: what was granted, how the log does, what is odd in a lender's loans."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, request

from api.access.reading import reader_of
from api.audits.audit import OrderedAudit
from api.audits.ordering import visible_audits
from api.clock import now
from api.pages.charts import bar_chart
from api.pages.page import page, see_other
from api.pages.sessions import Visitor, signed_in
from api.views.findings import finding_lines
from api.wiring import Services
from notary.access import READ_RECORDS, Grant
from notary.history import Severity
from notary.policies import CODES

_LATEST = 5
_MOST_FINDINGS = 200
_SEVERITIES = tuple(severity.value for severity in Severity)


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("auditor", __name__, url_prefix="/auditor")

    @views.get("")
    def overview() -> Response:
        visitor = signed_in(services, READ_RECORDS, "auditor")
        audits = visible_audits(services, visitor.caller)[:_LATEST]
        return page(
            "auditor/overview.html",
            private=True,
            forms=True,
            grants=open_grants(services, visitor),
            lenders=granted_lenders(services, visitor),
            audits=audits,
            names=names_of(services, audits),
            head=services.log.head(),
            anchor=services.store.newest_anchor(),
        )

    @views.get("/findings")
    def findings() -> Response:
        visitor, moment = signed_in(services, READ_RECORDS, "auditor"), now()
        lenders = granted_lenders(services, visitor)
        if lenders and "lender" not in request.args:
            return see_other(f"/auditor/findings?lender={next(iter(lenders))}")
        every: list[dict[str, Any]] = []
        if lenders:
            reading = reader_of(services, visitor.caller)
            reading.note(services)
            every = list(finding_lines(services, reading, moment))
        code, severity = _chosen("code", CODES), _chosen("severity", _SEVERITIES)
        found = [line for line in every if code in ("", line["code"]) and severity in ("", line["severity"])]
        counts = Counter(line["code"] for line in every)
        return page(
            "auditor/findings.html",
            private=True,
            forms=True,
            lenders=[(str(number), name) for number, name in lenders.items()],
            lender=request.args.get("lender"),
            codes=[name for name in CODES if name in counts],
            severities=_SEVERITIES,
            code=code,
            severity=severity,
            chart=bar_chart([(name, counts[name]) for name in CODES if name in counts]),
            total=len(found),
            found=sorted(found, key=lambda line: _SEVERITIES.index(line["severity"]), reverse=True)[:_MOST_FINDINGS],
        )

    return views


def open_grants(services: Services, visitor: Visitor) -> list[Grant]:
    """Return the grants to the visitor's organisation that are open, the latest first."""
    moment, grants = now(), services.access.grants(auditor=visitor.caller.organisation.number)
    return [grant for grant in reversed(grants) if grant.is_open(moment)]


def granted_lenders(services: Services, visitor: Visitor) -> dict[int, str]:
    """Return the names of the lenders that have granted loans to the visitor's organisation, by number."""
    numbers = sorted({grant.lender for grant in open_grants(services, visitor)})
    return {number: services.store.lender(number).name for number in numbers}


def names_of(services: Services, audits: Sequence[OrderedAudit]) -> dict[int, str]:
    """Return the names of the lenders that audits are of, by number."""
    numbers = {audit.order.lender for audit in audits if audit.order.lender is not None}
    return {number: services.store.lender(number).name for number in numbers}


def _chosen(name: str, known: tuple[str, ...]) -> str:
    """Return what the address chooses, "" for everything."""
    value = request.args.get(name, "")
    return value if value in known else ""
