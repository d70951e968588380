# SPDX-License-Identifier: Apache-2.0
"""`/check`: receipts and documents, checked in the browser.

The page's policy lets it load its own files and nothing else, and send nothing to anybody: what is dropped on the page
cannot leave it.
"""

from flask import Blueprint, Response

from api.pages.page import files, page
from api.wiring import Services


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("check", __name__)

    @views.get("/check")
    def check() -> Response:
        modules = files().scripts("check/", "verify/", "vendor/noble")
        return page("check.html", modules=modules, log_key=services.log_key)

    return views
