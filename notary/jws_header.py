# SPDX-License-Identifier: Apache-2.0
"""Protected headers of JWS (RFC 7515 section 4) in the one form that is accepted: canonical JSON of `{"alg", "kid",
"typ"}`.

`typ` says what is signed, so that a signature made for one purpose fits no other. One member more is allowed: `x5c`,
the chain of certificates of the key (RFC 7515 section 4.1.6), or `domain`, which a wallet signs and must have.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from notary.canonical import canonical_json, parse_canonical
from notary.encoding import b64, parse_b64, parse_b64url
from notary.errors import Fault, InvalidEnvelopeError, MalformedJsonError
from notary.parties.keys import WALLET_ALG

MAX_CERTIFICATES = 8
_MAX_HEADER = 1024
_MAX_HEADER_WITH_CHAIN = 24 * 1024
_PLAIN = {"alg", "kid", "typ"}
_REGISTRY = re.compile(r"0x[0-9a-f]{40}")


@dataclass(frozen=True)
class WalletDomain:
    """What a wallet's signature is bound to: a chain, and the address of the registry on it (EIP-712 domain)."""

    chain_id: int
    registry: str


class Header(NamedTuple):
    """What a protected header says: algorithm, key id, certificates in DER (leaf first), and a wallet's domain."""

    alg: str
    kid: str
    x5c: tuple[bytes, ...] = ()
    domain: WalletDomain | None = None


def write_header(typ: str, header: Header) -> bytes:
    """Return the bytes of a protected header."""
    members: dict[str, Any] = {"alg": header.alg, "kid": header.kid, "typ": typ}
    if header.x5c:
        members["x5c"] = [b64(certificate) for certificate in header.x5c]
    if header.domain:
        members["domain"] = {"chain_id": header.domain.chain_id, "registry": header.domain.registry}
    return canonical_json(members)


def read_header(value: Any, typ: str, pointer: str) -> Header:
    """Read an encoded header of this `typ` that stands at `pointer`. Raises `InvalidEnvelopeError`."""
    # A key's header is the same on every record that it signs; one with certificates is too long to keep many of.
    repeats = isinstance(value, str) and len(value) <= 2 * _MAX_HEADER
    return (_known_header if repeats else _header)(value, typ, pointer)


def read_bytes(value: Any, pointer: str, limit: int) -> bytes:
    """Read base64url of at most `limit` bytes. Raises `InvalidEnvelopeError`."""
    if not isinstance(value, str) or len(value) > (limit * 4 + 2) // 3:
        raise fault(pointer, f"a base64url string of at most {limit} bytes is wanted")
    try:
        return parse_b64url(value)
    except ValueError as error:
        raise fault(pointer, str(error)) from error


def fault(pointer: str, detail: str) -> InvalidEnvelopeError:
    """Return the error for what stands at `pointer`."""
    return InvalidEnvelopeError(Fault(pointer, detail))


def _header(value: Any, typ: str, pointer: str) -> Header:
    data = read_bytes(value, pointer, _MAX_HEADER_WITH_CHAIN)
    try:
        header = parse_canonical(data, limit=_MAX_HEADER_WITH_CHAIN)
    except MalformedJsonError as error:
        raise fault(pointer, error.faults[0].detail) from None
    if not isinstance(header, dict) or not all(isinstance(header.get(name), str) for name in _PLAIN):
        raise fault(pointer, "a protected header has the strings alg, kid and typ")
    if header["typ"] != typ:
        raise fault(pointer, f"typ is {header['typ'][:60]!r}, not {typ!r}")
    more = {"domain"} if header["alg"] == WALLET_ALG else {"x5c"} & header.keys()
    if header.keys() != _PLAIN | more:
        raise fault(pointer, f"this protected header must have exactly the members {', '.join(sorted(_PLAIN | more))}")
    if "x5c" not in more and len(data) > _MAX_HEADER:
        raise fault(pointer, f"a protected header without certificates has at most {_MAX_HEADER} bytes")
    x5c = _chain(header["x5c"], pointer) if "x5c" in more else ()
    domain = _domain(header["domain"], pointer) if "domain" in more else None
    return Header(header["alg"], header["kid"], x5c, domain)


_known_header = lru_cache(maxsize=4096)(_header)


def _chain(value: Any, pointer: str) -> tuple[bytes, ...]:
    if (
        not isinstance(value, list)
        or not 1 <= len(value) <= MAX_CERTIFICATES
        or not all(isinstance(item, str) and item for item in value)
    ):
        raise fault(pointer, f"x5c is a list of 1 to {MAX_CERTIFICATES} certificates, each a string")
    try:
        return tuple(parse_b64(item) for item in value)
    except ValueError as error:
        raise fault(pointer, f"a certificate in x5c is {error}") from None


def _domain(value: Any, pointer: str) -> WalletDomain:
    if not isinstance(value, dict) or value.keys() != {"chain_id", "registry"}:
        raise fault(pointer, "domain has the members chain_id and registry, and no others")
    chain_id, registry = value["chain_id"], value["registry"]
    if type(chain_id) is not int or chain_id < 1:
        raise fault(pointer, "chain_id is an integer of at least 1")
    if not isinstance(registry, str) or not _REGISTRY.fullmatch(registry):
        raise fault(pointer, "registry is an address: 0x and 40 hex digits in lower case")
    return WalletDomain(chain_id, registry)
