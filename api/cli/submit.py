# SPDX-License-Identifier: Apache-2.0
"""The command `submit`."""

from pathlib import Path
from typing import Any, Self

import click
import orjson
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from api.cli.bulk import BulkSubmission, Outcome, read_source
from api.cli.drafts import show_handed_in
from api.cli.job_submission import JobSubmission
from api.cli.options import client_options
from api.cli.output import REFUSED, console, errors, json_option
from api.cli.paths import FOLDER, SOURCE
from api.cli.uploads import upload_folder
from loan_notary import Client
from notary.registration import MAX_BODY
from notary.signed_batch import read_first_line

_SHOWN = 20


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} records/s" if speed else "", style="dim")


@click.command()
@click.argument("source", type=SOURCE)
@click.option("--draft", is_flag=True, help="SOURCE is an envelope that others have yet to sign, or are now signing.")
@click.option(
    "--documents",
    type=FOLDER,
    help="A folder whose files are deposited first.",
)
@click.option("--job", is_flag=True, help="Upload SOURCE, a file with one a line, and let the notary work it through.")
@json_option
@client_options
@click.pass_context
def submit(
    context: click.Context,
    client: Client,
    source: Path,
    draft: bool,
    documents: Path | None,
    job: bool,
    as_json: bool,
) -> None:
    """Submit SOURCE: a record or envelope (.json), a file with one a line, or a folder of such files.

    A file of `sign-batch` goes as a whole, as with --job. If it is interrupted, the same command goes on where it
    stopped. Exit code 1 if any record was refused.
    """
    if documents:
        with console.status(f"depositing the files of {documents}"):
            deposited = upload_folder(client, documents)
        errors.print(f"{deposited:,} documents deposited")
    if draft:
        show_handed_in(client.submit_draft(source.read_bytes()), as_json)
        return
    if job or _is_signed(source):
        context.exit(_submit_job(client, source, as_json))
    if source.suffix == ".json":
        click.echo(client.submit(next(read_source(source))).data, nl=False)
        return
    with Progressing(sum(1 for _ in read_source(source))) as progress:
        outcome = BulkSubmission(client, source, progress.update).run()
    if as_json:
        members = {"placed": outcome.placed, "known": outcome.known, "skipped": outcome.skipped}
        click.echo(orjson.dumps({**members, "refused": outcome.refused}))
    else:
        console.print(
            f"{outcome.placed:,} recorded, {outcome.known:,} known before, {outcome.skipped:,} done in an earlier run, "
            f"{len(outcome.refused):,} refused"
        )
    context.exit(_show_refused(outcome.refused))


def _is_signed(source: Path) -> bool:
    """Tell whether a file's first line signs the others, so that it must go as a whole."""
    if not source.is_file():
        return False
    with source.open("rb") as file:
        return read_first_line(file.readline(MAX_BODY)) is not None


def _submit_job(client: Client, source: Path, as_json: bool) -> int:
    if not source.is_file() or source.suffix == ".json":
        raise click.UsageError("--job takes a file with one record or envelope a line")
    submission = JobSubmission(client, source, lambda job: bar.update(task, completed=job["bytes_read"]))
    columns = (TextColumn("working"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors) as bar:
        task = bar.add_task("", total=source.stat().st_size)
        job = submission.run()
    refused = [dict(error.members) for error in submission.refused(job)]
    if as_json:
        click.echo(orjson.dumps({**job, "refused": refused}))
    else:
        console.print(
            f"{job['id']} is {job['state']}: {job['placed']:,} recorded, {job['known']:,} known before, "
            f"{job['refused']:,} refused"
        )
    return _show_refused(refused) or (REFUSED if job["state"] == "cancelled" else 0)


def _show_refused(refused: list[dict[str, Any]]) -> int:
    """Show the first refused lines, and return the exit code."""
    for problem in refused[:_SHOWN]:
        errors.print(f"line {problem['line']}: {problem['title']}: {problem['detail']}", markup=False)
    if len(refused) > _SHOWN:
        errors.print(f"and {len(refused) - _SHOWN} more (--json shows all)")
    return REFUSED if refused else 0


class Progressing:
    """A progress bar with rate and remaining time: `with Progressing(total) as progress: progress.update(outcome)`."""

    def __init__(self, total: int) -> None:
        columns = (TextColumn("submitting"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=errors)
        self._task = self._bar.add_task("", total=total)

    def update(self, outcome: Outcome) -> None:
        """Show how far the submission has come."""
        self._bar.update(self._task, completed=outcome.done)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


COMMANDS = (submit,)
