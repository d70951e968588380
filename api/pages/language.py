# SPDX-License-Identifier: Apache-2.0
"""The pages' two languages: which one a request wants, and its catalogue.

Pages are written in English; `catalogue/zh/*.po` say it in Chinese, a file for each part of the pages. They are read
when the application starts, so nothing has to be compiled before.
"""

import io
from pathlib import Path
from typing import Any, NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, Domain

CATALOGUE = Path(__file__).with_name("catalogue")
COOKIE = "language"


class Language(NamedTuple):
    """A language as HTML names it, as its readers do, and the locale and time zone of its dates and numbers."""

    tag: str
    name: str
    locale: str
    zone: str


LANGUAGES = {
    "zh": Language("zh-CN", "中文", "zh_Hans_CN", "Asia/Shanghai"),
    "en": Language("en", "English", "en_GB", "UTC"),
}


class _Catalogue(Domain):
    """The messages of all parts, in memory."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._by_language = {language: _read(CATALOGUE / language) for language in LANGUAGES}

    def get_translations(self) -> NullTranslations:
        return self._by_language[chosen_language()]


def install(app: Flask) -> None:
    """Give an application its languages."""
    babel: Any = Babel()
    babel.domain_instance = _Catalogue()
    babel.init_app(
        app,
        locale_selector=lambda: LANGUAGES[chosen_language()].locale,
        timezone_selector=lambda: LANGUAGES[chosen_language()].zone,
    )


def chosen_language() -> str:
    """Return the language that the address asks for, else the one chosen before, else the browser's, else Chinese."""
    if not has_request_context():
        return "zh"
    if "language" not in g:
        asked = (request.args.get("lang"), request.cookies.get(COOKIE))
        # The best first; a region, as in en-GB, is no reason to read another language.
        accepted = (tag.partition("-")[0].lower() for tag, quality in request.accept_languages if quality > 0)
        g.language = next((code for code in (*asked, *accepted) if code in LANGUAGES), "zh")
    return str(g.language)


def _read(folder: Path) -> NullTranslations:
    parts = [read_po(io.BytesIO(path.read_bytes())) for path in sorted(folder.glob("*.po"))]
    if not parts:
        return NullTranslations()
    whole = Catalog(LANGUAGES[folder.name].locale)
    for part in parts:
        for message in part:
            # The header of each file stands under the empty text.
            if message.id:
                whole.add(message.id, message.string, context=message.context)
    compiled = io.BytesIO()
    write_mo(compiled, whole)
    compiled.seek(0)
    return Translations(compiled)
