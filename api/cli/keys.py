# SPDX-License-Identifier: Apache-2.0
"""Commands on signing keys: `keygen`, `register-key`, `sign`."""

import os
from pathlib import Path
from typing import BinaryIO

import click

from api.cli.options import client_options
from api.cli.output import json_option, show
from api.client import NotaryClient
from notary.canonical import canonical_json, parse_json
from notary.envelope import MAX_PAYLOAD, EnvelopeSigner, sign_envelope
from notary.records import parse_record
from notary.registration import MAX_BODY
from notary.schemes import SCHEMES, PrivateKey, generate_key, load_private_key
from notary.signatures import PARTIES

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--alg", type=click.Choice(list(SCHEMES)), default="EdDSA", show_default=True, help="Signature algorithm."
)
@json_option
def keygen(out: Path, alg: str, as_json: bool) -> None:
    """Make a signing key: the private key in OUT (readable by you only), the public one in OUT.pub."""
    key = generate_key(alg)
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise click.ClickException(f"{out} exists; a key is never overwritten") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.to_pem())
    public = out.with_name(out.name + ".pub")
    public.write_text(key.public.encoded + "\n", "utf-8")
    show({"kid": key.public.kid, "private": str(out), "public": str(public)}, as_json, "New key")


@click.command("register-key")
@click.argument("public", type=_FILE)
@click.option("--party", type=click.Choice(PARTIES), required=True, help="Whose key it is.")
@json_option
@client_options
def register_key(client: NotaryClient, public: Path, party: str, as_json: bool) -> None:
    """Register the PUBLIC keys (a file of one JWK a line) of a party of your loans with the notary."""
    jwks = [parse_json(line, limit=MAX_BODY) for line in public.read_bytes().splitlines()]
    kids = [client.register_key(party, jwk) for jwk in jwks]
    show({"party": party, "registered": len(kids), "kid": kids[-1] if kids else None}, as_json, "Registered")


@click.command()
@click.argument("record", type=_FILE)
@click.option("--key", "keys", type=_FILE, multiple=True, required=True, help="Private key; once for each signer.")
@click.option("-o", "--output", type=click.File("wb"), default="-", help="Where the envelope goes.")
def sign(record: Path, keys: tuple[Path, ...], output: BinaryIO) -> None:
    """Sign a RECORD (JSON) with one or more keys and write the envelope."""
    value = parse_json(record.read_bytes(), limit=MAX_PAYLOAD)
    parse_record(value)
    signers = [_signer(load_private_key(path.read_bytes())) for path in keys]
    output.write(sign_envelope(canonical_json(value), *signers).encode() + b"\n")


def _signer(key: PrivateKey) -> EnvelopeSigner:
    return EnvelopeSigner(key.scheme.alg, key.public.kid, key.sign)


COMMANDS = (keygen, register_key, sign)
