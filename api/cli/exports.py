# SPDX-License-Identifier: Apache-2.0
"""Commands on the proof of a receipt in the formats of other tools: `export`, `verify-export`."""

from pathlib import Path

import click

from api.cli.options import client_options
from api.cli.output import json_option, show
from api.cli.paths import FILE, NEW_FILE
from api.cli.trusted import TrustedKeys, trusted_options
from loan_notary import Client
from notary.canonical import parse_canonical
from notary.envelope import MAX_PAYLOAD
from notary.errors import Fault, ReceiptError
from notary.exports.cose import issuing_key, parse_cose_receipt, verify_inclusion_receipt
from notary.exports.tlog_proof import HEADER, TlogProof, parse_tlog_proof, verify_tlog_proof
from notary.log.key_history import signer_of
from notary.receipts.receipt import Receipt, parse_receipt

_SUFFIXES = {"tlog-proof": ".tlog-proof", "cose": ".cose", "entry": ".entry"}


@click.command()
@click.argument("file", type=FILE)
@click.option(
    "--as",
    "form",
    type=click.Choice(list(_SUFFIXES)),
    default="tlog-proof",
    show_default=True,
    help="C2SP .tlog-proof; COSE receipt (RFC 9942), which the notary has to sign and is asked for; "
    "or the 65 bytes of the log's entry that both prove.",
)
@click.option("-o", "--output", type=NEW_FILE, help="File; FILE.<form> if not given.")
@json_option
@client_options
def export(client: Client, file: Path, form: str, output: Path | None, as_json: bool) -> None:
    """Write the proof in a receipt FILE for other tools. Only COSE needs the notary."""
    receipt = parse_receipt(file.read_bytes())
    if form == "cose":
        data = client.cose_receipt(_record_id(receipt))
    elif form == "entry":
        data = receipt.entry()
    else:
        data = TlogProof(receipt.index, receipt.inclusion, receipt.checkpoint).encode()
    path = output or file.with_name(file.name + _SUFFIXES[form])
    path.write_bytes(data)
    show({"export": str(path), "index": receipt.index, "log_key": receipt.log_key}, as_json, "Export")


@click.command("verify-export")
@click.argument("file", type=FILE)
@click.option("--receipt", "receipt_file", type=FILE, required=True, help="The record's receipt.")
@trusted_options
@json_option
def verify_export(file: Path, receipt_file: Path, trusted: TrustedKeys, as_json: bool) -> None:
    """Verify offline that an exported FILE proves a receipt's record to be in the log. Exit code 0: it does, 1: no.

    Without --log-key the key is believed that the receipt names.
    """
    data, receipt = file.read_bytes(), parse_receipt(receipt_file.read_bytes())
    keys = trusted.or_named(receipt.log_key)
    if data.startswith(HEADER.encode()):
        proof = parse_tlog_proof(data)
        key = signer_of(proof.checkpoint, *keys)
        size, index, form = verify_tlog_proof(proof, receipt.entry(), key).size, proof.index, "C2SP .tlog-proof"
    else:
        issued = parse_cose_receipt(data)
        key = issuing_key(issued, keys)
        shown = verify_inclusion_receipt(issued, receipt.entry(), key)
        size, index, form = shown.size, shown.index, "COSE receipt"
    show({"proves": form, "index": index, "size": size, "log_key": key.format()}, as_json, "In the log")


def _record_id(receipt: Receipt) -> str:
    record = parse_canonical(receipt.envelope.payload, limit=MAX_PAYLOAD)
    if not isinstance(record, dict) or not isinstance(record.get("id"), str):
        raise ReceiptError(Fault("/envelope", "holds no record with an id"))
    return str(record["id"])


COMMANDS = (export, verify_export)
