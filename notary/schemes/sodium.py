# SPDX-License-Identifier: Apache-2.0
"""EdDSA by libsodium (PyNaCl), in about half the time that the library `cryptography` takes.

Both verify by the equation without the cofactor. libsodium refuses more: signatures whose R is a point of small order,
which `notary.schemes.eddsa` takes. So what libsodium takes is right, and what it refuses the other decides; nobody who
verifies with the one comes to another result than with the other. A receipt's verifier has no need of this module.
"""

from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from nacl.bindings import crypto_sign, crypto_sign_BYTES, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError

from notary.parties.keys import SigningScheme
from notary.schemes import SCHEMES
from notary.schemes.eddsa import EdDSA

__all__ = ["FAST_SCHEMES", "SodiumEdDSA", "sodium_signer"]


class SodiumEdDSA(EdDSA):
    """The scheme `EdDSA`, for those who verify many signatures."""

    def verify(self, key: Ed25519PublicKey, message: bytes, signature: bytes) -> None:
        """Verify 64 bytes R || S."""
        # libsodium takes signature and message in one piece, and would cut it elsewhere for another length.
        if len(signature) == crypto_sign_BYTES:
            try:
                crypto_sign_open(signature + message, key.public_bytes_raw())
            except BadSignatureError:
                pass
            else:
                return
        super().verify(key, message, signature)


FAST_SCHEMES: dict[str, SigningScheme[Any, Any]] = {**SCHEMES, "EdDSA": SodiumEdDSA()}
"""`SCHEMES` for services and audits: the same signatures are right, found out sooner."""


def sodium_signer(private: Ed25519PrivateKey) -> Callable[[bytes], bytes]:
    """Return what signs with a private key: the same 64 bytes as `private.sign` gives."""
    _, secret = crypto_sign_seed_keypair(private.private_bytes_raw())
    return lambda message: crypto_sign(message, secret)[:crypto_sign_BYTES]
