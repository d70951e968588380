# SPDX-License-Identifier: Apache-2.0
"""The texts of the pages: those that templates and modules use, and those that the catalogue has.

`python -m tests.support.messages` says which are missing, and which nobody uses.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from api.pages.language import CATALOGUE

API = CATALOGUE.parents[1]
_METHODS = [("pages/**.py", "python"), ("templates/**.html", "jinja2.ext:babel_extract")]
_OPTIONS = {"templates/**.html": {"trimmed": "true", "silent": "false"}}

Key = tuple[str | None, str]


class Translation(NamedTuple):
    """What a file of the catalogue says of a message."""

    file: Path
    strings: tuple[str, ...]
    fuzzy: bool


def used() -> dict[Key, str]:
    """Return every message that is used, by context and text, with a place where."""
    found = {}
    for name, line, message, _, context in extract_from_dir(
        API, _METHODS, _OPTIONS, keywords={"_": None, "ngettext": (1, 2), "gettext": None}
    ):
        text = message if isinstance(message, str) else message[0]
        found[context, text] = f"api/{name}:{line}"
    return found


def translated(language: str) -> Iterator[tuple[Key, Translation]]:
    """Yield every message of a language's catalogue."""
    for path in sorted((CATALOGUE / language).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, abort_invalid=True):
                if message.id:
                    text = message.id if isinstance(message.id, str) else message.id[0]
                    strings = (message.string,) if isinstance(message.string, str) else tuple(message.string)
                    yield (message.context, text), Translation(path, strings, message.fuzzy)


if __name__ == "__main__":
    have = {key for key, _ in translated("zh")}
    for key, place in used().items():
        if key not in have:
            print(f"missing  {place}  {key[1]!r}")  # noqa: T201
    for key in have - used().keys():
        print(f"unused   {key[1]!r}")  # noqa: T201
