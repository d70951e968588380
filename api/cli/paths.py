# SPDX-License-Identifier: Apache-2.0
"""The kinds of paths that commands take. Each is looked at before the command begins, not after an hour of its work.

An empty text is no path: Python would take it for the folder that one stands in, as a script does that writes `"$TO"`
and has no TO.
"""

import os
from pathlib import Path
from typing import Any

import click


class _NamedPath(click.Path):
    """A path that was named; `is_made` is one of a file that is to be written, in a folder that is there."""

    def __init__(self, *, exists: bool, file_okay: bool = True, dir_okay: bool = True, is_made: bool = False) -> None:
        super().__init__(exists=exists, file_okay=file_okay, dir_okay=dir_okay, writable=is_made, path_type=Path)
        self._is_made = is_made

    def convert(self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path. Raises `click.BadParameter`."""
        _require_named(self, os.fspath(value), param, ctx)
        path = super().convert(value, param, ctx)
        if self._is_made and not Path(value).parent.is_dir():
            self.fail(f"there is no folder {os.fspath(Path(value).parent)!r} to write it to", param, ctx)
        return path


class _Publication(click.ParamType[str]):
    """The place of a published log, as text: a folder, which need not be there, or a bucket."""

    name = "place"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return it as it is. Raises `click.BadParameter`."""
        _require_named(self, value, param, ctx)
        if "://" not in value and Path(value).is_file():
            self.fail(f"{value!r} is a file, and a folder is wanted", param, ctx)
        return value


def _require_named(
    kind: click.ParamType[Any], value: str, param: click.Parameter | None, ctx: click.Context | None
) -> None:
    if not value.strip() or "\0" in value:
        kind.fail("a path is wanted, and this is none", param, ctx)


FILE = _NamedPath(exists=True, dir_okay=False)
"""A file that is read."""
NEW_FILE = _NamedPath(exists=False, dir_okay=False, is_made=True)
"""A file that is written."""
SOURCE = _NamedPath(exists=True)
"""A file, or a folder, that is read."""
FOLDER = _NamedPath(exists=True, file_okay=False)
"""A folder that is read."""
NEW_FOLDER = _NamedPath(exists=False, file_okay=False)
"""A folder that is there, or is made."""
PUBLICATION = _Publication()
