# SPDX-License-Identifier: Apache-2.0
"""`/auditor/loans`, `/auditor/loan`: the loans that were granted, and one of them with its proofs."""

from datetime import UTC, date, datetime
from functools import cache
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from api.clock import now
from api.pages.auditor.overview import granted_lenders
from api.pages.loan_view import loan_page
from api.pages.page import page, see_other
from api.pages.sessions import signed_in
from api.reading import Reader, reader_of
from api.views.evidence import certificate_response, evidence_response
from api.wiring import Services
from notary.access import READ_RECORDS
from notary.errors import NotFoundError
from notary.lifecycle import STAGES
from notary.listing import Lists, Wanted
from notary.policies import CODES
from notary.ports import Loan
from notary.records.administration import ADMINISTRATION

_PAGE = 50
_DAY = 86_400_000


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("auditor_loans", __name__, url_prefix="/auditor")
    lists = Lists(services.store)

    @views.get("/loans")
    def index() -> Response:
        visitor = signed_in(services, READ_RECORDS, "auditor")
        lenders = granted_lenders(services, visitor)
        if lenders and "lender" not in request.args:
            return see_other(f"/auditor/loans?{urlencode({**request.args, 'lender': next(iter(lenders))})}")
        if not lenders:
            return page("auditor/loans.html", forms=True, private=True, lender=None)
        reading = reader_of(services, visitor.caller)
        number, cursor = request.args.get("number", "").strip(), request.args.get("cursor")
        wanted = Wanted(
            state=_chosen("state", STAGES), code=_chosen("code", CODES),
            received_from=_day("from", 0), received_until=_day("until", _DAY),
        )  # fmt: skip
        about = ["pages.auditor.loans", reading.asker, reading.lender.number, number, wanted._asdict()]
        place = services.cursors.open(cursor, about) if cursor else lists.begin_loans(now())
        _, policy = services.policies.at(reading.lender, place.as_of)
        sees = cache(lambda loan: number in loan and reading.sees(services.store, loan))
        found = lists.loans(reading.lender, wanted, place, _PAGE, sees, policy.thresholds)
        following = services.cursors.close(found.following, about) if found.following else None
        return page(
            "auditor/loans.html", forms=True, private=True, lenders=[(str(key), name) for key, name in lenders.items()],
            lender=str(reading.lender.number), lines=[line for line in found.items if line.loan != ADMINISTRATION],
            number=number, wanted=wanted, following=following, begun=cursor is not None, stages=STAGES, codes=CODES,
        )  # fmt: skip

    @views.get("/loan")
    def show() -> Response:
        reading, loan = _granted(services)
        return page(
            "auditor/loan.html", forms=True, private=True, loan=loan_page(services, reading.lender, loan.number),
            lender=reading.lender,
        )  # fmt: skip

    @views.get("/evidence.zip")
    def evidence() -> Response:
        reading, loan = _granted(services)
        return evidence_response(services, reading.lender, loan)

    @views.get("/receipt.json")
    def receipt() -> Response:
        record = _reading(services).record(services, request.args.get("record", ""))
        response = Response(services.issuer.stored(record), mimetype="application/json")
        response.headers["Content-Disposition"] = f'attachment; filename="{record.record_id}.receipt.json"'
        response.headers["Cache-Control"] = "private, no-store"
        return response

    @views.get("/certificate.pdf")
    def certificate() -> Response:
        return certificate_response(services, _reading(services).record(services, request.args.get("record", "")))

    return views


def _reading(services: Services) -> Reader:
    return reader_of(services, signed_in(services, READ_RECORDS, "auditor").caller)


def _granted(services: Services) -> tuple[Reader, Loan]:
    """Return who reads, and the loan that the address names. Raises `NotFoundError`."""
    reading, number = _reading(services), request.args.get("number", "")
    if number == ADMINISTRATION:
        raise NotFoundError("you have no loan of this number")
    return reading, reading.loan(services, number)


def _chosen(name: str, known: tuple[str, ...]) -> str | None:
    value = request.args.get(name)
    return value if value in known else None


def _day(name: str, more: int) -> int | None:
    """Return the beginning of the day that the address names, UTC, and `more` milliseconds; None if it names none."""
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000) + more
