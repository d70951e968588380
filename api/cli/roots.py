# SPDX-License-Identifier: Apache-2.0
"""Commands on certification authorities: `register-root`, `revoke-root`, `roots`."""

from pathlib import Path
from typing import Any

import click

from api.cli.options import client_options
from api.cli.output import json_option, show, show_list
from api.cli.paths import FILE
from api.clock import now
from loan_notary import Client
from notary.encoding import format_time
from notary.parties.signatures import PARTIES, Party

_COLUMNS = ("fingerprint", "party", "organization", "valid_from", "valid_until", "revoked_from")


@click.command("register-root")
@click.argument("certificate", type=FILE)
@click.option("--party", type=click.Choice(PARTIES), required=True, help="Whose keys it vouches for.")
@click.option("--organization", help="The organization (O) that the certificates must name; needed for the lender.")
@click.option("--until", "valid_until", help="When it is no longer taken (like 2026-01-31T08:30:00.000Z).")
@json_option
@client_options
def register_root(client: Client, certificate: Path, party: Party, as_json: bool, **more: Any) -> None:
    """Register an authority's self-signed CERTIFICATE (PEM): what it certifies signs for a party of your loans."""
    root: dict[str, Any] = {**client.register_root(party, certificate.read_text("utf-8"), **more)}
    show({name: root[name] for name in _COLUMNS}, as_json, "Registered")


@click.command("revoke-root")
@click.argument("fingerprint")
@click.option("--from", "moment", help="From when on it is not trusted any more, past or future; now if not given.")
@json_option
@client_options
def revoke_root(client: Client, fingerprint: str, moment: str | None, as_json: bool) -> None:
    """Revoke an authority's certificate, named by its FINGERPRINT (SHA-256 in hex)."""
    show_list(client.revoke_root(fingerprint, moment or format_time(now())), _COLUMNS, as_json)


@click.command()
@json_option
@client_options
def roots(client: Client, as_json: bool) -> None:
    """List the authorities whose certificates you have registered."""
    show_list(client.roots(), _COLUMNS, as_json)


COMMANDS = (register_root, revoke_root, roots)
