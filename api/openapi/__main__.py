# SPDX-License-Identifier: Apache-2.0
"""Writes the document and the collection into a folder, unless that would break what nobody has announced."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from api.app import create_app
from api.folders.setup import set_up
from api.openapi import breaking_changes, build, collection, unannounced
from api.settings import DataFolder, Settings
from api.wiring import make_services

_CHANGELOG = Path(__file__).parents[2] / "CHANGELOG.md"


def main(folder: Path) -> int:
    """Write the files and return 0, or say what is not in the changelog and return 1."""
    with TemporaryDirectory() as directory:
        data = DataFolder(Path(directory))
        data.begin(Settings(origin="example.com/log"))
        set_up(data)
        services = make_services(data, Path(directory) / "writer")
        document = build(create_app(services))
        services.checker.close()
        services.store.close()
    path = folder / "openapi.json"
    if path.exists():
        changes = breaking_changes(orjson.loads(path.read_bytes()), document)
        if missing := unannounced(changes, _CHANGELOG.read_text("utf-8")):
            print(f"breaks what CHANGELOG.md does not name under Changed or Removed: {', '.join(missing)}")  # noqa: T201
            return 1
    for name, value in (("openapi.json", document), ("postman.json", collection(document))):
        (folder / name).write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
