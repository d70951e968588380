# SPDX-License-Identifier: Apache-2.0
"""Signing on the lender's own machine: private keys never leave it.

>>> key = generate_key()                       # Ed25519; or "ES256", "ES256K", "PS256"
>>> load_private_key(key.to_pem()).public == key.public
True
>>> envelope = sign({"type": "consent", "id": "018d731f-d109-7fca-a5e4-922cbc3a9b84"}, key)
>>> [signature.kid for signature in envelope.signatures] == [key.public.kid]
True

The record's own rules are checked by `check_record`, and by the notary when it comes in.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate

from notary import schemes
from notary.canonical import canonical_json, parse_canonical, parse_json
from notary.envelope import MAX_PAYLOAD, Envelope, EnvelopeSigner, envelope_from_json, sign_envelope
from notary.records import Record, parse_record
from notary.schemes import PrivateKey, load_private_key

__all__ = [
    "Envelope",
    "PrivateKey",
    "add_signatures",
    "check_record",
    "generate_key",
    "load_private_key",
    "sign",
    "signature_over",
]

MAX_ENVELOPE = 128 * 1024
JsonObject = Mapping[str, Any]


def generate_key(alg: str = "EdDSA") -> PrivateKey:
    """Return a new private key: EdDSA (Ed25519), ES256, ES256K or PS256. Store its `to_pem()` where nobody reads it."""
    return schemes.generate_key(alg)


def check_record(record: JsonObject) -> Record:
    """Check a record by the rules of its type, before it is sent. Raises `InvalidInputError` with every fault.

    Whether it fits into its loan's history only the notary can tell.
    """
    return parse_record(parse_canonical(canonical_json(record), limit=MAX_PAYLOAD))


def sign(record: JsonObject, *keys: PrivateKey, certificates: Sequence[Certificate] = ()) -> Envelope:
    """Sign a record by one or more keys. `certificates`, leaf first, go along with the first key's signature."""
    return add_signatures(Envelope(canonical_json(record)), *keys, certificates=certificates)


def add_signatures(
    envelope: Envelope | JsonObject | bytes, *keys: PrivateKey, certificates: Sequence[Certificate] = ()
) -> Envelope:
    """Add signatures to an envelope that others have signed, such as a draft's. Raises `InvalidEnvelopeError`."""
    begun = envelope if isinstance(envelope, Envelope) else _read(envelope)
    x5c = tuple(certificate.public_bytes(Encoding.DER) for certificate in certificates)
    signers = [
        EnvelopeSigner(key.scheme.alg, key.public.kid, key.sign, () if number else x5c)
        for number, key in enumerate(keys)
    ]
    added = sign_envelope(begun.payload, *signers).signatures
    # Read again as the notary will: one key does not sign twice.
    return envelope_from_json(Envelope(begun.payload, begun.signatures + added).to_json())


def signature_over(envelope: Envelope | JsonObject | bytes, key: PrivateKey) -> dict[str, str]:
    """Return one more signature over an envelope's record, by itself: what is added to a draft."""
    begun = envelope if isinstance(envelope, Envelope) else _read(envelope)
    made: dict[str, str] = add_signatures(Envelope(begun.payload), key).to_json()["signatures"][0]
    return made


def _read(envelope: JsonObject | bytes) -> Envelope:
    return envelope_from_json(
        parse_json(envelope, limit=MAX_ENVELOPE) if isinstance(envelope, bytes) else dict(envelope)
    )
