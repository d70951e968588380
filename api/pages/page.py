# SPDX-License-Identifier: Apache-2.0
"""A page as a response: rendered in the visitor's language, and let do nothing but load files of its own site."""

from typing import Any, cast
from urllib.parse import urlencode

from flask import Flask, Response, current_app, render_template, request

from api.pages import cookies, language, words
from api.pages.language import LANGUAGES, chosen_language
from api.static_files import StaticFiles

THEMES = ("light", "dark", "auto")
"""What a visitor can choose; `auto`, and no choice, is what the device says."""
_THEME = "theme"
_NODES = "https: http://localhost:* http://127.0.0.1:*"
"""Where nodes are: anywhere by https, or on the visitor's own device. Which one, no server is told beforehand."""
_PUBLIC, _PRIVATE = "no-cache", "private, no-store"


def install(app: Flask) -> None:
    """Give an application what templates work with."""
    language.install(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(words.FILTERS)
    app.jinja_env.globals.update(
        files=StaticFiles(), languages=LANGUAGES, language=chosen_language, theme=chosen_theme, here=here
    )


def page(
    template: str,
    *,
    status: int = 200,
    connects: bool = False,
    forms: bool = False,
    private: bool = False,
    nodes: bool = False,
    **values: Any,
) -> Response:
    """Render a page.

    Its scripts may ask this site for something only if it `connects`, nodes of a chain only if it is about `nodes`, and
    its forms may be sent only if it has `forms`. What is `private` is kept by no cache.
    """
    response = Response(render_template(template, **values), status)
    response.headers.update({
        "Cache-Control": _PRIVATE if private else _PUBLIC,
        "Content-Language": LANGUAGES[chosen_language()].tag,
        "Content-Security-Policy": _policy("'self'" if connects else _NODES if nodes else "'none'", forms),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "geolocation=(), microphone=()",
        "Vary": "Accept-Language, Cookie",
    })  # fmt: skip
    if request.args.get("lang") in LANGUAGES:
        cookies.remember(response, language.COOKIE, request.args["lang"])
    if request.args.get(_THEME) in THEMES:
        cookies.remember(response, _THEME, request.args[_THEME])
    return response


def see_other(address: str) -> Response:
    """Return what leads a browser to another page after a form."""
    return Response("", 303, {"Location": address, "Cache-Control": _PRIVATE})


def files() -> StaticFiles:
    """Return the files that pages load."""
    return cast(StaticFiles, current_app.jinja_env.globals["files"])


def chosen_theme() -> str:
    """Return one of `THEMES`."""
    asked = (request.args.get(_THEME), request.cookies.get(_THEME))
    return next((name for name in asked if name in THEMES), "auto")


def here(**changes: str) -> str:
    """Return the address of this page with other parameters, seen from itself."""
    return "?" + urlencode({**request.args, **changes})


def _policy(connect: str, forms: bool) -> str:
    parts = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": connect,
        "base-uri": "'none'",
        "form-action": "'self'" if forms else "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in parts.items())
