# SPDX-License-Identifier: Apache-2.0
"""The command `audit`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

import click
import orjson
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from api.anchoring import use_node
from api.cli.options import data_option
from api.cli.output import console, errors, json_option
from api.settings import DataFolder
from api.wiring import load_signer, open_store
from chain.witness import NodeWitness
from notary.audit import Audit, AuditReport
from notary.log import Log
from notary.report import Verdict


@click.command()
@data_option
@click.option("--rpc", help="URL of the Ethereum node to ask; without it the notary's own.")
@json_option
@click.pass_context
def audit(context: click.Context, folder: DataFolder, rpc: str | None, as_json: bool) -> None:
    """Hash the stored log again and compare every anchored root with the registry contract.

    Exit code 0: all fits, 1: something contradicts, 2: something could not be checked.
    """
    store = open_store(folder)
    verifier = load_signer(folder).verifier
    node = nullcontext(rpc) if rpc else use_node(folder)
    with node as url, _progress(Log(store).head().size) as progress:
        report = Audit(store, verifier, NodeWitness(url), progress).run()
    _show(report, as_json)
    context.exit(report.verdict.exit_code)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("auditing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda done: bar.update(task, completed=done)


def _show(report: AuditReport, as_json: bool) -> None:
    if as_json:
        click.echo(
            orjson.dumps(
                {
                    "verdict": report.verdict.value,
                    "entries": report.entries,
                    "records": report.records,
                    "loans": report.loans,
                    "anchors": report.anchors,
                    "findings": [{"place": place, "finding": text} for place, text in report.findings],
                    "unknown": [{"place": place, "reason": text} for place, text in report.unknown],
                }
            )
        )
        return
    colour = {Verdict.VALID: "green", Verdict.INVALID: "red", Verdict.CANNOT_TELL: "yellow"}[report.verdict]
    words = {Verdict.VALID: "CLEAN", Verdict.INVALID: "CONTRADICTIONS", Verdict.CANNOT_TELL: "CANNOT TELL"}
    console.print(
        f"[bold {colour}]{words[report.verdict]}[/]  {report.entries:,} entries, {report.records:,} records, "
        f"{report.loans:,} loans, {report.anchors:,} anchors"
    )
    for place, text in (*report.findings, *report.unknown):
        console.print(f"  {place}: {text}", markup=False)


COMMANDS = (audit,)
