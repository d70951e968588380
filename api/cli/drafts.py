# SPDX-License-Identifier: Apache-2.0
"""Commands on half-signed records: `drafts`, `draft`, `withdraw`."""

from pathlib import Path
from typing import Any

import click
import orjson

from api.cli.options import client_options
from api.cli.output import json_option, show, show_list
from api.cli.paths import NEW_FILE
from loan_notary import Client, Receipt
from loan_notary.answers import Draft
from notary.canonical import canonical_json

_COLUMNS = ("id", "loan", "type", "signed_by", "missing", "expires_at")


def show_handed_in(answer: Draft | Receipt, as_json: bool) -> None:
    """Show what became of a half-signed record: whom it waits for, or its receipt, which has all signatures."""
    if isinstance(answer, Receipt):
        click.echo(answer.data, nl=False)
    else:
        show(answer if as_json else _line(answer), as_json, "Waits for signatures")


@click.command()
@json_option
@client_options
def drafts(client: Client, as_json: bool) -> None:
    """List the records that wait for signatures."""
    found = list(client.drafts())
    show_list(found if as_json else [_line(item) for item in found], _COLUMNS, as_json)


@click.command()
@click.argument("record_id")
@click.option("-o", "--output", type=NEW_FILE, help="File for the envelope.")
@json_option
@client_options
def draft(client: Client, record_id: str, output: Path | None, as_json: bool) -> None:
    """Show a record that waits for signatures; `sign` adds one to the envelope that goes to --output."""
    found = client.draft(record_id)
    if output is not None:
        output.write_bytes(canonical_json(found["envelope"]) + b"\n")
    if as_json:
        click.echo(orjson.dumps(found))
        return
    record = orjson.dumps(found["record"], option=orjson.OPT_INDENT_2).decode()
    show({**_line(found), "record": record}, as_json, "Waits for signatures")


@click.command()
@click.argument("record_id")
@json_option
@client_options
def withdraw(client: Client, record_id: str, as_json: bool) -> None:
    """Give up a record that waits for signatures."""
    client.withdraw_draft(record_id)
    show({"id": record_id}, as_json, "Withdrawn")


def _line(members: Draft) -> dict[str, Any]:
    signed = [item["party"] for item in members["signed"]]
    return {name: signed if name == "signed_by" else dict(members)[name] for name in _COLUMNS}


COMMANDS = (drafts, draft, withdraw)
