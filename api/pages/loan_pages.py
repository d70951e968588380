# SPDX-License-Identifier: Apache-2.0
"""The views of loans that lenders and auditors have in common: the list, one loan with its proofs, its downloads."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from flask_babel import gettext as _

from api.access.read_notes import asked_for
from api.access.reading import Reader, reader_of
from api.clock import now
from api.pages import words
from api.pages.loan_view import loan_page
from api.pages.page import page, see_other
from api.pages.sessions import signed_in
from api.views.evidence import certificate_response, evidence_response
from api.wiring import Services
from notary.access import READ_RECORDS
from notary.errors import NotFoundError
from notary.lifecycle import STAGES
from notary.listing import Lists, Wanted
from notary.policies import CODES
from notary.ports.records import Loan
from notary.records.administration import ADMINISTRATION

_PAGE = 50
_DAY = 86_400_000


def add_loan_views(views: Blueprint, services: Services, role: str) -> None:
    """Add `/loan`, `/evidence.zip`, `/receipt.json` and `/certificate.pdf` to the pages of a role."""

    @views.get("/loan")
    def show() -> Response:
        reading, loan = _found(services, role)
        shown = loan_page(services, reading.lender, loan.number)
        return page(f"{role}/loan.html", forms=True, private=True, loan=shown, lender=reading.lender)

    @views.get("/evidence.zip")
    def evidence() -> Response:
        reading, loan = _found(services, role)
        return evidence_response(services, reading.lender, loan)

    @views.get("/receipt.json")
    def receipt() -> Response:
        record = _reading(services, role).record(services, request.args.get("record", ""))
        response = Response(services.issuer.stored(record), mimetype="application/json")
        response.headers["Content-Disposition"] = f'attachment; filename="{record.record_id}.receipt.json"'
        response.headers["Cache-Control"] = "private, no-store"
        return response

    @views.get("/certificate.pdf")
    def certificate() -> Response:
        record = _reading(services, role).record(services, request.args.get("record", ""))
        return certificate_response(services, record)


def loan_list(services: Services, reading: Reader, role: str, **more: Any) -> Response:
    """Return the page `loans.html` of a role: the loans that may be read, by what the address asks for.

    A number leads to its loan if there is one of just this number, else to those whose numbers hold it.
    """
    number, cursor = request.args.get("number", "").strip(), request.args.get("cursor")
    if number != ADMINISTRATION and _may_read(services, reading, number):
        return see_other(f"/{role}/loan?{urlencode({'lender': reading.lender.number, 'number': number})}")
    wanted = Wanted(
        state=_chosen("state", tuple(STAGES)),
        code=_chosen("code", CODES),
        received_from=_day("from", 0),
        received_until=_day("until", _DAY),
    )
    about = [f"pages.{role}.loans", reading.asker, reading.lender.number, number, wanted._asdict()]
    lists = Lists(services.store)
    reading.note(services, query=asked_for({name: value for name, value in wanted._asdict().items() if name != "loan"}))
    place = services.cursors.open(cursor, about) if cursor else lists.begin_loans(now())
    thresholds = services.policies.at(reading.lender, place.as_of)[1].thresholds
    sees = cache(lambda loan: loan != ADMINISTRATION and number in loan and reading.sees(services.store, loan))
    found = lists.loans(reading.lender, wanted, place, _PAGE, sees, thresholds)
    return page(
        f"{role}/loans.html", forms=True, private=True, lender=str(reading.lender.number), lines=found.items,
        number=number, wanted=wanted, begun=bool(cursor),
        following=services.cursors.close(found.following, about) if found.following else None,
        stage_options=_options(tuple(STAGES), words.FILTERS["stage_name"]), code_options=_options(CODES, str), **more,
    )  # fmt: skip


def _reading(services: Services, role: str) -> Reader:
    return reader_of(services, signed_in(services, READ_RECORDS, role).caller)


def _found(services: Services, role: str) -> tuple[Reader, Loan]:
    """Return who reads, and the loan that the address names. Raises `NotFoundError`, `ErasedError`."""
    reading, number = _reading(services, role), request.args.get("number", "")
    if number == ADMINISTRATION:
        raise NotFoundError("the administration is no loan")
    return reading, reading.loan(services, number)


def _may_read(services: Services, reading: Reader, number: str) -> bool:
    key = (reading.lender.number, number)
    return bool(number and services.store.find_loans([key])) and reading.sees(services.store, number)


def _options(known: Sequence[str], name: Callable[[str], str]) -> list[tuple[str, str]]:
    return [("", _("all")), *((value, name(value)) for value in known)]


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
