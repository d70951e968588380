# SPDX-License-Identifier: Apache-2.0
"""`/lender`, `/lender/loans`, `/lender/loan`: how things stand, the loans, and one of them with its downloads."""

from collections.abc import Callable, Sequence
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from flask_babel import gettext as _

from api.clock import now
from api.pages import words
from api.pages.charts import bar_chart
from api.pages.lender.figures import overview, record_type
from api.pages.loan_view import loan_page
from api.pages.page import page, see_other
from api.pages.sessions import signed_in
from api.views.evidence import certificate_response, evidence_response
from api.wiring import Services
from notary.access import READ_RECORDS
from notary.errors import ErasedError, NotFoundError
from notary.lifecycle import STAGES
from notary.listing import Lists, Wanted
from notary.policies import CODES
from notary.ports import Lender, Loan, StoredRecord
from notary.records.administration import ADMINISTRATION

_PAGE = 50


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("loans", __name__, url_prefix="/lender")
    lists = Lists(services.store)

    @views.get("")
    def home() -> Response:
        lender = signed_in(services, READ_RECORDS, "lender").caller.lender
        found = overview(services, lender)
        latest = [
            (record, record_type(record), lists.begin_loans(now()).state(record.index)) for record in found.latest
        ]
        return page(
            "lender/overview.html", forms=True, private=True, found=found, latest=latest, waits=bar_chart(found.waits)
        )

    @views.get("/loans")
    def index() -> Response:
        lender = signed_in(services, READ_RECORDS, "lender").caller.lender
        number = request.args.get("number", "").strip()
        if number and services.store.find_loans([(lender.number, number)]):
            return see_other(_address(number))
        wanted = Wanted(state=_chosen("state", tuple(STAGES)), code=_chosen("code", CODES))
        about = ["lender.loans", lender.number, wanted._asdict()]
        cursor = request.args.get("cursor")
        place = services.cursors.open(cursor, about) if cursor else lists.begin_loans(now())
        _, policy = services.policies.at(lender, place.as_of)
        found = lists.loans(lender, wanted, place, _PAGE, lambda loan: loan != ADMINISTRATION, policy.thresholds)
        following = services.cursors.close(found.following, about) if found.following else None
        return page(
            "lender/loans.html", forms=True, private=True, lines=found.items, wanted=wanted, number=number,
            following=following, begun=bool(cursor), stage_options=_options(STAGES, words.FILTERS["stage_name"]),
            code_options=_options(CODES, str),
        )  # fmt: skip

    @views.get("/loan")
    def show() -> Response:
        visitor = signed_in(services, READ_RECORDS, "lender")
        lender, number = visitor.caller.lender, request.args.get("number", "")
        _loan(services, lender, number)
        return page(
            "lender/loan.html", forms=True, private=True, loan=loan_page(services, lender, number), lender=lender
        )

    @views.get("/evidence.zip")
    def evidence() -> Response:
        lender = signed_in(services, READ_RECORDS, "lender").caller.lender
        return evidence_response(services, lender, _loan(services, lender, request.args.get("number", "")))

    @views.get("/receipt.json")
    def receipt() -> Response:
        record = _record(services, signed_in(services, READ_RECORDS, "lender").caller.lender)
        response = Response(services.issuer.stored(record), mimetype="application/json")
        response.headers["Content-Disposition"] = f'attachment; filename="{record.record_id}.receipt.json"'
        response.headers["Cache-Control"] = "private, no-store"
        return response

    @views.get("/certificate.pdf")
    def certificate() -> Response:
        return certificate_response(
            services, _record(services, signed_in(services, READ_RECORDS, "lender").caller.lender)
        )

    return views


def _options(known: Sequence[str], name: Callable[[str], str]) -> list[tuple[str, str]]:
    return [("", _("all")), *((value, name(value)) for value in known)]


def _address(number: str) -> str:
    return f"/lender/loan?{urlencode({'number': number})}"


def _chosen(name: str, known: tuple[str, ...]) -> str | None:
    value = request.args.get(name)
    return value if value in known else None


def _loan(services: Services, lender: Lender, number: str) -> Loan:
    found = services.store.find_loans([(lender.number, number)]).get((lender.number, number))
    if found is None or number == ADMINISTRATION:
        raise NotFoundError("you have no loan of this number")
    if found.erasure:
        raise ErasedError(found.erasure)
    return found


def _record(services: Services, lender: Lender) -> StoredRecord:
    key = (lender.number, request.args.get("record", ""))
    found = services.store.find_records([key]).get(key)
    if found is None:
        raise NotFoundError("you have no record of this id")
    return found
