# SPDX-License-Identifier: Apache-2.0
"""`/openapi.json`: what the API is, for programs. It needs no key."""

from functools import cache
from hashlib import sha256

import orjson
from flask import Blueprint, Response, current_app

from api.openapi import build
from api.wiring import Services


def blueprint(_services: Services) -> Blueprint:
    """Return the view."""
    views = Blueprint("document", __name__)

    @cache
    def made() -> tuple[bytes, str]:
        data = orjson.dumps(build(current_app))
        return data, sha256(data).hexdigest()[:32]

    @views.get("/openapi.json")
    def document() -> Response:
        data, tag = made()
        response = Response(data, mimetype="application/json")
        response.set_etag(tag)
        response.headers["Cache-Control"] = "public, max-age=300"
        return response

    return views
