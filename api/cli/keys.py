# SPDX-License-Identifier: Apache-2.0
"""Commands on signing keys: `keygen`, `register-key`, `revoke-key`, `keys`."""

import os
from pathlib import Path
from typing import Any

import click

from api.cli.options import client_options
from api.cli.output import json_option, show, show_list
from api.cli.paths import FILE, NEW_FILE
from api.clock import now
from chain.wallet import Wallet
from chain.wallet_signatures import wallet_key
from loan_notary import Client
from notary.canonical import parse_json
from notary.encoding import format_time
from notary.parties.keys import PublicKey
from notary.parties.signatures import PARTIES, Party
from notary.registration import MAX_BODY
from notary.schemes import SCHEMES, generate_key


@click.command()
@click.argument("out", type=NEW_FILE)
@click.option(
    "--alg", type=click.Choice(list(SCHEMES)), default="EdDSA", show_default=True, help="Signature algorithm."
)
@click.option("--wallet", is_flag=True, help="Make the key of an Ethereum wallet instead.")
@json_option
def keygen(out: Path, alg: str, wallet: bool, as_json: bool) -> None:
    """Make a signing key: the private key in OUT (readable by you only), the public one in OUT.pub."""
    if out.exists():
        raise click.ClickException(f"{out} exists; a key is never overwritten")
    key = wallet_key(Wallet.create(out).address) if wallet else _new_key(out, alg)
    public = out.with_name(out.name + ".pub")
    public.write_text(key.encoded + "\n", "utf-8")
    show({"kid": key.kid, "private": str(out), "public": str(public)}, as_json, "New key")


def _new_key(out: Path, alg: str) -> PublicKey:
    key = generate_key(alg)
    with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key.to_pem())
    return key.public


@click.command("register-key")
@click.argument("public", type=FILE)
@click.option("--party", type=click.Choice(PARTIES), required=True, help="Whose key it is.")
@click.option("--from", "valid_from", help="When it begins to count (like 2026-01-31T08:30:00.000Z); now if not given.")
@click.option("--until", "valid_until", help="When it ends; never if not given.")
@click.option("--replaces", metavar="KID", help="The key of the same party that ends as this one begins.")
@click.option("--overlap", type=int, help="Seconds for which the replaced key goes on beside this one.")
@json_option
@client_options
def register_key(client: Client, public: Path, party: Party, overlap: int | None, as_json: bool, **times: Any) -> None:
    """Register the PUBLIC keys (a file of one JWK a line) of a party of your loans with the notary."""
    jwks = [parse_json(line, limit=MAX_BODY) for line in public.read_bytes().splitlines()]
    registered = [client.register_key(party, jwk, overlap_seconds=overlap, **times) for jwk in jwks]
    last = registered[-1] if registered else dict.fromkeys(("kid", "valid_from", "valid_until"))
    members = {name: last[name] for name in ("kid", "valid_from", "valid_until")}
    show({"party": party, "registered": len(registered), **members}, as_json, "Registered")


@click.command("revoke-key")
@click.argument("kid")
@click.option("--from", "moment", help="From when on it is not trusted any more, past or future; now if not given.")
@json_option
@client_options
def revoke_key(client: Client, kid: str, moment: str | None, as_json: bool) -> None:
    """Revoke a key: records that are received from that moment on are refused if it signed them.

    What was recorded before you say so stays; whoever verifies it is told of the revocation.
    """
    show(client.revoke_key(kid, moment or format_time(now())), as_json, "Revoked")


@click.command()
@click.option("--party", type=click.Choice(PARTIES), help="Whose keys; everybody's if not given.")
@json_option
@client_options
def keys(client: Client, party: Party | None, as_json: bool) -> None:
    """List the keys that you have registered, and when they count."""
    show_list(list(client.keys(party)), ("kid", "party", "valid_from", "valid_until", "revoked_from"), as_json)


COMMANDS = (keygen, register_key, revoke_key, keys)
