# SPDX-License-Identifier: Apache-2.0
"""Commands on access: `api-key`, `grant`, `pass`."""

from typing import Any

import click

from api.cli.options import client_options
from api.cli.output import json_option, show, show_list
from loan_notary import Client
from notary.access import ROLES

_SCOPES = tuple(dict.fromkeys(scope for scopes in ROLES.values() for scope in scopes))
_MOMENT = "A moment such as 2026-12-31T00:00:00.000Z."


@click.group("api-key")
def api_key() -> None:
    """Your organisation's API keys."""


@api_key.command()
@click.argument("name")
@click.option("--scope", "scopes", type=click.Choice(_SCOPES), multiple=True, required=True, help="What it may do.")
@click.option("--expires-at", help=_MOMENT)
@json_option
@client_options
def create(client: Client, name: str, scopes: tuple[str, ...], expires_at: str | None, as_json: bool) -> None:
    """Make a key called NAME. It is shown this once only."""
    show(client.create_api_key(name, scopes, expires_at), as_json, "Keep the key")


@api_key.command("list")
@json_option
@client_options
def list_keys(client: Client, as_json: bool) -> None:
    """Show your organisation's keys, without the keys themselves."""
    columns = ("id", "name", "scopes", "expires_at", "revoked_at", "last_used_at")
    show_list(client.api_keys(), columns, as_json)


@api_key.command()
@click.argument("key_id")
@click.option("--overlap", type=int, default=86_400, show_default=True, help="Seconds that the old key still opens.")
@json_option
@client_options
def rotate(client: Client, key_id: str, overlap: int, as_json: bool) -> None:
    """Make a key in place of another. It is shown this once only."""
    show(client.rotate_api_key(key_id, overlap), as_json, "Keep the key")


@api_key.command()
@click.argument("key_id")
@json_option
@client_options
def revoke(client: Client, key_id: str, as_json: bool) -> None:
    """Let a key open nothing from now on."""
    show(client.revoke_api_key(key_id), as_json, "Revoked")


@click.group()
def grant() -> None:
    """What auditors may read of your loans."""


@grant.command("make")
@click.argument("auditor", type=int)
@click.option("--expires-at", required=True, help=_MOMENT)
@click.option("--loan", help="This loan only.")
@click.option("--began-from", help="Loans that began then or later.")
@click.option("--began-until", help="Loans that began before.")
@json_option
@client_options
def make_grant(client: Client, auditor: int, expires_at: str, as_json: bool, **chosen: Any) -> None:
    """Let AUDITOR, an organisation's number, read your loans."""
    show(client.make_grant(auditor, expires_at, **chosen), as_json, "Granted")


@grant.command("list")
@json_option
@client_options
def list_grants(client: Client, as_json: bool) -> None:
    """Show who was granted what."""
    columns = ("id", "auditor", "lender", "loan", "began_from", "began_until", "expires_at", "revoked_at")
    show_list(client.grants(), columns, as_json)


@grant.command("revoke")
@click.argument("grant_id")
@json_option
@client_options
def revoke_grant(client: Client, grant_id: str, as_json: bool) -> None:
    """Take a grant back."""
    show(client.revoke_grant(grant_id), as_json, "Revoked")


@click.group("pass")
def loan_pass() -> None:
    """Passes with which borrowers see their loan without an account."""


@loan_pass.command()
@click.argument("loan")
@click.option("--expires-at", required=True, help=_MOMENT)
@json_option
@client_options
def mint(client: Client, loan: str, expires_at: str, as_json: bool) -> None:
    """Make a pass for LOAN. Its secret is shown this once only."""
    show(
        client.mint_pass(loan, expires_at),
        as_json,
        "Give the link to the borrower; what follows # never reaches a server",
    )


@loan_pass.command("list")
@json_option
@client_options
def list_passes(client: Client, as_json: bool) -> None:
    """Show your passes, without their secrets."""
    columns = ("id", "loan", "expires_at", "revoked_at", "last_used_at")
    show_list(client.passes(), columns, as_json)


@loan_pass.command("revoke")
@click.argument("pass_id")
@json_option
@client_options
def revoke_pass(client: Client, pass_id: str, as_json: bool) -> None:
    """Let a pass open nothing from now on."""
    show(client.revoke_pass(pass_id), as_json, "Revoked")


COMMANDS = (api_key, grant, loan_pass)
