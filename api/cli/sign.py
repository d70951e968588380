# SPDX-License-Identifier: Apache-2.0
"""Commands that sign records: `sign`, and `typed-data` for wallets that sign elsewhere."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import click
import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate, load_pem_x509_certificates

from api.cli.output import console
from api.cli.paths import FILE, NEW_FILE
from chain.wallet import Wallet
from chain.wallet_signatures import WalletSignatures, typed_data, wallet_key, wallet_signer
from loan_notary import sign_file
from notary.canonical import canonical_json, parse_canonical, parse_json
from notary.envelope import (
    MAX_PAYLOAD,
    Envelope,
    EnvelopeSigner,
    envelope_from_json,
    sign_envelope,
)
from notary.errors import Fault, InvalidCertificateError
from notary.jws_header import WalletDomain
from notary.parties.keys import WALLET_ALG
from notary.records import parse_record
from notary.registration import MAX_BODY
from notary.schemes import PrivateKey, load_private_key

_REGISTRY = re.compile(r"eip155:([1-9][0-9]{0,14}):(0x[0-9a-fA-F]{40})")
_SIGNATURE = re.compile(r"(0x[0-9a-fA-F]{40}):0x((?:[0-9a-fA-F]{2})+)")


class _Registry(click.ParamType[WalletDomain]):
    """The registry contract by its CAIP-10 name; `status` shows it."""

    name = "eip155:CHAIN:ADDRESS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> WalletDomain:
        match = _REGISTRY.fullmatch(value)
        if match is None:
            self.fail("must be like eip155:31337:0x25de746d1d825a553072dd71cfa0428ac62da3ef", param, ctx)
        return WalletDomain(int(match[1]), match[2].lower())


class _Signature(click.ParamType[tuple[str, bytes]]):
    """What a wallet gave out: its address and its signature, both in hex."""

    name = "0xADDRESS:0xSIGNATURE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, bytes]:
        match = _SIGNATURE.fullmatch(value)
        if match is None:
            self.fail("must be an address and a signature in hex, each with 0x, and a colon between them", param, ctx)
        return match[1].lower(), bytes.fromhex(match[2])


@click.command()
@click.argument("record", type=FILE)
@click.option("--key", "keys", type=FILE, multiple=True, help="Private key; once for each signer.")
@click.option(
    "--certificates", type=FILE, multiple=True, help="Certificates (PEM, leaf first) of one of the keys, to go along."
)
@click.option("--wallet", "wallets", type=FILE, multiple=True, help="Key file of an Ethereum wallet.")
@click.option(
    "--wallet-signature", "given", type=_Signature(), multiple=True, help="What a wallet made of `typed-data`."
)
@click.option("--registry", type=_Registry(), help="The notary's registry, which wallets sign for.")
@click.option("-o", "--output", type=click.File("wb"), default="-", help="Where the envelope goes.")
def sign(
    record: Path,
    keys: tuple[Path, ...],
    certificates: tuple[Path, ...],
    wallets: tuple[Path, ...],
    given: tuple[tuple[str, bytes], ...],
    registry: WalletDomain | None,
    output: BinaryIO,
) -> None:
    """Sign a RECORD (JSON) with one or more keys or wallets and write the envelope.

    RECORD may be an envelope that others have signed, such as a draft's: the signatures are added to theirs.
    """
    begun = _begun(record)
    payload = begun.payload
    signers = _certified([load_private_key(path.read_bytes()) for path in keys], map(_chain, certificates))
    if (wallets or given) and registry is None:
        raise click.UsageError("a wallet signs for one registry: name it with --registry")
    if registry is not None:
        signers += [wallet_signer(Wallet.load(path), registry) for path in wallets]
        signers += [_signed_elsewhere(address, signature, registry) for address, signature in given]
    if not signers:
        raise click.UsageError("name at least one --key or --wallet")
    signed = Envelope(payload, begun.signatures + sign_envelope(payload, *signers).signatures)
    # Read again as the notary will: one key does not sign twice. The file comes last: what fails leaves none behind.
    envelope = envelope_from_json(signed.to_json()).encode()
    output.write(envelope + b"\n")


@click.command("sign-batch")
@click.argument("records", type=FILE)
@click.option("--key", type=FILE, required=True, help="Private key of the signer of all records.")
@click.option("--certificates", type=FILE, help="Certificates (PEM, leaf first) of the key, to go along.")
@click.option("--id", "batch_id", help="Name of the batch (UUID); a new one if not given.")
@click.option("-o", "--output", type=NEW_FILE, required=True, help="The file to submit.")
def sign_batch(records: Path, key: Path, certificates: Path | None, batch_id: str | None, output: Path) -> None:
    """Sign RECORDS, a file with a record or envelope a line, by one signature over the whole file.

    Submit the file that this writes as it is. Every record's receipt verifies by itself all the same.
    """
    signer = load_private_key(key.read_bytes())
    chain = _chain(certificates) if certificates else []
    if chain:
        _certified([signer], [chain])
    count = sign_file(records, output, signer, certificates=chain, batch_id=batch_id)
    console.print(f"{output}: {count:,} records under one signature", soft_wrap=True)


@click.command("typed-data")
@click.argument("record", type=FILE)
@click.option("--registry", type=_Registry(), required=True, help="The notary's registry, which the wallet signs for.")
@click.option("-o", "--output", type=click.File("wb"), default="-", help="Where the typed data go.")
def typed_data_command(record: Path, registry: WalletDomain, output: BinaryIO) -> None:
    """Write what a wallet signs for a RECORD (JSON), for its method eth_signTypedData_v4."""
    shown = orjson.dumps(typed_data(_begun(record).payload, registry))
    output.write(shown + b"\n")


def _begun(record: Path) -> Envelope:
    """Return an envelope as far as it is signed, or that of a record that nobody has signed."""
    value = parse_json(record.read_bytes(), limit=MAX_BODY)
    if isinstance(value, dict) and "payload" in value:
        envelope = envelope_from_json(value)
        parse_record(parse_canonical(envelope.payload, limit=MAX_PAYLOAD))
        return envelope
    parse_record(value)
    return Envelope(canonical_json(value))


def _chain(path: Path) -> list[Certificate]:
    try:
        return load_pem_x509_certificates(path.read_bytes())
    except ValueError:
        raise InvalidCertificateError(Fault("", f"{path} holds no certificates in PEM")) from None


def _certified(keys: list[PrivateKey], chains: Iterable[list[Certificate]]) -> list[EnvelopeSigner]:
    signers = {key.public.kid: EnvelopeSigner(key.scheme.alg, key.public.kid, key.sign) for key in keys}
    for chain in chains:
        of_leaf = [key.public.kid for key in keys if _holds(chain[0], key)]
        if not of_leaf:
            raise InvalidCertificateError(Fault("", "the first certificate is of none of the keys given"))
        x5c = tuple(certificate.public_bytes(Encoding.DER) for certificate in chain)
        signers[of_leaf[0]] = signers[of_leaf[0]]._replace(x5c=x5c)
    return list(signers.values())


def _holds(certificate: Certificate, key: PrivateKey) -> bool:
    try:
        return key.scheme.public_key(certificate.public_key()) == key.public
    except (ValueError, UnsupportedAlgorithm):
        return False


def _signed_elsewhere(address: str, signature: bytes, registry: WalletDomain) -> EnvelopeSigner:
    scheme, key = WalletSignatures(), wallet_key(address)

    def checked(message: bytes) -> bytes:
        scheme.verify(scheme.load(key), message, signature)
        return signature

    return EnvelopeSigner(WALLET_ALG, key.kid, checked, domain=registry)


COMMANDS = (sign, sign_batch, typed_data_command)
