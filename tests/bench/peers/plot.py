# SPDX-License-Identifier: Apache-2.0
"""A bar chart as SVG, on a logarithmic scale, readable in light and dark."""

from collections.abc import Mapping
from html import escape
from math import log10

_ROW, _LABELS, _BARS = 26, 330, 420


def bars(values: Mapping[str, float], title: str) -> str:
    """Draw a bar for each value, all above 0; the shortest has a fifth of the width."""
    low, high = min(values.values()), max(values.values())
    span = log10(high / low) or 1.0
    rows = []
    for place, (name, value) in enumerate(values.items()):
        top, width = 34 + place * _ROW, _BARS * (0.2 + 0.8 * log10(value / low) / span)
        colour = "#2563eb" if name.startswith("Loan Notary") else "#94a3b8"
        rows.append(
            f'<text x="{_LABELS - 8}" y="{top + 14}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{_LABELS}" y="{top}" width="{width:.1f}" height="18" fill="{colour}"/>'
            f'<text x="{_LABELS + width + 6:.1f}" y="{top + 14}">{value:,.0f}</text>'
        )
    height = 44 + len(values) * _ROW
    return (
        "<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LABELS + _BARS + 90}" height="{height}" '
        'font-family="sans-serif" font-size="13" fill="#64748b" role="img">\n'
        f'<title>{escape(title)}</title>\n<text x="8" y="20" font-weight="bold">{escape(title)}</text>\n'
        + "\n".join(rows)
        + "\n</svg>\n"
    )
