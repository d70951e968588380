# SPDX-License-Identifier: Apache-2.0
"""The command `sample`."""

from pathlib import Path

import click

from api.cli.output import json_option, show
from api.cli.paths import NEW_FOLDER
from api.samples import STORIES, sample_histories, story_history, write_samples

_WIDTH = max(map(len, STORIES)) + 2
_STORIES = "\n".join(f"  {name:<{_WIDTH}}{story.summary}" for name, story in STORIES.items())


@click.command(epilog=f"\b\nStories:\n{_STORIES}")
@click.argument("folder", type=NEW_FOLDER)
@click.option("--records", type=click.IntRange(1, 1_000_000), default=10_000, show_default=True, help="How many.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same portfolio.")
@click.option("--story", type=click.Choice(list(STORIES)), help="One loan only, which tells this story to its end.")
@json_option
def sample(folder: Path, records: int, seed: int, story: str | None, as_json: bool) -> None:
    """Write a made-up portfolio to FOLDER: agreements as PDF, signed records, keys.

    It mixes ordinary loans with one of each story.
    """
    histories = [story_history(story, seed)] if story else sample_histories(records, seed)
    loans, written = write_samples(folder, histories, seed)
    members = {"folder": str(folder), "records": written, "loans": loans, "submit": str(folder / "records.ndjson")}
    show(members, as_json, "Sample portfolio")


COMMANDS = (sample,)
