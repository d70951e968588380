# SPDX-License-Identifier: Apache-2.0
"""Commands on a whole log: `audit`, `export-log`."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click
import orjson
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from api.anchoring import use_node
from api.audits.auditing import Audit, Chain, Done
from api.cli.named_log import NamedLog, log_options
from api.cli.options import chain_options, workers_option
from api.cli.output import console, errors, json_option, show
from api.cli.paths import NEW_FILE, NEW_FOLDER
from api.databases import open_store
from api.operator import note_operator
from api.settings import DataFolder
from chain.deployment import Deployment
from notary.audit.copying import copy_log
from notary.audit.report import AuditReport, markdown
from notary.receipts.report import Verdict


@click.command()
@log_options
@chain_options
@workers_option
@click.option(
    "--state",
    type=NEW_FILE,
    help="File to keep what is done in, so that a run that was ended goes on; gone at the end.",
)
@click.option("--cluster", metavar="ADDRESS", help="Scheduler of a Dask cluster whose workers do it: tcp://HOST:PORT.")
@click.option(
    "--report",
    "reports",
    multiple=True,
    type=NEW_FILE,
    callback=lambda _context, _option, paths: _checked_reports(paths),
    help="File to write the report to, .json or .md; may be given twice.",
)
@json_option
@click.pass_context
def audit(
    context: click.Context,
    log: NamedLog,
    rpc: str | None,
    anchored_in: Deployment | None,
    workers: int | None,
    state: Path | None,
    cluster: str | None,
    reports: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Hash a whole log again and compare it with its checkpoint, its records and its anchors.

    With --data also every record, signature and loan; with --copy or --log what an outsider can see. Exit code 0: all
    fits, 1: something contradicts, 2: something could not be checked.
    """
    if cluster and workers:
        raise click.UsageError("--workers are processes of this machine; a --cluster has its own")
    verifier = log.newest_signer()
    if log.folder:
        every = open_store(log.folder).organisations()
        note_operator(log.folder, [item.number for item in every if item.role == "lender"], "audit")
    with ExitStack() as stack:
        chain = _chain(log.folder, rpc, anchored_in, stack)
        begin = stack.enter_context(_progress())
        report = Audit(log.target, verifier, chain, workers, state, cluster=cluster).run(begin)
    members = report.members()
    for path in reports:
        text = markdown(members).encode() if path.suffix == ".md" else orjson.dumps(members, option=orjson.OPT_INDENT_2)
        path.write_bytes(text)
    _show(report, members, as_json)
    context.exit(report.verdict.exit_code)


@click.command("export-log")
@click.argument("directory", type=NEW_FOLDER)
@log_options
@json_option
def export_log(
    directory: Path,
    log: NamedLog,
    as_json: bool,
) -> None:
    """Write a copy of a log to DIRECTORY, as C2SP tiles; what is there of it already is not fetched again."""
    source, _ = log.target.open()
    with _progress("copying") as begin:
        copied = copy_log(source, log.signer_of, log.history, directory, begin)
    show({"directory": str(directory), "entries": copied.size, "files": copied.files}, as_json, "Copied")


def _chain(
    folder: DataFolder | None, rpc: str | None, anchored_in: Deployment | None, stack: ExitStack
) -> Chain | None:
    """Return the node to ask: for a data folder its own, unless another one is named."""
    if folder is None:
        if bool(rpc) != bool(anchored_in):
            raise click.UsageError("--rpc and --anchored-in belong together")
        return Chain(rpc, anchored_in) if rpc else None
    place = anchored_in or (Deployment.load(folder.deployment) if folder.deployment.exists() else None)
    return Chain(rpc or stack.enter_context(use_node(folder)), place)


def _checked_reports(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    for path in paths:
        if path.suffix not in (".json", ".md"):
            raise click.BadParameter(f"{path} ends neither in .json nor in .md")
    return paths


class _Rate(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f}/s", style="progress.data.speed")


@contextmanager
def _progress(what: str = "auditing") -> Iterator[Callable[[int], Done]]:
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True) as bar:

        def begin(total: int) -> Done:
            task = bar.add_task("", total=total)
            return lambda count: bar.advance(task, count)

        yield begin


def _show(report: AuditReport, members: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps(members))
        return
    colour = {Verdict.VALID: "green", Verdict.INVALID: "red", Verdict.CANNOT_TELL: "yellow"}[report.verdict]
    words = {Verdict.VALID: "CLEAN", Verdict.INVALID: "CONTRADICTIONS", Verdict.CANNOT_TELL: "CANNOT TELL"}
    records = members["records"]
    counted = (
        f", {records['records']:,} records, {records['loans']:,} loans, {records['signatures']:,} signatures"
        if records
        else ""
    )
    anchors = max(report.anchors_on_chain, report.anchors_stored)
    console.print(
        f"[bold {colour}]{words[report.verdict]}[/]  {report.job.size:,} entries{counted}, {anchors:,} anchors"
    )
    for item in members["findings"]:
        console.print(f"  {item['place']}: {item['finding']}", markup=False)
    for item in members["unknown"]:
        console.print(f"  {item['place']}: {item['reason']}", markup=False)
    for text in members["not_checked"]:
        console.print(f"  not checked: {text}", markup=False)


COMMANDS = (audit, export_log)
