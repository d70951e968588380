# SPDX-License-Identifier: Apache-2.0
"""`/loan`: a borrower's loan, for whoever holds its pass.

The page itself is the same for everybody. The pass stands in the address behind `#`, which no browser sends; the page's
script sends it in the `Authorization` header to `/loan/view`, which answers with the loan as a part of that page, and
to `/v1/my-loan` for what is downloaded or added.
"""

from flask import Blueprint, Response
from werkzeug.exceptions import Unauthorized

from api.access.auth import shown_pass
from api.pages import words
from api.pages.loan_view import LoanPage, loan_page
from api.pages.page import files, page
from api.views.access_lines import borrower_lines
from api.views.my_loan import OWN_WORD
from api.wiring import Services
from notary.access import LoanPass
from notary.errors import ErasedError


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("my_loan", __name__)

    @views.get("/loan")
    def shell() -> Response:
        return page("loan/shell.html", connects=True, modules=files().modules("loan/page.js"))

    @views.get("/loan/view")
    def view() -> Response:
        try:
            found, refusal = shown_pass(services.access)
        except Unauthorized:
            return _closed("unknown", 401)
        if refusal:
            return _closed("expired" if found.revoked_at is None else "revoked", 403, found)
        if found.erasure:
            raise ErasedError(found.erasure)
        services.reads.note(found.lender, loan=found.loan)
        lender = services.store.lender(found.lender)
        loan = loan_page(services, lender, found.loan)
        return page(
            "loan/view.html", private=True, loan=loan, lender=lender, found=found, disputable=_disputable(loan),
            reads=borrower_lines(services, found.lender, found.loan),
        )  # fmt: skip

    def _closed(why: str, status: int, found: LoanPass | None = None) -> Response:
        lender = services.store.lender(found.lender).name if found else ""
        response = page("loan/closed.html", status=status, private=True, why=why, found=found, lender=lender)
        if status == 401:
            response.headers["WWW-Authenticate"] = 'Bearer realm="loan-notary"'
        return response

    return views


def _disputable(loan: LoanPage) -> list[tuple[str, str]]:
    """Return the records that a dispute can be about, the newest first: id, and what to call it."""
    return [
        (
            line["id"],
            " · ".join((words.day(line["day"]), words.FILTERS["type_name"](line["type"]), words.money(line["amount"]))),
        )
        for line in reversed(loan.lines)
        if line["type"] not in OWN_WORD
    ]
