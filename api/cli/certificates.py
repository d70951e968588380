# SPDX-License-Identifier: Apache-2.0
"""Commands on certificates: `certificate`, `verify-qr`."""

from pathlib import Path

import click

from api.cli.options import client_options
from api.cli.output import json_option, show, show_report
from api.cli.paths import FILE, NEW_FILE
from api.cli.trusted import TrustedKeys, trusted_options
from loan_notary import Client
from notary.receipts.qr_proof import verify_qr


@click.command()
@click.argument("record_id")
@click.option("-o", "--output", type=NEW_FILE, help="File; RECORD_ID.pdf if not given.")
@json_option
@client_options
def certificate(client: Client, record_id: str, output: Path | None, as_json: bool) -> None:
    """Fetch the certificate of a record: a PDF with a QR code that carries the proof."""
    path = output or Path(f"{record_id}.pdf")
    path.write_bytes(client.certificate(record_id))
    show({"certificate": str(path)}, as_json, "Certificate")


@click.command("verify-qr")
@click.argument("text")
@click.option(
    "--receipt",
    type=FILE,
    help="The receipt that it should be of; verify it by itself as well.",
)
@trusted_options
@click.option("--production", is_flag=True, help="Refuse what is for tests.")
@json_option
@click.pass_context
def verify_qr_text(
    context: click.Context, text: str, receipt: Path | None, trusted: TrustedKeys, production: bool, as_json: bool
) -> None:
    """Verify the TEXT of a certificate's QR code offline. Exit code 0: valid, 1: invalid, 2: cannot tell."""
    report = verify_qr(
        text,
        trusted.log_key,
        receipt.read_bytes() if receipt else None,
        "production" if production else None,
        trusted.related,
    )
    show_report(report, as_json)
    context.exit(report.verdict.exit_code)


COMMANDS = (certificate, verify_qr_text)
