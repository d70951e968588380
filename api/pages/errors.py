# SPDX-License-Identifier: Apache-2.0
"""Errors for people: a problem document becomes a page where a browser asks for one.

Programs always get the document: whatever is under `/v1` or in the public log, and whoever does not prefer HTML.
"""

from typing import Any

import orjson
from flask import Flask, Response, request

from api import problems
from api.pages.language import chosen_language
from api.pages.page import page
from api.problem_texts import ProblemText, problem_texts

_FOR_PROGRAMS = ("/v1/", "/log/", "/static/", "/openapi.json", "/healthz", "/readyz")
_HTML = "text/html"


def install(app: Flask) -> None:
    """Answer people with pages."""
    app.after_request(_for_people)


def wants_page() -> bool:
    """Tell whether a person is waiting for the answer."""
    if request.path.startswith(_FOR_PROGRAMS):
        return False
    accepted = request.accept_mimetypes
    return accepted.quality(_HTML) > accepted.quality(problems.MEDIA_TYPE)


def _for_people(response: Response) -> Response:
    if response.mimetype != problems.MEDIA_TYPE or not wants_page():
        return response
    told = error_page(orjson.loads(response.get_data()))
    for name in ("Allow", "Retry-After", "WWW-Authenticate"):
        if name in response.headers:
            told.headers[name] = response.headers[name]
    return told


def error_page(document: dict[str, Any]) -> Response:
    """Return the page of a problem document: what happened and what to do, in the visitor's language."""
    slug = document["type"].removeprefix(problems.TYPE_PREFIX)
    # A status of the web framework that no view of ours uses has no text of its own.
    text = problem_texts(chosen_language()).get(slug, ProblemText(document["title"], document["detail"], ""))
    return page("error.html", status=document["status"], private=True, text=text, document=document)
