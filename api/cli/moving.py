# SPDX-License-Identifier: Apache-2.0
"""The command `move`."""

from dataclasses import asdict

import click

from api.cli.options import data_option
from api.cli.output import json_option, show
from api.folders.moving import move
from api.settings import DataFolder


@click.command("move")
@data_option
@click.argument("database")
@json_option
def move_notary(folder: DataFolder, database: str, as_json: bool) -> None:
    """Move the notary from its SQLite file into DATABASE, an empty one of PostgreSQL: postgresql://...

    The service must not run. All rows are copied, counted and audited before the settings name the database; until then
    nothing has changed, and to begin again is safe. The file stays as it was; use it no more.
    """
    show(asdict(move(folder, database)), as_json, "Moved; the file notary.db is not used any more")


COMMANDS = (move_notary,)
