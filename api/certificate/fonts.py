# SPDX-License-Identifier: Apache-2.0
"""The two embedded fonts of a certificate, and how text that anybody may have written is set in them."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from unicodedata import category

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

_LATIN, _CHINESE = "Certificate-Latin", "Certificate-Chinese"
_FILES = {_LATIN: "Vera.ttf", _CHINESE: str(Path(__file__).parent / "fonts" / "DroidSansFallback-GBK.ttf")}
"""Bitstream Vera, which comes with reportlab, and a part of Droid Sans Fallback."""
_TOKEN = re.compile(r"[!-~]+ ?|.", re.DOTALL)


class Run(NamedTuple):
    """Text in one font."""

    font: str
    text: str


@cache
def _glyphs() -> dict[str, Any]:
    """Register the fonts, once and when they are needed, and return which signs each has."""
    glyphs = {}
    for name, file in _FILES.items():
        # reportlab brings no types.
        font: Any = TTFont(name, file)  # type: ignore[no-untyped-call]
        pdfmetrics.registerFont(font)  # type: ignore[no-untyped-call]
        glyphs[name] = font.face.charToGlyph
    return glyphs


def first_font() -> str:
    """Return a font that a page may begin with; without one reportlab names Helvetica and does not embed it."""
    return next(iter(_glyphs()))


def runs_of(text: str) -> list[Run]:
    """Return a text in fonts; a sign that neither font has, or that does not show, as its number: `[U+20BB7]`."""
    runs: list[Run] = []
    for sign in text:
        shown, font = sign, next((name for name, glyphs in _glyphs().items() if ord(sign) in glyphs), None)
        if font is None or category(sign).startswith("C"):
            shown, font = f"[U+{ord(sign):04X}]", _LATIN
        if runs and runs[-1].font == font:
            runs[-1] = Run(font, runs[-1].text + shown)
        else:
            runs.append(Run(font, shown))
    return runs


def width_of(text: str, size: float) -> float:
    """Return how wide a text is, in points."""
    measure: Any = pdfmetrics.stringWidth
    return sum((float(measure(run.text, run.font, size)) for run in runs_of(text)), 0.0)


def lines_of(text: str, size: float, width: float) -> Iterator[str]:
    """Yield a text in lines of at most `width` points, broken between words and Chinese signs, or where it must be."""
    line = ""
    for token in _TOKEN.findall(" ".join(text.split())):
        parts = [token] if width_of(token.rstrip(), size) <= width else list(token)
        for part in parts:
            if line and width_of((line + part).rstrip(), size) > width:
                yield line.rstrip()
                line = ""
            line += part
    if line:
        yield line.rstrip()
