# SPDX-License-Identifier: Apache-2.0
"""Commands on what must go and what must stay: `erase`, `hold`, `release`, `retention`."""

from urllib.parse import quote

import click

from api.cli.options import client_options, data_option
from api.cli.output import json_option, show, show_list
from api.client import NotaryClient
from api.operator import hold_for_operator
from api.settings import DataFolder

_COLUMNS = ("loan", "last_record_at", "due_at", "held_by")


@click.command()
@click.argument("loan")
@json_option
@client_options
def erase(client: NotaryClient, loan: str, as_json: bool) -> None:
    """Erase LOAN: destroy the keys that open its records. Nothing brings them back."""
    show(client.call("DELETE", _path(loan)), as_json, "Erased")


@click.command()
@click.argument("loan")
@json_option
@client_options
def hold(client: NotaryClient, loan: str, as_json: bool) -> None:
    """Put LOAN under a legal hold: it is not erased before the hold is lifted."""
    show(client.call("PUT", f"{_path(loan)}/hold"), as_json, "Held")


@click.command()
@click.argument("loan")
@json_option
@client_options
def release(client: NotaryClient, loan: str, as_json: bool) -> None:
    """Lift your legal hold of LOAN."""
    show(client.call("DELETE", f"{_path(loan)}/hold"), as_json, "Released")


@click.command()
@click.option("--erase", "is_meant", is_flag=True, help="Erase them, but those under a legal hold.")
@json_option
@client_options
def retention(client: NotaryClient, is_meant: bool, as_json: bool) -> None:
    """List the settled loans whose time, by your policy's retention_days, has come."""
    due = client.call("GET", "/v1/retention")["due"]
    lines = [{**item, "held_by": [hold["by"] for hold in item["holds"]]} for item in due]
    if is_meant:
        for item in lines:
            if not item["held_by"]:
                item["erasure"] = client.call("DELETE", _path(item["loan"]))["erasure"]
    show_list(due if as_json and not is_meant else lines, (*_COLUMNS, "erasure") if is_meant else _COLUMNS, as_json)


@click.command("operator-hold")
@data_option
@click.argument("lender", type=int)
@click.argument("loan")
@click.option("--lift", is_flag=True, help="Lift it instead.")
@json_option
def operator_hold(folder: DataFolder, lender: int, loan: str, lift: bool, as_json: bool) -> None:
    """Put a LOAN of a LENDER, named by its number, under the operator's legal hold."""
    holds = hold_for_operator(folder, lender, loan, lift)
    show({"loan": loan, "holds": [item.by for item in holds]}, as_json, "Held" if holds else "Released")


def _path(loan: str) -> str:
    return f"/v1/loans/{quote(loan, safe='')}"


COMMANDS = (erase, hold, release, retention, operator_hold)
