# SPDX-License-Identifier: Apache-2.0
"""What the commands have in common: output for people or programs, errors as one line, exit codes.

Exit codes: 0 done or valid, 1 refused or invalid, 2 cannot tell (something was out of reach, or the command was
misused).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click
import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from notary.errors import NotaryError, UnavailableError
from notary.receipts.report import Report, Status, Verdict, report_members
from verifier import report_lines

REFUSED, CANNOT_TELL = 1, 2
_COLOURS: dict[Verdict | Status, str] = {
    Verdict.VALID: "bold green",
    Verdict.INVALID: "bold red",
    Verdict.CANNOT_TELL: "bold yellow",
    Status.OK: "default",
    Status.FAILED: "red",
    Status.PENDING: "yellow",
    Status.UNKNOWN: "yellow",
    Status.NOT_CHECKED: "dim",
}

console = Console(highlight=False, soft_wrap=True)
_wide = Console(highlight=False, soft_wrap=True, width=10_000)
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


def show(members: Mapping[str, Any], as_json: bool, title: str) -> None:
    """Show members as JSON, or as a table of two columns."""
    if as_json:
        click.echo(orjson.dumps(members))
        return
    table = Table(title=title, title_justify="left", show_header=False, box=None, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in members.items():
        table.add_row(name.replace("_", " "), "–" if value is None else escape(_text(value)))
    console.print(table)


def show_list(items: Sequence[Mapping[str, Any]], columns: Sequence[str], as_json: bool) -> None:
    """Show items as a JSON list, or as a table of some of their members."""
    if as_json:
        click.echo(orjson.dumps(items))
        return
    table = Table(*(name.replace("_", " ") for name in columns), box=None, pad_edge=False)
    for item in items:
        values = (item[name] for name in columns)
        table.add_row(*("–" if value is None else escape(_text(value)) for value in values))
    # Wider than the terminal rather than shortened: ids are there to be copied.
    _wide.print(table)


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def show_report(report: Report, as_json: bool) -> None:
    """Show what the verifier found."""
    if as_json:
        click.echo(orjson.dumps(report_members(report)))
        return
    for line in report_lines(report):
        console.print(f"[{_COLOURS[line.about]}]{escape(line.text)}[/]" if line.about else escape(line.text))
