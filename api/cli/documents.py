# SPDX-License-Identifier: Apache-2.0
"""The commands `document put`, `document attach`, `document show`."""

from pathlib import Path
from typing import Any

import click

from api.cli.options import client_options
from api.cli.output import json_option, show
from api.cli.paths import FILE, NEW_FILE
from loan_notary import Client, calls
from loan_notary.answers import Document
from loan_notary.calls.documents import AttachmentType

_TYPES: dict[str, AttachmentType] = {
    "signature": "application/pkcs7-signature",
    "timestamp": "application/timestamp-reply",
}


@click.group()
def document() -> None:
    """Deposit files that records name, and look at what the notary found in them."""


@document.command()
@click.argument("file", type=FILE)
@click.option("--media-type", help="What the file is; guessed by its name if not given.")
@json_option
@client_options
def put(client: Client, file: Path, media_type: str | None, as_json: bool) -> None:
    """Deposit a FILE; harmless to repeat."""
    _show(client.put_document(file, media_type), as_json, "Deposited")


@document.command()
@click.argument("sha256")
@click.argument("file", type=FILE)
@click.option("--kind", type=click.Choice(list(_TYPES)), required=True, help="What FILE is.")
@json_option
@client_options
def attach(client: Client, sha256: str, file: Path, kind: str, as_json: bool) -> None:
    """Add a FILE over the document SHA256: a detached CMS signature (.p7s), or an RFC 3161 response (.tsr)."""
    _show(client.attach(sha256, file.read_bytes(), _TYPES[kind]), as_json, "Attached")


@document.command("show")
@click.argument("sha256")
@click.option("-o", "--output", type=NEW_FILE, help="Write the document to a file.")
@json_option
@client_options
def show_document(client: Client, sha256: str, output: Path | None, as_json: bool) -> None:
    """Show what the notary knows of the document SHA256, and fetch it."""
    found = client.document_info(sha256)
    if output:
        client.download(calls.documents.document(sha256), output)
    _show(found, as_json, "Document")


def _show(found: Document, as_json: bool, title: str) -> None:
    members: dict[str, Any] = {**found}
    if not as_json:
        attached = [check for item in members.pop("attachments") for check in item["checks"]]
        for number, check in enumerate((*members.pop("checks"), *attached), 1):
            details = (check["detail"], check["signer"], check["time"])
            members[f"check {number}"] = f"{check['kind']} {check['status']}: {', '.join(filter(None, details))}"
    show(members, as_json, title)


COMMANDS = (document,)
