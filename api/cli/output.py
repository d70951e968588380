# SPDX-License-Identifier: Apache-2.0
"""What the commands have in common: output for people or programs, errors as one line, exit codes.

Exit codes: 0 done or valid, 1 refused or invalid, 2 cannot tell (something was out of reach, or the command was
misused).
"""

from collections.abc import Callable, Sequence
from typing import Any

import click
import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from notary.errors import NotaryError, UnavailableError
from notary.report import Report, Status, Verdict, report_members

REFUSED, CANNOT_TELL = 1, 2
_MARKS = {
    Status.OK: "[green]✓[/]",
    Status.FAILED: "[red]✗[/]",
    Status.PENDING: "[yellow]…[/]",
    Status.UNKNOWN: "[yellow]?[/]",
    Status.NOT_CHECKED: "[dim]–[/]",
}
_COLOURS = {Verdict.VALID: "green", Verdict.INVALID: "red", Verdict.CANNOT_TELL: "yellow"}

console = Console(highlight=False, soft_wrap=True)
errors = Console(highlight=False, soft_wrap=True, stderr=True)


class NotaryGroup(click.Group):
    """A group of commands that ends with one line and an exit code when the notary, or a file, raises an error."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # whoever read the output has left; click ends quietly
        except (NotaryError, OSError) as error:
            errors.print("[red]error:[/]", escape(str(error)))
            ctx.exit(CANNOT_TELL if isinstance(error, UnavailableError) else REFUSED)


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--json`: one JSON document on standard output instead of text for people."""
    return click.option("--json", "as_json", is_flag=True, help="Write JSON for programs.")(function)


def show(members: dict[str, Any], as_json: bool, title: str) -> None:
    """Show members as JSON, or as a table of two columns."""
    if as_json:
        click.echo(orjson.dumps(members))
        return
    table = Table(title=title, title_justify="left", show_header=False, box=None, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in members.items():
        table.add_row(name.replace("_", " "), "–" if value is None else str(value))
    console.print(table)


def show_list(items: list[dict[str, Any]], columns: Sequence[str], as_json: bool) -> None:
    """Show items as a JSON list, or as a table of some of their members."""
    if as_json:
        click.echo(orjson.dumps(items))
        return
    table = Table(*(name.replace("_", " ") for name in columns), box=None, pad_edge=False)
    for item in items:
        values = (item[name] for name in columns)
        table.add_row(*("–" if value is None else escape(_text(value)) for value in values))
    console.print(table)


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def show_report(report: Report, as_json: bool) -> None:
    """Show what the verifier found."""
    if as_json:
        click.echo(orjson.dumps(report_members(report)))
        return
    verdict = report.verdict
    console.print(f"[bold {_COLOURS[verdict]}]{verdict.value.upper()}[/]")
    for name, value in report.facts.items():
        if name != "signers":
            console.print(f"  [dim]{name.replace('_', ' '):<12}[/] {escape(str(value))}")
    for signer in report.facts.get("signers", ()):
        name = signer["subject"] or f"key {signer['kid']}"
        console.print(f"  [dim]{'signed by':<12}[/] {escape(signer['party'])}, {escape(name)}")
    console.print("[bold]checks[/]")
    for check in report.checks:
        console.print(f"  {_MARKS[check.status]} {check.link:<11} {check.status.value:<12} {escape(check.detail)}")
    if report.trusted:
        console.print("[bold]taken on trust[/]")
        for sentence in report.trusted:
            console.print(f"  · {escape(sentence)}")
