# SPDX-License-Identifier: Apache-2.0
"""Envelopes: a record's payload and its signatures, in JWS JSON General Serialization (RFC 7515 section 7.2.1).

::

    {"payload": b64url(record), "signatures": [{"protected": b64url(header), "signature": b64url(bytes)}, ...]}

Exactly one form is accepted: no unprotected `header`, and a protected header that is the JCS of `{"alg", "kid",
"typ"}` with `typ` fixed, so that a signature made for this format fits no other. One member more is allowed: `x5c`, the
chain of certificates of the key (RFC 7515 section 4.1.6), or `domain`, which a wallet signs and must have. The payload
stays as the bytes that were signed. Signature bytes identify nothing: some schemes let anybody change them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from notary.canonical import canonical_json, parse_canonical
from notary.encoding import b64, b64url, parse_b64, parse_b64url
from notary.errors import Fault, InvalidEnvelopeError, MalformedJsonError
from notary.parties.keys import WALLET_ALG

TYPE = "loan-notary/record@1"
MAX_PAYLOAD = 64 * 1024
MAX_SIGNATURES = 16
MAX_CERTIFICATES = 8
_MAX_HEADER = 1024
_MAX_HEADER_WITH_CHAIN = 24 * 1024
_MAX_SIGNATURE = 1024
"""Bytes of a signature by the largest RSA key."""
_PLAIN = {"alg", "kid", "typ"}
_REGISTRY = re.compile(r"0x[0-9a-f]{40}")


@dataclass(frozen=True)
class WalletDomain:
    """What a wallet's signature is bound to: a chain, and the address of the registry on it (EIP-712 domain)."""

    chain_id: int
    registry: str


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
    """One signature: the encoded protected header, what it says, and the signature's bytes."""

    protected: str
    alg: str
    kid: str
    signature: bytes
    x5c: tuple[bytes, ...] = ()
    domain: WalletDomain | None = None


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
        return {"payload": b64url(self.payload), "signatures": self.signatures_json()}

    def signatures_json(self) -> list[dict[str, str]]:
        """Return the member `signatures` of that."""
        return [{"protected": item.protected, "signature": b64url(item.signature)} for item in self.signatures]

    def signing_input(self, signature: Signature) -> bytes:
        """Return what `signature` is over: ASCII(protected || "." || b64url(payload)), RFC 7515 section 5.1."""
        return f"{signature.protected}.{b64url(self.payload)}".encode("ascii")


def sign_envelope(payload: bytes, *signers: EnvelopeSigner) -> Envelope:
    """Sign canonical payload bytes by each signer, in order."""
    encoded = b64url(payload)
    signatures = []
    for signer in signers:
        protected = b64url(protected_header(signer.alg, signer.kid, signer.x5c, signer.domain))
        made = signer.sign(f"{protected}.{encoded}".encode("ascii"))
        signatures.append(Signature(protected, signer.alg, signer.kid, made, signer.x5c, signer.domain))
    return Envelope(payload, tuple(signatures))


def protected_header(alg: str, kid: str, x5c: tuple[bytes, ...] = (), domain: WalletDomain | None = None) -> bytes:
    """Return the bytes of a protected header."""
    header: dict[str, Any] = {"alg": alg, "kid": kid, "typ": TYPE}
    if x5c:
        header["x5c"] = [b64(certificate) for certificate in x5c]
    if domain:
        header["domain"] = {"chain_id": domain.chain_id, "registry": domain.registry}
    return canonical_json(header)


def read_signing_input(message: bytes) -> tuple[WalletDomain | None, bytes]:
    """Return the domain and the payload that stand in what `Envelope.signing_input` makes.

    Raises `InvalidEnvelopeError` for anything else.
    """
    protected, _, payload = message.decode("ascii", "replace").partition(".")
    *_, domain = _header(protected, "/protected")
    return domain, _bytes(payload, "/payload", MAX_PAYLOAD)


def envelope_from_json(value: Any, pointer: str = "") -> Envelope:
    """Read an envelope from a parsed JSON value that stands at `pointer`. Raises `InvalidEnvelopeError`.

    Signatures are not verified here, and the payload is only decoded.
    """
    if not isinstance(value, dict) or value.keys() != {"payload", "signatures"}:
        raise _fault(pointer, "an envelope has the members payload and signatures, and no others")
    payload = _bytes(value["payload"], f"{pointer}/payload", MAX_PAYLOAD)
    return Envelope(payload, signatures_from_json(value["signatures"], f"{pointer}/signatures"))


