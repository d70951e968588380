# SPDX-License-Identifier: Apache-2.0
"""All pages, put together under the blueprint `pages`: one line for each part of them."""

from flask import Blueprint, Flask

from api.pages import (
    auditor,
    check,
    errors,
    explorer,
    home,
    lender,
    my_loan,
    page,
    reference,
    sessions,
    sign_in,
    static,
)
from api.wiring import Services

_PARTS = (home, check, explorer, my_loan, sign_in, *lender.PARTS, *auditor.PARTS, reference, static)


def install(app: Flask, services: Services) -> None:
    """Add the pages to an application."""
    page.install(app)
    errors.install(app)
    sessions.install(app, services)
    pages = Blueprint("pages", __name__)
    for part in _PARTS:
        pages.register_blueprint(part.blueprint(services))
    app.register_blueprint(pages)
