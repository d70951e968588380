# SPDX-License-Identifier: Apache-2.0
"""Commands on receipts and evidence packages: `receipt`, `evidence`, `verify`."""

import re
import time
from pathlib import Path

import click

from api.cli.options import client_options
from api.cli.output import json_option, show, show_report
from api.cli.paths import FILE, NEW_FILE
from api.cli.trusted import TrustedKeys, trusted_options
from api.cli.uploads import read_digests
from chain.witness import NodeWitness
from loan_notary import Client, State, calls
from loan_notary.receipts import STATES
from notary.errors import UnavailableError
from notary.receipts.acceptance import PRODUCTION, parse_rules
from notary.receipts.time_proof import load_authorities
from verifier import make_verifier
from verifier.cli import verify_file


@click.command()
@click.argument("record_id", required=False)
@click.option("--loan", help="Instead of one record's receipt, fetch the history receipt of the loan of this number.")
@click.option(
    "-o",
    "--output",
    type=NEW_FILE,
    help="File; RECORD_ID.receipt.json or NUMBER.history.json if not given.",
)
@click.option("--wait", type=click.Choice(STATES), default="recorded", help="Wait until the record has come that far.")
@click.option("--timeout", type=float, default=120.0, show_default=True, help="Seconds to wait, at most.")
@json_option
@client_options
def receipt(
    client: Client,
    record_id: str | None,
    loan: str | None,
    output: Path | None,
    wait: State,
    timeout: float,
    as_json: bool,
) -> None:
    """Fetch the receipt of a record that you have submitted, or of a whole loan."""
    if (record_id is None) == (loan is None):
        raise click.UsageError("name either a record or, with --loan, a loan")
    deadline = time.monotonic() + timeout
    while True:
        found = client.receipt(record_id) if record_id is not None else client.history(loan or "")
        if found.has_come(wait):
            break
        if time.monotonic() > deadline:
            raise UnavailableError(f"the record is {found.state}, not {wait}, after {timeout:.0f} s")
        time.sleep(0.5)
    path = output or Path(f"{record_id}.receipt.json" if record_id else f"{_file_name(loan or '')}.history.json")
    found.save(path)
    show({"receipt": str(path), "state": found.state}, as_json, "Receipt")


@click.command()
@click.option("--loan", required=True, help="The loan's number.")
@click.option(
    "-o",
    "--output",
    type=NEW_FILE,
    help="File; NUMBER.evidence.zip if not given.",
)
@json_option
@client_options
def evidence(client: Client, loan: str, output: Path | None, as_json: bool) -> None:
    """Fetch all that proves a loan as one ZIP file, which verifies without the notary."""
    path = output or Path(f"{_file_name(loan)}.evidence.zip")
    client.download(calls.records.evidence(loan), path)
    show({"package": str(path), "bytes": path.stat().st_size}, as_json, "Evidence")


@click.command()
@click.argument("file", type=FILE)
@trusted_options
@click.option("--rpc", help="URL of an Ethereum node to ask as well; without it no network is used.")
@click.option("--policy", type=FILE, help="Rules of yours that it must meet.")
@click.option("--production", is_flag=True, help="Refuse whatever is for tests.")
@click.option(
    "--tsa-certificate",
    type=FILE,
    help="PEM file: who vouches for timestamp authorities; without it timestamps count for nothing.",
)
@click.option(
    "--document",
    "documents",
    type=FILE,
    multiple=True,
    help="A file that must be one of the documents that the record names; may be repeated.",
)
@json_option
@click.pass_context
def verify(
    context: click.Context,
    file: Path,
    trusted: TrustedKeys,
    rpc: str | None,
    policy: Path | None,
    production: bool,
    tsa_certificate: Path | None,
    documents: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Verify a receipt, history receipt, evidence package or QR code's text in FILE offline.

    Exit code 0: valid, 1: invalid, 2: cannot tell.
    """
    if policy and production:
        raise click.UsageError("a policy of your own says itself whether it is for production")
    verifier = make_verifier(
        trusted.log_key,
        NodeWitness(rpc) if rpc else None,
        parse_rules(policy.read_bytes()) if policy else PRODUCTION if production else None,
        load_authorities(tsa_certificate.read_bytes()) if tsa_certificate else (),
        trusted.related,
    )
    report = verify_file(verifier, file, [read_digests(path) for path in documents])
    show_report(report, as_json)
    context.exit(report.verdict.exit_code)


def _file_name(number: str) -> str:
    """Return a loan's number without what a file's name should not have."""
    return re.sub(r"[^\w.()-]", "_", number).lstrip(".")


COMMANDS = (receipt, evidence, verify)
