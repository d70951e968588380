# SPDX-License-Identifier: Apache-2.0
"""The colours of the pages: what old browsers get is the light half of what new ones get."""

import re
from pathlib import Path

STYLE = Path(__file__).parents[2] / "api" / "static" / "site" / "style.css"


def test_browsers_without_light_dark_get_the_light_colours() -> None:
    text = STYLE.read_text()
    light = dict(re.findall(r"(--[a-z-]+): light-dark\((#[0-9a-f]+), #[0-9a-f]+\);", text))
    _, _, rest = text.partition("@supports not (color: light-dark(#000, #fff)) {")
    old = dict(re.findall(r"(--[a-z-]+): (#[0-9a-f]+);", rest.partition("\n}\n")[0]))
    assert light
    assert old == light
