# SPDX-License-Identifier: Apache-2.0
"""Commands on receipts: `receipt`, `verify`."""

import time
from pathlib import Path

import click

from api.cli.options import client_options
from api.cli.output import json_option, show, show_report
from api.client import NotaryClient
from api.wiring import make_verifier
from notary.errors import UnavailableError
from notary.receipt import parse_receipt
from notary.signed_note import parse_verifier

_STATES = ("recorded", "mined", "final")


@click.command()
@click.argument("record_id")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File; RECORD_ID.receipt.json if not given."
)
@click.option("--wait", type=click.Choice(_STATES), default="recorded", help="Wait until the record has come that far.")
@click.option("--timeout", type=float, default=120.0, show_default=True, help="Seconds to wait, at most.")
@json_option
@client_options
def receipt(
    client: NotaryClient, record_id: str, output: Path | None, wait: str, timeout: float, as_json: bool
) -> None:
    """Fetch the receipt of a record that you have submitted."""
    deadline = time.monotonic() + timeout
    while True:
        data = client.receipt(record_id)
        state = parse_receipt(data).state
        if _STATES.index(state) >= _STATES.index(wait):
            break
        if time.monotonic() > deadline:
            raise UnavailableError(f"the record is {state}, not {wait}, after {timeout:.0f} s")
        time.sleep(0.5)
    path = output or Path(f"{record_id}.receipt.json")
    path.write_bytes(data)
    show({"receipt": str(path), "state": state}, as_json, "Receipt")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--log-key", help="The log's verifier key, as its operator publishes it.")
@click.option("--rpc", help="URL of an Ethereum node to ask as well; without it no network is used.")
@json_option
@click.pass_context
def verify(context: click.Context, file: Path, log_key: str | None, rpc: str | None, as_json: bool) -> None:
    """Verify a receipt FILE offline. Exit code 0: valid, 1: invalid, 2: cannot tell."""
    verifier = make_verifier(parse_verifier(log_key) if log_key else None, rpc)
    report = verifier.verify(file.read_bytes())
    show_report(report, as_json)
    context.exit(report.verdict.exit_code)


COMMANDS = (receipt, verify)
