# SPDX-License-Identifier: Apache-2.0
"""Public keys as JSON Web Keys (RFC 7517), named by their thumbprint (RFC 7638).

A key is written in one way only: exactly the members that RFC 7638 section 3.2 (RFC 8037 section 2 for OKP) requires,
in canonical JSON. The type and curve of the key fix the one algorithm that it is used with.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NoReturn, Protocol, TypeVar

from notary.canonical import canonical_json
from notary.encoding import b64url, parse_b64url
from notary.errors import Fault, InvalidKeyError


@dataclass(frozen=True)
class KeyType:
    """A kind of key: its JWS algorithm, and the members that hold its coordinates of `size` bytes each."""

    alg: str
    coordinates: tuple[str, ...]
    size: int


KEY_TYPES: Mapping[tuple[str, str], KeyType] = {
    ("OKP", "Ed25519"): KeyType("EdDSA", ("x",), 32),
    ("EC", "P-256"): KeyType("ES256", ("x", "y"), 32),
}
"""The kinds of key that are read, by JWK `kty` and `crv`."""


@dataclass(frozen=True)
class PublicKey:
    """A well-formed public key: `kid` is its thumbprint, `encoded` its canonical JWK.

    Whether the coordinates are a point that can be trusted is found out by its scheme's `load`.
    """

    kid: str
    alg: str
    kty: str
    crv: str
    coordinates: tuple[bytes, ...]
    encoded: str

    @property
    def jwk(self) -> dict[str, str]:
        """The key as a JSON object."""
        return _jwk(self.kty, self.crv, self.coordinates)


def parse_jwk(value: Any) -> PublicKey:
    """Read a public key from a parsed JSON value. Raises `InvalidKeyError`; private keys are refused too."""
    if not isinstance(value, dict):
        _refuse("", "must be an object")
    if "d" in value:
        _refuse("/d", "is a private key's; only public keys belong here")
    for name in ("kty", "crv"):
        if not isinstance(value.get(name), str):
            _refuse(f"/{name}", "is required and must be a string")
    kind = KEY_TYPES.get((value["kty"], value["crv"]))
    if kind is None:
        known = ", ".join(f"{kty} {crv}" for kty, crv in KEY_TYPES)
        _refuse("/kty", f"with this crv is not a known kind of key; known are {known}")
    if value.keys() != {"kty", "crv", *kind.coordinates}:
        _refuse("", f"must have exactly the members crv, kty, {', '.join(kind.coordinates)}")
    coordinates = tuple(_coordinate(value[name], f"/{name}", kind.size) for name in kind.coordinates)
    encoded = canonical_json(value)
    kid = b64url(sha256(encoded).digest())
    return PublicKey(kid, kind.alg, value["kty"], value["crv"], coordinates, encoded.decode("ascii"))


def make_jwk(kty: str, crv: str, *coordinates: bytes) -> PublicKey:
    """Return the key of a kind in `KEY_TYPES` with these coordinates."""
    return parse_jwk(_jwk(kty, crv, coordinates))


def _jwk(kty: str, crv: str, coordinates: tuple[bytes, ...]) -> dict[str, str]:
    names = KEY_TYPES[kty, crv].coordinates
    values = (b64url(coordinate) for coordinate in coordinates)
    return {"crv": crv, "kty": kty, **dict(zip(names, values, strict=True))}


def _coordinate(text: object, pointer: str, size: int) -> bytes:
    if not isinstance(text, str):
        _refuse(pointer, "must be a string")
    try:
        data = parse_b64url(text)
    except ValueError as error:
        _refuse(pointer, str(error))
    if len(data) != size:
        _refuse(pointer, f"must be {size} bytes in base64url, not {len(data)}")
    return data


def _refuse(pointer: str, detail: str) -> NoReturn:
    raise InvalidKeyError(Fault(pointer, detail, "C3"))


Public = TypeVar("Public")
Private = TypeVar("Private")


class Scheme(Protocol[Public, Private]):
    """A signature scheme, named by its JWS algorithm (RFC 7518, RFC 8037)."""

    @property
    def alg(self) -> str:
        """The JWS `alg`."""

    def load(self, key: PublicKey) -> Public:
        """Make a public key ready for `verify`, and remember it. Raises `InvalidKeyError` for a bad point."""

    def verify(self, key: Public, message: bytes, signature: bytes) -> None:
        """Return if the signature is right. Raises `InvalidSignatureError`."""

    def generate(self) -> Private:
        """Return a new private key."""

    def owns(self, private: object) -> bool:
        """Tell whether this is a private key of this scheme, as the library `cryptography` reads them."""

    def public(self, private: Private) -> PublicKey:
        """Return the public key of a private one."""

    def sign(self, private: Private, message: bytes) -> bytes:
        """Sign a message."""
