# SPDX-License-Identifier: Apache-2.0
"""The files that pages load."""

from flask import Blueprint, Response, request

from api.pages.page import files
from api.wiring import Services

_IMMUTABLE = "public, max-age=31536000, immutable"


def blueprint(_services: Services) -> Blueprint:
    """Return the view."""
    views = Blueprint("static", __name__)

    @views.get("/static/<build>/<path:name>")
    def static(build: str, name: str) -> Response:
        file = files().file(build, name)
        takes_gzip = request.accept_encodings.quality("gzip") > 0
        response = Response(file.compressed if takes_gzip else file.data, content_type=file.media_type)
        response.headers["Cache-Control"] = _IMMUTABLE
        response.headers["Vary"] = "Accept-Encoding"
        if takes_gzip:
            response.headers["Content-Encoding"] = "gzip"
        return response

    return views
