# SPDX-License-Identifier: Apache-2.0
"""Commands on loans: `loan`, `record`, `findings`."""

from datetime import UTC, datetime

import click
import orjson
from rich.json import JSON

from api.cli.loan_text import facts_table, findings_list, loan_page, record_facts, record_title
from api.cli.options import client_options
from api.cli.output import console, json_option
from api.cli.words import LABELS, Language, language_option, say
from loan_notary import Client
from notary.encoding import format_time
from notary.history import CHECKS, Severity

_CODES = tuple(dict.fromkeys(code for codes, _ in CHECKS for code in codes.split()))


def _moment(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """Read a moment (RFC 3339), or a day, which means its end in UTC."""
    if value is None:
        return None
    text = f"{value}T23:59:59.999Z" if len(value) == len("2026-01-31") else value
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise click.BadParameter("a day like 2026-01-31, or a moment like 2026-01-31T08:30:00Z")
    return format_time(round(moment.astimezone(UTC).timestamp() * 1000))


as_of_option = click.option("--as-of", callback=_moment, help="A day or a moment (UTC) before now.")


@click.command()
@click.argument("number")
@as_of_option
@language_option
@json_option
@client_options
def loan(client: Client, number: str, as_of: str | None, language: Language, as_json: bool) -> None:
    """Show where the loan NUMBER stands: what is owed, what is odd, the plan of payments, the records."""
    view = client.loan(number, as_of=as_of)
    if as_json:
        click.echo(orjson.dumps(view))
    else:
        console.print(loan_page(view, language, console.width), soft_wrap=False)


@click.command()
@click.argument("record_id")
@language_option
@json_option
@client_options
def record(client: Client, record_id: str, language: Language, as_json: bool) -> None:
    """Show a record that you have submitted, and what is odd about it."""
    shown = client.record(record_id)
    if as_json:
        click.echo(orjson.dumps(shown))
        return
    console.print(record_title(shown, language))
    console.print(facts_table(record_facts(shown, language), language), soft_wrap=False)
    console.print(findings_list(shown["findings"], language), soft_wrap=False)
    console.print(JSON.from_data(shown["record"], highlight=True))


@click.command()
@click.option("--severity", multiple=True, type=click.Choice([item.value for item in Severity]), help="Only these.")
@click.option("--code", multiple=True, type=click.Choice(_CODES), metavar="F1...F22", help="Only these.")
@language_option
@json_option
@client_options
def findings(
    client: Client, severity: tuple[str, ...], code: tuple[str, ...], language: Language, as_json: bool
) -> None:
    """Show what is odd in all your loans. Exit code 0 either way: an oddity is no error."""
    found = client.findings(severities=severity, codes=code)
    if as_json:
        click.echo(orjson.dumps(found))
        return
    console.print(findings_list(found, language, loans=True), soft_wrap=False)
    if found:
        loans = len({item["loan"] for item in found})
        console.print(say(LABELS, "sum", language, count=len(found), loans=loans), style="dim")


COMMANDS = (loan, record, findings)
