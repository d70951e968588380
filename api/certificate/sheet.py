# SPDX-License-Identifier: Apache-2.0
"""Pages on which text flows from top to bottom, with a mark across each page of what is only a test."""

from collections.abc import Iterable
from io import BytesIO
from typing import Any

import segno
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from api.certificate.fonts import first_font, lines_of, runs_of, width_of

_WIDTH, _HEIGHT = A4
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, _WIDTH - 54, _HEIGHT - 54, 54
_LABEL = 150
_LEADING = 1.45
_GREY, _MARK, _WHITE = (0.35, 0.35, 0.35), (0.93, 0.80, 0.80), (1, 1, 1)
_BLACK = (0, 0, 0)


class Sheet:
    """A PDF that is being written: the same text gives the same bytes."""

    def __init__(self, title: str, footer: str, mark: str = "") -> None:
        self._buffer = BytesIO()
        # reportlab brings no types.
        make: Any = Canvas
        canvas = make(self._buffer, pagesize=A4, invariant=1, initialFontName=first_font())
        canvas.setTitle(title)
        self._canvas = canvas
        self._footer = footer
        self._mark = mark
        self._begin_page()

    def finish(self) -> bytes:
        """Return the file."""
        self._canvas.save()
        return self._buffer.getvalue()

    def heading(self, text: str, size: float) -> None:
        """Write a line in the middle."""
        self._need(size * 2)
        self._y -= size * _LEADING
        self._draw((_WIDTH - width_of(text, size)) / 2, text, size)

    def paragraph(self, text: str, size: float = 8.5) -> None:
        """Write a paragraph of a few lines, all on one page."""
        lines = list(lines_of(text, size, _RIGHT - _LEFT))
        self._need(len(lines) * size * _LEADING)
        for line in lines:
            self._y -= size * _LEADING
            self._draw(_LEFT, line, size)
        self._y -= size * 0.35

    def space(self, points: float) -> None:
        """Leave some room."""
        self._y -= points

    def row(self, label: str, values: Iterable[str], size: float = 8.5) -> None:
        """Write a label and, beside it, one value or several."""
        left = list(lines_of(label, size, _LABEL - 8))
        right = [line for value in values for line in lines_of(value, size, _RIGHT - _LEFT - _LABEL)]
        # On one page if a page can hold it.
        self._need(min(max(len(left), len(right)) * size * _LEADING, _TOP - _BOTTOM))
        for number in range(max(len(left), len(right))):
            self._need(size * _LEADING)
            self._y -= size * _LEADING
            if number < len(left):
                self._draw(_LEFT, left[number], size, _GREY)
            if number < len(right):
                self._draw(_LEFT + _LABEL, right[number], size)
        self._y -= size * 0.45

    def qr(self, text: str, side: float) -> None:
        """Draw a QR code in the middle, `side` points wide with its quiet zone."""
        self._need(side)
        matrix = tuple(segno.make(text, error="l", micro=False, boost_error=False).matrix)
        module = side / (len(matrix) + 8)
        left, top = (_WIDTH - side) / 2 + 4 * module, self._y - 4 * module
        self._canvas.setFillColorRGB(*_WHITE)
        self._canvas.rect((_WIDTH - side) / 2, self._y - side, side, side, stroke=0, fill=1)
        self._canvas.setFillColorRGB(*_BLACK)
        for number, row in enumerate(matrix):
            for start, length in _dark(row):
                x, y = left + start * module, top - (number + 1) * module
                # A little wider, or some viewers show white lines between modules.
                self._canvas.rect(x, y, length * module, module * 1.02, stroke=0, fill=1)
        self._y -= side

    def _need(self, height: float) -> None:
        if self._y - height < _BOTTOM:
            self._canvas.showPage()
            self._begin_page()

    def _begin_page(self) -> None:
        self._y = float(_TOP)
        if self._mark:
            self._canvas.saveState()
            self._canvas.translate(_WIDTH / 2, _HEIGHT / 2)
            self._canvas.rotate(55)
            size = 84
            self._y, kept = 0.0, self._y
            self._draw(-width_of(self._mark, size) / 2, self._mark, size, _MARK)
            self._y = kept
            self._canvas.restoreState()
        self._y, kept = 34.0, self._y
        self._draw(_LEFT, self._footer, 6.5, _GREY)
        self._y = kept

    def _draw(self, x: float, text: str, size: float, colour: tuple[float, float, float] = _BLACK) -> None:
        self._canvas.setFillColorRGB(*colour)
        for run in runs_of(text):
            self._canvas.setFont(run.font, size)
            self._canvas.drawString(x, self._y, run.text)
            x += width_of(run.text, size)


def _dark(row: Iterable[int]) -> Iterable[tuple[int, int]]:
    """Yield where dark modules begin, and how many stand side by side."""
    start = None
    for place, value in enumerate([*row, 0]):
        if value and start is None:
            start = place
        if not value and start is not None:
            yield start, place - start
            start = None
