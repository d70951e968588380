# SPDX-License-Identifier: Apache-2.0
"""Pages for engineers: `/docs`, the API's document laid out for reading, and `/problems`, one page for each problem."""

from functools import cache
from typing import Any

import orjson
from flask import Blueprint, Response, current_app

from api.openapi import build
from api.pages.language import chosen_language
from api.pages.page import page
from api.problem_texts import problem_texts
from api.problems import KINDS, TYPE_PREFIX
from api.wiring import Services
from notary.errors import NotFoundError

_METHODS = ("get", "post", "put", "patch", "delete")


def blueprint(_services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("reference", __name__)

    @cache
    def document() -> dict[str, Any]:
        return build(current_app)

    @views.get("/docs")
    def docs() -> Response:
        found = document()
        return page("docs.html", document=found, tags=list(_operations(found)), show=_show)

    @views.get("/problems")
    def problems() -> Response:
        return page("problems.html", problems=problem_texts(chosen_language()), kinds=KINDS)

    @views.get("/problems/<slug>")
    def problem(slug: str) -> Response:
        text = problem_texts(chosen_language()).get(slug)
        if text is None:
            raise NotFoundError("there is no problem of this name")
        return page("problem.html", text=text, kind=KINDS[slug], type=TYPE_PREFIX + slug)

    return views


def _operations(document: dict[str, Any]) -> Any:
    """Yield each tag with its operations: path, method and what the document says."""
    for tag in document["tags"]:
        yield (
            tag,
            [
                (path, method.upper(), item[method])
                for path, item in document["paths"].items()
                for method in _METHODS
                if method in item and item[method]["tags"] == [tag["name"]]
            ],
        )


def _show(value: Any) -> str:
    """Write an example or a schema for people."""
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
