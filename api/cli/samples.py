# SPDX-License-Identifier: Apache-2.0
"""The command `sample`."""

from pathlib import Path

import click

from api.cli.output import json_option, show
from api.samples.folder import write_samples


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--records", type=click.IntRange(1, 1_000_000), default=10_000, show_default=True, help="How many.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same portfolio.")
@json_option
def sample(folder: Path, records: int, seed: int, as_json: bool) -> None:
    """Write a made-up portfolio to FOLDER: agreements as PDF, signed records, keys."""
    loans = write_samples(folder, records, seed)
    members = {"folder": str(folder), "records": records, "loans": loans, "submit": str(folder / "records.ndjson")}
    show(members, as_json, "Sample portfolio")


COMMANDS = (sample,)
