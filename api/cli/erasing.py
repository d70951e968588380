# SPDX-License-Identifier: Apache-2.0
"""Commands on what must go and what must stay: `erase`, `hold`, `release`, `retention`."""

from typing import Any

import click

from api.cli.options import client_options, data_option
from api.cli.output import json_option, show, show_list
from api.operator import hold_for_operator
from api.settings import DataFolder
from loan_notary import Client
from loan_notary.call import path, send_json

_COLUMNS = ("loan", "last_record_at", "due_at", "held_by")


@click.command()
@click.argument("loan")
@json_option
@client_options
def erase(client: Client, loan: str, as_json: bool) -> None:
    """Erase LOAN: destroy the keys that open its records. Nothing brings them back."""
    show(client.erase_loan(loan), as_json, "Erased")


@click.command()
@click.argument("loan")
@json_option
@client_options
def hold(client: Client, loan: str, as_json: bool) -> None:
    """Put LOAN under a legal hold: it is not erased before the hold is lifted."""
    show(client.send(send_json("PUT", path("loans", loan, "hold"))), as_json, "Held")


@click.command()
@click.argument("loan")
@json_option
@client_options
def release(client: Client, loan: str, as_json: bool) -> None:
    """Lift your legal hold of LOAN."""
    show(client.send(send_json("DELETE", path("loans", loan, "hold"))), as_json, "Released")


@click.command()
@click.option("--erase", "is_meant", is_flag=True, help="Erase them, but those under a legal hold.")
@json_option
@client_options
def retention(client: Client, is_meant: bool, as_json: bool) -> None:
    """List the settled loans whose time, by your policy's retention_days, has come."""
    due = client.retention()["due"]
    lines: list[dict[str, Any]] = [{**item, "held_by": [hold["by"] for hold in item["holds"]]} for item in due]
    if is_meant:
        for item in lines:
            if not item["held_by"]:
                item["erasure"] = client.erase_loan(item["loan"])["erasure"]
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


COMMANDS = (erase, hold, release, retention, operator_hold)
