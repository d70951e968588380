# SPDX-License-Identifier: Apache-2.0
"""The pages for people, and the files that they load.

`/check` checks receipts and documents in the browser. Its policy lets it load its own files and nothing else, and send
nothing to anybody: what is dropped on the page cannot leave it.
"""

from flask import Blueprint, Response, render_template, request

from api.page_texts import LANGUAGES, TEXTS
from api.static_files import StaticFiles
from api.wiring import Services

_IMMUTABLE = "public, max-age=31536000, immutable"
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Language",
    "X-Content-Type-Options": "nosniff",
}


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("pages", __name__)
    files = StaticFiles()

    @views.get("/check")
    def check() -> Response:
        language = asked_language()
        page = render_template(
            "check.html",
            texts=TEXTS[language],
            language=language,
            languages=LANGUAGES,
            files=files,
            modules=files.scripts("check/", "verify/", "vendor/noble"),
            log_key=services.log_key,
        )
        return page_response(page, language)

    @views.get("/static/<build>/<path:name>")
    def static(build: str, name: str) -> Response:
        file = files.file(build, name)
        takes_gzip = request.accept_encodings.quality("gzip") > 0
        response = Response(file.compressed if takes_gzip else file.data, content_type=file.media_type)
        response.headers["Cache-Control"] = _IMMUTABLE
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["X-Content-Type-Options"] = "nosniff"
        if takes_gzip:
            response.headers["Content-Encoding"] = "gzip"
        return response

    return views


def page_response(page: str, language: str) -> Response:
    """Return a page that may load files of its own site and nothing else."""
    return Response(page, headers={**_HEADERS, "Content-Language": LANGUAGES[language].tag})


def asked_language() -> str:
    """Return the language that the address asks for, else the browser's, else Chinese."""
    asked = request.args.get("lang")
    if asked in LANGUAGES:
        return asked
    return request.accept_languages.best_match(list(LANGUAGES), "zh") or "zh"
