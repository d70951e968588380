# SPDX-License-Identifier: Apache-2.0
"""Envelopes: a record's payload and its signatures, in JWS JSON General Serialization (RFC 7515 section 7.2.1).

::

    {"payload": b64url(record), "signatures": [{"protected": b64url(header), "signature": b64url(bytes)}, ...]}

Exactly one form is accepted: no unprotected `header`, and a protected header as `notary.jws_header` reads it. The
payload stays as the bytes that were signed. Signature bytes identify nothing: some schemes let anybody change them.

A signature over a whole batch of records stands in the same list, with a member `batch` that shows by a path of hashes
that this record is among those that were signed (`notary.batch_place`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from notary.batch_place import BatchPlace, read_place
from notary.canonical import canonical_json
from notary.encoding import b64url
from notary.jws_header import Header, WalletDomain, fault, read_bytes, read_header, write_header
from notary.once import once
from notary.parties.keys import WALLET_ALG

TYPE = "loan-notary/record@1"
BATCH_TYPE = "loan-notary/batch@1"
MAX_PAYLOAD = 64 * 1024
MAX_SIGNATURES = 16
_MAX_SIGNATURE = 1024
"""Bytes of a signature by the largest RSA key."""


class EnvelopeSigner(NamedTuple):
    """Signs for one party: JWS algorithm, key id (RFC 7638 thumbprint), and the function that signs bytes.

    `x5c` is the chain of certificates that goes into the header, in DER and leaf first; `domain` a wallet's.
    """

    alg: str
    kid: str
    sign: Callable[[bytes], bytes]
    x5c: tuple[bytes, ...] = ()
    domain: WalletDomain | None = None


class Signature(NamedTuple):
    """One signature: the encoded protected header, what it says, and the signature's bytes.

    `batch` is the record's place among those that were signed at once; None if it was signed by itself.
    """

    protected: str
    alg: str
    kid: str
    signature: bytes
    x5c: tuple[bytes, ...] = ()
    domain: WalletDomain | None = None
    batch: BatchPlace | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the signature as a JSON object."""
        members = {"protected": self.protected, "signature": b64url(self.signature)}
        return members if self.batch is None else {**members, "batch": self.batch.to_json()}


@dataclass(frozen=True)
class Envelope:
    """A payload and its signatures, in the order in which they were given."""

    payload: bytes
    signatures: tuple[Signature, ...] = ()

    # Both what is signed and what is committed to are made of it.
    @once
    def encoded_payload(self) -> str:
        """The payload in base64url."""
        return b64url(self.payload)

    def encode(self) -> bytes:
        """Return the envelope as canonical JSON: the bytes that are committed to."""
        return canonical_json(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """Return the envelope as a JSON object."""
        return {"payload": self.encoded_payload, "signatures": self.signatures_json()}

    def signatures_json(self) -> list[dict[str, Any]]:
        """Return the member `signatures` of that."""
        return [item.to_json() for item in self.signatures]

    def signing_input(self, signature: Signature) -> bytes:
        """Return what `signature` is over: ASCII(protected || "." || b64url(payload)), RFC 7515 section 5.1.

        The payload is the record's, or the statement on the batch.
        """
        if signature.batch is not None:
            return signing_input(signature.protected, signature.batch.statement.encode())
        return f"{signature.protected}.{self.encoded_payload}".encode("ascii")

    def joined_by(self, signature: Signature) -> "Envelope":
        """Return the envelope with one more signature. Raises `InvalidEnvelopeError`."""
        signatures = (*self.signatures, signature)
        _check_signatures(signatures, "/signatures")
        return Envelope(self.payload, signatures)


def signing_input(protected: str, payload: bytes) -> bytes:
    """Return what is signed under an encoded header."""
    return f"{protected}.{b64url(payload)}".encode("ascii")


def sign_envelope(payload: bytes, *signers: EnvelopeSigner) -> Envelope:
    """Sign canonical payload bytes by each signer, in order."""
    return Envelope(payload, tuple(sign_payload(payload, signer, TYPE) for signer in signers))


def sign_payload(payload: bytes, signer: EnvelopeSigner, typ: str) -> Signature:
    """Sign a payload that is what `typ` says."""
    protected = b64url(write_header(typ, Header(signer.alg, signer.kid, signer.x5c, signer.domain)))
    made = signer.sign(signing_input(protected, payload))
    return Signature(protected, signer.alg, signer.kid, made, signer.x5c, signer.domain)


def read_signing_input(message: bytes) -> tuple[WalletDomain | None, bytes]:
    """Return the domain and the payload that stand in what `Envelope.signing_input` makes.

    Raises `InvalidEnvelopeError` for anything else.
    """
    protected, _, payload = message.decode("ascii", "replace").partition(".")
    header = read_header(protected, TYPE, "/protected")
    return header.domain, read_bytes(payload, "/payload", MAX_PAYLOAD)


def envelope_from_json(value: Any, pointer: str = "") -> Envelope:
    """Read an envelope from a parsed JSON value that stands at `pointer`. Raises `InvalidEnvelopeError`.

    Signatures are not verified here, and the payload is only decoded.
    """
    if not isinstance(value, dict) or value.keys() != {"payload", "signatures"}:
        raise fault(pointer, "an envelope has the members payload and signatures, and no others")
    payload = read_bytes(value["payload"], f"{pointer}/payload", MAX_PAYLOAD)
    envelope = Envelope(payload, signatures_from_json(value["signatures"], f"{pointer}/signatures"))
    vars(envelope)["encoded_payload"] = value["payload"]  # the one that there is of these bytes
    return envelope


def signatures_from_json(value: Any, pointer: str) -> tuple[Signature, ...]:
    """Read the signatures of an envelope, which stand at `pointer`. Raises `InvalidEnvelopeError`."""
    if not isinstance(value, list) or len(value) > MAX_SIGNATURES:
        raise fault(pointer, f"a list of at most {MAX_SIGNATURES} signatures is wanted")
    signatures = tuple([_signature(item, f"{pointer}/{i}") for i, item in enumerate(value)])
    _check_signatures(signatures, pointer)
    return signatures


def read_signature(value: dict[str, Any], typ: str, pointer: str) -> Signature:
    """Read the members `protected` and `signature` of a JSON object. Raises `InvalidEnvelopeError`."""
    protected = value["protected"]
    header = read_header(protected, typ, f"{pointer}/protected")
    if typ == BATCH_TYPE and header.alg == WALLET_ALG:
        raise fault(f"{pointer}/protected", "a wallet signs records one by one, because it shows what it signs")
    signature = read_bytes(value["signature"], f"{pointer}/signature", _MAX_SIGNATURE)
    return Signature(protected, header.alg, header.kid, signature, header.x5c, header.domain)


def _signature(value: Any, pointer: str) -> Signature:
    if not isinstance(value, dict) or value.keys() - {"batch"} != {"protected", "signature"}:
        raise fault(pointer, "a signature has the members protected and signature, perhaps batch, and no others")
    if "batch" not in value:
        return read_signature(value, TYPE, pointer)
    place = read_place(value["batch"], f"{pointer}/batch")
    return read_signature(value, BATCH_TYPE, pointer)._replace(batch=place)


def _check_signatures(signatures: tuple[Signature, ...], pointer: str) -> None:
    if len(signatures) > MAX_SIGNATURES:
        raise fault(pointer, f"at most {MAX_SIGNATURES} signatures are taken")
    if len(signatures) > 1 and len({item.kid for item in signatures}) != len(signatures):
        raise fault(pointer, "one key signed twice")
