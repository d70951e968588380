# SPDX-License-Identifier: Apache-2.0
"""Public keys as JSON Web Keys (RFC 7517), named by their thumbprint (RFC 7638).

A key is written in one way only: exactly the members that RFC 7638 section 3.2 (RFC 8037 section 2 for OKP) requires,
in canonical JSON. The kind of a key fixes the one algorithm that it is used with.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NoReturn, Protocol, TypeVar

from notary.canonical import canonical_json
from notary.encoding import b64url, parse_b64url
from notary.errors import Fault, InvalidKeyError

WALLET_ALG = "urn:loan-notary:alg:eip712"
"""The algorithm of Ethereum wallets, whose keys are known by their address only (`chain.wallet_signatures`)."""

_ADDRESS = re.compile(r"0x[0-9a-f]{40}")
_PRIVATE_MEMBERS = ("d", "p", "q", "dp", "dq", "qi", "oth")


@dataclass(frozen=True)
class Member:
    """A member of a JWK that holds bytes. `read` raises `ValueError` for all that `write` would not write."""

    name: str
    read: Callable[[str], bytes]
    write: Callable[[bytes], str]


@dataclass(frozen=True)
class KeyType:
    """A kind of key: its JWS algorithm, the members that tell the kind, and those that hold the key itself."""

    alg: str
    kty: str
    crv: str | None
    members: tuple[Member, ...]

    @property
    def named(self) -> dict[str, str]:
        """The members that tell the kind."""
        return {"kty": self.kty} if self.crv is None else {"kty": self.kty, "crv": self.crv}


def _fixed(name: str, size: int) -> Member:
    def read(text: str) -> bytes:
        data = parse_b64url(text)
        if len(data) != size:
            raise ValueError(f"must be {size} bytes in base64url, not {len(data)}")
        return data

    return Member(name, read, b64url)


def _unsigned(name: str, most: int) -> Member:
    # RFC 7518 section 2, Base64urlUInt: the fewest bytes possible.
    def read(text: str) -> bytes:
        if len(text) > (most * 4 + 2) // 3:
            raise ValueError(f"must be at most {most} bytes in base64url")
        data = parse_b64url(text)
        if not data or data[0] == 0:
            raise ValueError("must be a number above 0 in base64url, without leading zero bytes")
        return data

    return Member(name, read, b64url)


def _address(name: str) -> Member:
    def read(text: str) -> bytes:
        if not _ADDRESS.fullmatch(text):
            raise ValueError("must be 0x and 40 hex digits in lower case")
        return bytes.fromhex(text[2:])

    return Member(name, read, lambda data: f"0x{data.hex()}")


KEY_TYPES: Mapping[str, KeyType] = {
    kind.alg: kind
    for kind in (
        KeyType("EdDSA", "OKP", "Ed25519", (_fixed("x", 32),)),
        KeyType("ES256", "EC", "P-256", (_fixed("x", 32), _fixed("y", 32))),
        KeyType("ES256K", "EC", "secp256k1", (_fixed("x", 32), _fixed("y", 32))),
        KeyType("PS256", "RSA", None, (_unsigned("n", 1024), _unsigned("e", 8))),
        KeyType(WALLET_ALG, "urn:loan-notary:kty:ethereum-address", None, (_address("address"),)),
    )
}
"""The kinds of key that are read, by their algorithm: one kind has one algorithm (RFC 8725 section 3.1)."""

_KINDS = {(kind.kty, kind.crv): kind for kind in KEY_TYPES.values()}


@dataclass(frozen=True)
class PublicKey:
    """A well-formed public key: `kid` is its thumbprint, `encoded` its canonical JWK.

    `values` are the bytes of the members of its `KeyType`, in order. Whether they are a key that can be trusted is
    found out by its scheme's `load`.
    """

    kid: str
    alg: str
    values: tuple[bytes, ...]
    encoded: str

    @property
    def jwk(self) -> dict[str, str]:
        """The key as a JSON object."""
        return _jwk(KEY_TYPES[self.alg], self.values)


def parse_jwk(value: Any) -> PublicKey:
    """Read a public key from a parsed JSON value. Raises `InvalidKeyError`; private keys are refused too."""
    if not isinstance(value, dict):
        _refuse("", "must be an object")
    for name in _PRIVATE_MEMBERS:
        if name in value:
            _refuse(f"/{name}", "is a private key's; only public keys belong here")
    kty, crv = value.get("kty"), value.get("crv")
    if not isinstance(kty, str):
        _refuse("/kty", "is required and must be a string")
    if not isinstance(crv, str | None):
        _refuse("/crv", "must be a string")
    kind = _KINDS.get((kty, crv))
    if kind is None:
        known = ", ".join(" ".join(known.named.values()) for known in KEY_TYPES.values())
        _refuse("/kty", f"with this crv is not a known kind of key; known are {known}")
    names = [*kind.named, *(member.name for member in kind.members)]
    if value.keys() != set(names):
        _refuse("", f"must have exactly the members {', '.join(names)}")
    return _key(kind, tuple(_read(member, value[member.name]) for member in kind.members))


def make_jwk(alg: str, *values: bytes) -> PublicKey:
    """Return the key for an algorithm of `KEY_TYPES` with these values. Raises `InvalidKeyError`."""
    return parse_jwk(_jwk(KEY_TYPES[alg], values))


def _key(kind: KeyType, values: tuple[bytes, ...]) -> PublicKey:
    encoded = canonical_json(_jwk(kind, values))
    return PublicKey(b64url(sha256(encoded).digest()), kind.alg, values, encoded.decode("ascii"))


def _jwk(kind: KeyType, values: tuple[bytes, ...]) -> dict[str, str]:
    pairs = zip(kind.members, values, strict=True)
    return kind.named | {member.name: member.write(value) for member, value in pairs}


def _read(member: Member, text: object) -> bytes:
    pointer = f"/{member.name}"
    if not isinstance(text, str):
        _refuse(pointer, "must be a string")
    try:
        return member.read(text)
    except ValueError as error:
        _refuse(pointer, str(error))


def _refuse(pointer: str, detail: str) -> NoReturn:
    raise InvalidKeyError(Fault(pointer, detail, "C3"))


Public = TypeVar("Public")
Private = TypeVar("Private")


class Scheme(Protocol[Public]):
    """What verifies the signatures of one JWS algorithm."""

    @property
    def alg(self) -> str:
        """The JWS `alg`."""

    def load(self, key: PublicKey) -> Public:
        """Make a public key ready for `verify`, and remember it. Raises `InvalidKeyError` for one not to be used."""

    def verify(self, key: Public, message: bytes, signature: bytes) -> None:
        """Return if the signature is right. Raises `InvalidSignatureError`."""

    def public_key(self, public: object) -> PublicKey | None:
        """Return a public key as the library `cryptography` reads it, or None if it is not of this scheme.

        Raises `InvalidKeyError` for a key that has no JWK here.
        """


class SigningScheme(Scheme[Public], Protocol[Public, Private]):
    """A scheme whose private keys the library `cryptography` makes and reads."""

    def generate(self) -> Private:
        """Return a new private key."""

    def sign(self, private: Private, message: bytes) -> bytes:
        """Sign a message."""
