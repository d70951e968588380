# SPDX-License-Identifier: Apache-2.0
"""The command `tie-out`."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
import orjson
from rich.table import Table

from api.cli.options import data_option, lender_option, types_option
from api.cli.output import REFUSED, console, json_option
from api.cli.paths import FILE, NEW_FILE
from api.databases import open_store
from api.operator import note_operator
from api.settings import DataFolder
from notary.audit.tie_out import TieOut
from notary.audit.tie_out_report import tie_out_report, ties_out
from notary.log.reader import Log

_MOST_SHOWN = 100


@click.command("tie-out")
@click.argument("ledger", type=FILE)
@data_option
@lender_option
@types_option
@click.option(
    "--differences",
    type=NEW_FILE,
    help=f"File for all differences, one JSON object a line; without it the first {_MOST_SHOWN} are shown.",
)
@json_option
@click.pass_context
def tie_out(
    context: click.Context,
    ledger: Path,
    folder: DataFolder,
    lender: int,
    types: tuple[str, ...],
    differences: Path | None,
    as_json: bool,
) -> None:
    """Hold a lender's LEDGER against the log: what is in both, in one of them, and what differs.

    LEDGER is CSV with the header loan,type,id,reference,date,currency,amount; id or reference may be empty. Exit code
    0: everything ties out, 1: it does not.
    """
    folder.settings()
    store = open_store(folder)
    note_operator(folder, [lender], "tie-out")
    tie = TieOut(store, lender, Log(store).head().size, types)
    with ExitStack() as stack:
        file = stack.enter_context(ledger.open(encoding="utf-8", newline=""))
        kept = stack.enter_context(differences.open("wb")) if differences else None
        keep = (lambda members: kept.write(orjson.dumps(members) + b"\n")) if kept else None
        report = tie_out_report(tie, file, _MOST_SHOWN, keep)
    _show(report, as_json)
    context.exit(0 if ties_out(report) else REFUSED)


def _show(report: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps(report))
        return
    for name in ("matched", "mismatched", "missing_in_the_log", "missing_in_the_ledger"):
        console.print(f"{name.replace('_', ' '):<22}{report[name]:>12,}")
    table = Table("type", "currency", "ledger", "log", "difference", box=None, pad_edge=False)
    for item in report["sums"]:
        table.add_row(
            item["type"], item["currency"], item["ledger"]["amount"], item["log"]["amount"], item["difference"]
        )
    console.print(table)
    for item in report["differences"]:
        place = f"line {item['line']}" if item["line"] else f"entry {item['index']}"
        said = item["ledger"] or item["log"]
        fields = "; ".join(f"{name}: {both['ledger']} / {both['log']}" for name, both in item["fields"].items())
        what = f"{said['type']} of loan {said['loan']}, {said['currency']} {said['amount']} on {said['date']}"
        console.print(f"  {place}: {item['kind']}: {what}{f' ({fields})' if fields else ''}", markup=False)


COMMANDS = (tie_out,)
