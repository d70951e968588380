# SPDX-License-Identifier: Apache-2.0
"""The commands `loans`, `records` and `accesses`: all that fits, whatever number of pages it takes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from api.cli.options import client_options
from api.cli.output import json_option, show_list
from loan_notary import Client
from notary.encoding import format_time
from notary.lifecycle import STAGES
from notary.listing import STATES
from notary.policies import CODES
from notary.records import RECORD_TYPES

_RECORD_COLUMNS = ("index", "loan", "sequence", "type", "received_at", "state", "id")
_ACCESS_COLUMNS = ("number", "at", "organisation_name", "by", "way", "kind", "loan", "record", "query")
_LOAN_COLUMNS = ("loan", "state", "records", "began_at")

Reading = Callable[[click.Context, click.Parameter, str | None], str | None]


def _bound(days: int) -> Reading:
    """Read a moment (RFC 3339), or a day in UTC, which means its beginning and so many days later."""

    def read(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
        if value is None:
            return None
        is_day = len(value) == len("2026-01-31")
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
        if moment is None or (moment.tzinfo is None) is not is_day:
            raise click.BadParameter("a day like 2026-01-31, or a moment like 2026-01-31T08:30:00Z")
        if is_day:
            moment = moment.replace(tzinfo=UTC) + timedelta(days=days)
        return format_time(round(moment.astimezone(UTC).timestamp() * 1000))

    return read


def _common(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of both lists."""
    for option in (
        client_options,
        json_option,
        click.option("--of-lender", "lender", type=click.IntRange(1), help="For auditors: the number of the lender."),
        click.option("--until", "received_until", callback=_bound(1), help="Up to this day, or before this moment."),
        click.option("--from", "received_from", callback=_bound(0), help="From this day (UTC) or moment on."),
    ):
        function = option(function)
    return function


@click.command()
@click.option("--loan", help="Only those of this loan.")
@click.option("--type", "type", type=click.Choice(list(RECORD_TYPES)), metavar="TYPE", help="Only of this type.")
@click.option("--state", type=click.Choice(STATES), help="Only those that have come this far.")
@_common
def records(client: Client, as_json: bool, **wanted: Any) -> None:
    """List records in the order of the log; --from and --until are about when they were received."""
    show_list(list(client.records(**wanted)), _RECORD_COLUMNS, as_json)


@click.command()
@click.option("--state", type=click.Choice(STAGES), help="Only those at this stage.")
@click.option("--code", type=click.Choice(CODES), metavar="F1...F22", help="Only those with such a finding.")
@_common
def loans(client: Client, as_json: bool, **wanted: Any) -> None:
    """List loans in the order in which they began; --from and --until are about that."""
    show_list(list(client.loans(**wanted)), _LOAN_COLUMNS, as_json)


@click.command()
@click.argument("loan", required=False)
@json_option
@client_options
def accesses(client: Client, loan: str | None, as_json: bool) -> None:
    """Show who read what of your loans, or of LOAN: the newest first."""
    show_list(list(client.accesses() if loan is None else client.loan_accesses(loan)), _ACCESS_COLUMNS, as_json)


COMMANDS = (records, loans, accesses)
