# SPDX-License-Identifier: Apache-2.0
"""A sample loan agreement as a PDF, the same bytes for the same loan.

Chinese is set in STSong-Light, one of the fonts that PDF readers bring along, so none is embedded. The pages are not
compressed: another version of zlib would give other bytes.
"""

from io import BytesIO
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from api.samples.agreement_text import AgreementText, agreement_text
from api.samples.loans import Loan
from notary.records.money import format_amount

_CHINESE, _LATIN = "STSong-Light", "Helvetica"
_LEFT, _TOP, _LINE = 56, A4[1] - 64, 15
_COLUMNS = (90, 160, 245, 320, 410, 510)
"""Right edges of the schedule's columns, in points."""

# reportlab brings no types.
pdfmetrics.registerFont(UnicodeCIDFont(_CHINESE))  # type: ignore[no-untyped-call]


def agreement_pdf(loan: Loan) -> bytes:
    """Return the agreement with parties, clauses and schedule, on one page or two."""
    text, buffer = agreement_text(loan), BytesIO()
    canvas: Any = Canvas(buffer, pagesize=A4, invariant=1, pageCompression=0)  # type: ignore[no-untyped-call]
    canvas.setTitle(f"{text.title} {loan.number}")
    font = _CHINESE if loan.profile.language == "zh" else _LATIN
    _draw_schedule(canvas, _draw_clauses(canvas, font, text), font, text, loan)
    canvas.save()
    return buffer.getvalue()


def _draw_clauses(canvas: Any, font: str, text: AgreementText) -> float:
    """Draw the first part and return the height at which it ends."""
    canvas.setFont(font, 18)
    canvas.drawCentredString(A4[0] / 2, _TOP, text.title)
    canvas.setFont(font, 7)
    canvas.drawString(_LEFT, 30, text.notice)
    y = _TOP - 3 * _LINE
    for size, lines in ((9, text.facts), (8, text.clauses)):
        canvas.setFont(font, size)
        for line in lines:
            canvas.drawString(_LEFT, y, line)
            y -= _LINE
        y -= _LINE
    return y


def _draw_schedule(canvas: Any, y: float, font: str, text: AgreementText, loan: Loan) -> None:
    canvas.setFont(font, 10)
    canvas.drawString(_LEFT, y, text.schedule_title)
    y = _draw_row(canvas, y - _LINE, font, text.columns)
    for row in loan.schedule:
        if y < 4 * _LINE:
            canvas.showPage()
            y = _draw_row(canvas, _TOP, font, text.columns)
        minors = (row.principal, row.interest, row.total, row.balance)
        sums = (format_amount(minor, loan.profile.currency) for minor in minors)
        y = _draw_row(canvas, y, _LATIN, (str(row.number), row.due.isoformat(), *sums))


def _draw_row(canvas: Any, y: float, font: str, cells: tuple[str, ...]) -> float:
    canvas.setFont(font, 8)
    for right, cell in zip(_COLUMNS, cells, strict=True):
        canvas.drawRightString(right, y, cell)
    return y - _LINE + 2
