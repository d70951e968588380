# SPDX-License-Identifier: Apache-2.0
"""`/auditor/loans`, `/auditor/loan`: the loans that were granted, and one of them with its proofs."""

from urllib.parse import urlencode

from flask import Blueprint, Response, request

from api.access.reading import reader_of
from api.pages.auditor.overview import granted_lenders
from api.pages.loan_pages import add_loan_views, loan_list
from api.pages.page import page, see_other
from api.pages.sessions import signed_in
from api.wiring import Services
from notary.access import READ_RECORDS


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("auditor_loans", __name__, url_prefix="/auditor")
    add_loan_views(views, services, "auditor")

    @views.get("/loans")
    def index() -> Response:
        visitor = signed_in(services, READ_RECORDS, "auditor")
        lenders = granted_lenders(services, visitor)
        if not lenders:
            return page("auditor/loans.html", forms=True, private=True, lender=None)
        if "lender" not in request.args:
            return see_other(f"/auditor/loans?{urlencode({**request.args, 'lender': next(iter(lenders))})}")
        choices = [(str(number), name) for number, name in lenders.items()]
        return loan_list(services, reader_of(services, visitor.caller), "auditor", lenders=choices)

    return views
