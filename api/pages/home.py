# SPDX-License-Identifier: Apache-2.0
"""`/`: where to go."""

from flask import Blueprint, Response

from api.pages.page import page
from api.wiring import Services


def blueprint(services: Services) -> Blueprint:
    """Return the view."""
    views = Blueprint("home", __name__)

    @views.get("/")
    def home() -> Response:
        return page("home.html", log_key=services.log_key)

    return views
