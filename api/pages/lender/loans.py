# SPDX-License-Identifier: Apache-2.0
"""`/lender`, `/lender/loans`, `/lender/loan`: how things stand, the loans, and one of them with its downloads."""

from flask import Blueprint, Response

from api.access.reading import reader_of
from api.clock import now
from api.pages.charts import bar_chart
from api.pages.lender.figures import overview, record_type
from api.pages.loan_pages import add_loan_views, loan_list
from api.pages.page import page
from api.pages.sessions import signed_in
from api.wiring import Services
from notary.access import READ_RECORDS
from notary.listing import Lists


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("loans", __name__, url_prefix="/lender")
    lists = Lists(services.store)
    add_loan_views(views, services, "lender")

    @views.get("")
    def home() -> Response:
        lender = signed_in(services, READ_RECORDS, "lender").caller.lender
        services.reads.note(lender.number)
        found = overview(services, lender)
        latest = [
            (record, record_type(record), lists.begin_loans(now()).state(record.index)) for record in found.latest
        ]
        return page(
            "lender/overview.html", forms=True, private=True, found=found, latest=latest, waits=bar_chart(found.waits)
        )

    @views.get("/loans")
    def index() -> Response:
        visitor = signed_in(services, READ_RECORDS, "lender")
        return loan_list(services, reader_of(services, visitor.caller), "lender")

    return views
