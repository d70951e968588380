# SPDX-License-Identifier: Apache-2.0
"""Bar charts as SVG, readable in light and dark."""

from collections.abc import Mapping
from html import escape
from math import log10
from typing import NamedTuple

_ROW, _LABELS, _BARS, _TOP = 26, 430, 420, 34
_OURS, _OTHERS, _SHORT = "#2563eb", "#94a3b8", "#d97706"
_MOST = 2.0
"""Of an aim: longer bars end here."""


class _Bar(NamedTuple):
    name: str
    width: float
    colour: str
    text: str


def bars(values: Mapping[str, float], title: str) -> str:
    """Draw a bar for each value, all above 0, on a logarithmic scale; the shortest has a fifth of the width."""
    low, high = min(values.values()), max(values.values())
    span = log10(high / low) or 1.0
    made: list[_Bar | str] = []
    for name, value in values.items():
        colour = _OURS if name.startswith("Loan Notary") else _OTHERS
        made.append(_Bar(name, _BARS * (0.2 + 0.8 * log10(value / low) / span), colour, f"{value:,.0f}"))
    return _chart(made, title)


def shares(groups: Mapping[str, Mapping[str, float]], title: str) -> str:
    """Draw how far each value of each group has come on the way to its aim, which is 1: a line marks it."""
    made: list[_Bar | str] = []
    for group, values in groups.items():
        made.append(group)
        for name, value in values.items():
            colour = _OURS if value >= 1 else _SHORT
            text = f"{value:.2f}" if value < 10 else f"{value:,.0f}"
            made.append(_Bar(name, _BARS * min(value, _MOST) / _MOST, colour, text))
    at, end = _LABELS + _BARS / _MOST, _TOP + len(made) * _ROW
    line = f'<line x1="{at}" y1="{_TOP - 6}" x2="{at}" y2="{end}" stroke="#64748b" stroke-dasharray="4 3"/>'
    return _chart(made, title, line)


def _chart(rows: list[_Bar | str], title: str, mark: str = "") -> str:
    """Draw bars below each other, and headings between them."""
    drawn = []
    for place, row in enumerate(rows):
        top = _TOP + place * _ROW
        if isinstance(row, str):
            drawn.append(f'<text x="8" y="{top + 14}" font-style="italic">{escape(row)}</text>')
            continue
        drawn.append(
            f'<text x="{_LABELS - 8}" y="{top + 14}" text-anchor="end">{escape(row.name)}</text>'
            f'<rect x="{_LABELS}" y="{top}" width="{row.width:.1f}" height="18" fill="{row.colour}"/>'
            f'<text x="{_LABELS + row.width + 6:.1f}" y="{top + 14}">{row.text}</text>'
        )
    height = _TOP + 10 + len(rows) * _ROW
    return (
        "<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LABELS + _BARS + 90}" height="{height}" '
        'font-family="sans-serif" font-size="13" fill="#64748b" role="img">\n'
        f'<title>{escape(title)}</title>\n<text x="8" y="20" font-weight="bold">{escape(title)}</text>\n'
        + "\n".join([*drawn, mark] if mark else drawn)
        + "\n</svg>\n"
    )
