# SPDX-License-Identifier: Apache-2.0
"""The routes that the application serves, read from the application itself."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

from api.app import create_app
from api.folders.setup import set_up
from api.settings import DataFolder, Settings
from api.wiring import make_services


def served_routes(pages: bool = False) -> set[str]:
    """Return every path of the API, or those of the `pages`, with `{}` for each variable part.

    Second spellings with two slashes are left out.
    """
    with TemporaryDirectory() as directory:
        folder = DataFolder(Path(directory))
        folder.begin(Settings(origin="example.com/log"))
        set_up(folder)
        app = create_app(make_services(folder, Path(directory) / "writer"))
    rules = (rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("pages.") == pages)
    return {re.sub("<[^>]*>", "{}", rule.rule) for rule in rules if "//" not in rule.rule}