def signatures_from_json(value: Any, pointer: str) -> tuple[Signature, ...]:
    """Read the signatures of an envelope, which stand at `pointer`. Raises `InvalidEnvelopeError`."""
    if not isinstance(value, list) or len(value) > MAX_SIGNATURES:
        raise _fault(pointer, f"a list of at most {MAX_SIGNATURES} signatures is wanted")
    signatures = tuple([_signature(item, f"{pointer}/{i}") for i, item in enumerate(value)])
    if len({item.kid for item in signatures}) != len(signatures):
        raise _fault(pointer, "one key signed twice")
    return signatures


def _signature(value: Any, pointer: str) -> Signature:
    if not isinstance(value, dict) or value.keys() != {"protected", "signature"}:
        raise _fault(pointer, "a signature has the members protected and signature, and no others")
    protected = value["protected"]
    # A key's header is the same on every record that it signs; one with certificates is too long to keep many of.
    repeats = isinstance(protected, str) and len(protected) <= 2 * _MAX_HEADER
    alg, kid, x5c, domain = (_known_header if repeats else _header)(protected, f"{pointer}/protected")
    signature = _bytes(value["signature"], f"{pointer}/signature", _MAX_SIGNATURE)
    return Signature(protected, alg, kid, signature, x5c, domain)


def _header(value: Any, pointer: str) -> tuple[str, str, tuple[bytes, ...], WalletDomain | None]:
    data = _bytes(value, pointer, _MAX_HEADER_WITH_CHAIN)
    try:
        header = parse_canonical(data, limit=_MAX_HEADER_WITH_CHAIN)
    except MalformedJsonError as error:
        raise _fault(pointer, error.faults[0].detail) from None
    if not isinstance(header, dict) or not all(isinstance(header.get(name), str) for name in _PLAIN):
        raise _fault(pointer, "a protected header has the strings alg, kid and typ")
    if header["typ"] != TYPE:
        raise _fault(pointer, f"typ is {header['typ'][:60]!r}, not {TYPE!r}")
    more = {"domain"} if header["alg"] == WALLET_ALG else {"x5c"} & header.keys()
    if header.keys() != _PLAIN | more:
        raise _fault(pointer, f"this protected header must have exactly the members {', '.join(sorted(_PLAIN | more))}")
    if "x5c" not in more and len(data) > _MAX_HEADER:
        raise _fault(pointer, f"a protected header without certificates has at most {_MAX_HEADER} bytes")
    x5c = _chain(header["x5c"], pointer) if "x5c" in more else ()
    domain = _domain(header["domain"], pointer) if "domain" in more else None
    return header["alg"], header["kid"], x5c, domain


_known_header = lru_cache(maxsize=4096)(_header)


def _chain(value: Any, pointer: str) -> tuple[bytes, ...]:
    if (
        not isinstance(value, list)
        or not 1 <= len(value) <= MAX_CERTIFICATES
        or not all(isinstance(item, str) and item for item in value)
    ):
        raise _fault(pointer, f"x5c is a list of 1 to {MAX_CERTIFICATES} certificates, each a string")
    try:
        return tuple(parse_b64(item) for item in value)
    except ValueError as error:
        raise _fault(pointer, f"a certificate in x5c is {error}") from None


def _domain(value: Any, pointer: str) -> WalletDomain:
    if not isinstance(value, dict) or value.keys() != {"chain_id", "registry"}:
        raise _fault(pointer, "domain has the members chain_id and registry, and no others")
    chain_id, registry = value["chain_id"], value["registry"]
    if type(chain_id) is not int or chain_id < 1:
        raise _fault(pointer, "chain_id is an integer of at least 1")
    if not isinstance(registry, str) or not _REGISTRY.fullmatch(registry):
        raise _fault(pointer, "registry is an address: 0x and 40 hex digits in lower case")
    return WalletDomain(chain_id, registry)


def _bytes(value: Any, pointer: str, limit: int) -> bytes:
    if not isinstance(value, str) or len(value) > (limit * 4 + 2) // 3:
        raise _fault(pointer, f"a base64url string of at most {limit} bytes is wanted")
    try:
        return parse_b64url(value)
    except ValueError as error:
        raise _fault(pointer, str(error)) from error


def _fault(pointer: str, detail: str) -> InvalidEnvelopeError:
    return InvalidEnvelopeError(Fault(pointer, detail))
