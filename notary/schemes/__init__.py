# SPDX-License-Identifier: Apache-2.0
"""The signature schemes that the notary knows, and private keys of any of them.

::

    private = load_private_key(pem)                  # or generate_key("EdDSA")
    signature = private.sign(message)

    key = parse_jwk(value)                           # notary.parties.keys
    scheme = SCHEMES[key.alg]
    scheme.verify(scheme.load(key), message, signature)

A new scheme is one module here, one line in `SCHEMES`, and its kind of key in `notary.parties.keys.KEY_TYPES`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from notary.errors import Fault, InvalidKeyError
from notary.parties.keys import PublicKey, SigningScheme
from notary.schemes.ecdsa import ES256, ES256K
from notary.schemes.eddsa import EdDSA
from notary.schemes.ps256 import PS256

__all__ = ["SCHEMES", "PrivateKey", "generate_key", "load_private_key", "private_key"]

SCHEMES: Mapping[str, SigningScheme[Any, Any]] = {
    "EdDSA": EdDSA(),
    "ES256": ES256,
    "ES256K": ES256K,
    "PS256": PS256(),
}
"""The schemes by JWS `alg` (RFC 8725 section 3.1: nothing else is allowed, but for `chain.wallet_signatures`)."""


@dataclass(frozen=True)
class PrivateKey:
    """A private key with the scheme that uses it; its `repr` shows the public half only."""

    scheme: SigningScheme[Any, Any] = field(repr=False)
    private: Any = field(repr=False)
    public: PublicKey

    def sign(self, message: bytes) -> bytes:
        """Sign a message, as the JWS `alg` of the scheme says."""
        return self.scheme.sign(self.private, message)

    def to_pem(self) -> bytes:
        """Write the key as PKCS #8 in PEM (RFC 7468 section 10), without encryption."""
        pem: bytes = self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return pem


def generate_key(alg: str) -> PrivateKey:
    """Return a new private key for a JWS `alg` of `SCHEMES`."""
    return private_key(SCHEMES[alg].generate())


def load_private_key(pem: bytes) -> PrivateKey:
    """Read what `PrivateKey.to_pem` writes. Raises `InvalidKeyError`."""
    try:
        private = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The library's text is not passed on: it may quote the key.
        raise InvalidKeyError(Fault("", "is not an unencrypted private key in PKCS #8 PEM", "C3")) from None
    return private_key(private)


def private_key(private: PrivateKeyTypes) -> PrivateKey:
    """Find the scheme of a private key of the library `cryptography`. Raises `InvalidKeyError`."""
    for scheme in SCHEMES.values():
        public = scheme.public_key(private.public_key())
        if public is not None:
            scheme.load(public)
            return PrivateKey(scheme, private, public)
    raise InvalidKeyError(Fault("", f"is not a key for {' or '.join(SCHEMES)}", "C3"))
