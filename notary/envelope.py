# SPDX-License-Identifier: Apache-2.0
"""Envelopes: a record's payload and its signatures, in JWS JSON General Serialization (RFC 7515 section 7.2.1).

::

    {"payload": b64url(record), "signatures": [{"protected": b64url(header), "signature": b64url(bytes)}, ...]}

Exactly one form is accepted: no unprotected `header`, and a protected header that is the JCS of `{"alg", "kid",
"typ"}` with `typ` fixed, so that a signature made for this format fits no other. The payload stays as the bytes that
were signed. Signature bytes identify nothing: some schemes let anybody change them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from notary.canonical import canonical_json, parse_canonical
from notary.encoding import b64url, parse_b64url
from notary.errors import Fault, InvalidEnvelopeError, MalformedJsonError

TYPE = "loan-notary/record@1"
MAX_PAYLOAD = 64 * 1024
MAX_SIGNATURES = 16
_MAX_HEADER = 1024
_MAX_SIGNATURE = 1024


class EnvelopeSigner(NamedTuple):
    """Signs for one party: JWS algorithm, key id (RFC 7638 thumbprint), and the function that signs bytes."""

    alg: str
    kid: str
    sign: Callable[[bytes], bytes]


@dataclass(frozen=True)
class Signature:
    """One signature: the encoded protected header, what it says, and the signature's bytes."""

    protected: str
    alg: str
    kid: str
    signature: bytes


@dataclass(frozen=True)
class Envelope:
    """A payload and its signatures, in the order in which they were given."""

    payload: bytes
    signatures: tuple[Signature, ...] = ()

    def encode(self) -> bytes:
        """Return the envelope as canonical JSON: the bytes that are committed to."""
        return canonical_json(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """Return the envelope as a JSON object."""
        return {
            "payload": b64url(self.payload),
            "signatures": [
                {"protected": item.protected, "signature": b64url(item.signature)} for item in self.signatures
            ],
        }

    def signing_input(self, signature: Signature) -> bytes:
        """Return what `signature` is over: ASCII(protected || "." || b64url(payload)), RFC 7515 section 5.1."""
        return f"{signature.protected}.{b64url(self.payload)}".encode("ascii")


def sign_envelope(payload: bytes, *signers: EnvelopeSigner) -> Envelope:
    """Sign canonical payload bytes by each signer, in order."""
    encoded = b64url(payload)
    signatures = []
    for signer in signers:
        header = canonical_json({"alg": signer.alg, "kid": signer.kid, "typ": TYPE})
        protected = b64url(header)
        signature = signer.sign(f"{protected}.{encoded}".encode("ascii"))
        signatures.append(Signature(protected, signer.alg, signer.kid, signature))
    return Envelope(payload, tuple(signatures))


def envelope_from_json(value: Any, pointer: str = "") -> Envelope:
    """Read an envelope from a parsed JSON value that stands at `pointer`. Raises `InvalidEnvelopeError`.

    Signatures are not verified here, and the payload is only decoded.
    """
    if not isinstance(value, dict) or value.keys() != {"payload", "signatures"}:
        raise _fault(pointer, "an envelope has the members payload and signatures, and no others")
    payload = _bytes(value["payload"], f"{pointer}/payload", MAX_PAYLOAD)
    items = value["signatures"]
    if not isinstance(items, list) or len(items) > MAX_SIGNATURES:
        raise _fault(f"{pointer}/signatures", f"a list of at most {MAX_SIGNATURES} signatures is wanted")
    signatures = tuple(_signature(item, f"{pointer}/signatures/{i}") for i, item in enumerate(items))
    if len({item.kid for item in signatures}) != len(signatures):
        raise _fault(f"{pointer}/signatures", "one key signed twice")
    return Envelope(payload, signatures)


def _signature(value: Any, pointer: str) -> Signature:
    if not isinstance(value, dict) or value.keys() != {"protected", "signature"}:
        raise _fault(pointer, "a signature has the members protected and signature, and no others")
    data = _bytes(value["protected"], f"{pointer}/protected", _MAX_HEADER)
    try:
        header = parse_canonical(data, limit=_MAX_HEADER)
    except MalformedJsonError as error:
        raise _fault(f"{pointer}/protected", error.faults[0].detail) from None
    if (
        not isinstance(header, dict)
        or header.keys() != {"alg", "kid", "typ"}
        or not all(isinstance(member, str) for member in header.values())
    ):
        raise _fault(f"{pointer}/protected", "a protected header has the strings alg, kid and typ, and nothing else")
    if header["typ"] != TYPE:
        raise _fault(f"{pointer}/protected", f"typ is {header['typ'][:60]!r}, not {TYPE!r}")
    signature = _bytes(value["signature"], f"{pointer}/signature", _MAX_SIGNATURE)
    return Signature(value["protected"], header["alg"], header["kid"], signature)


def _bytes(value: Any, pointer: str, limit: int) -> bytes:
    if not isinstance(value, str) or len(value) > (limit * 4 + 2) // 3:
        raise _fault(pointer, f"a base64url string of at most {limit} bytes is wanted")
    try:
        return parse_b64url(value)
    except ValueError as error:
        raise _fault(pointer, str(error)) from error


def _fault(pointer: str, detail: str) -> InvalidEnvelopeError:
    return InvalidEnvelopeError(Fault(pointer, detail))
