# SPDX-License-Identifier: Apache-2.0
"""EdDSA over Ed25519 (RFC 8032 section 5.1, in JWS by RFC 8037 section 3.1).

Libraries disagree on odd inputs, so the rules are fixed here. A public key must be the canonical encoding of a point of
the curve, and not one of the eight points of small order, under which a signature can fit many messages. A
signature is verified by the equation without the cofactor, which compares R byte by byte; S at or above the
group's order is refused by the library (RFC 8032 section 5.1.7), and a test holds it to that.
"""

from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from notary.errors import Fault, InvalidKeyError, InvalidSignatureError
from notary.parties.keys import PublicKey, make_jwk

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
# y of the points of order 8: doubling one gives y = 0, so x^2 = -y^2, and the curve then says d*y^4 + 2y^2 = 1.
_ORDER_8_Y = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
_SMALL_ORDER_Y = frozenset({0, 1, _P - 1, _ORDER_8_Y, _P - _ORDER_8_Y})


class EdDSA:
    """The scheme `EdDSA` with keys of the curve Ed25519."""

    alg = "EdDSA"

    def load(self, key: PublicKey) -> Ed25519PublicKey:
        """Check the point and return the library's key."""
        return _load(key)

    def verify(self, key: Ed25519PublicKey, message: bytes, signature: bytes) -> None:
        """Verify 64 bytes R || S."""
        try:
            key.verify(signature, message)
        except InvalidSignature:
            raise InvalidSignatureError(Fault("", "the Ed25519 signature does not verify", "C3")) from None

    def public_key(self, public: object) -> PublicKey | None:
        """Return the JWK of an Ed25519 key."""
        return make_jwk("EdDSA", public.public_bytes_raw()) if isinstance(public, Ed25519PublicKey) else None

    def generate(self) -> Ed25519PrivateKey:
        """Return a new private key."""
        return Ed25519PrivateKey.generate()

    def sign(self, private: Ed25519PrivateKey, message: bytes) -> bytes:
        """Return R || S; the same message gives the same bytes."""
        return private.sign(message)


@lru_cache(maxsize=4096)
def _load(key: PublicKey) -> Ed25519PublicKey:
    if key.alg != "EdDSA":
        raise InvalidKeyError(Fault("/crv", "must be Ed25519 for EdDSA", "C3"))
    encoded = key.values[0]
    y = int.from_bytes(encoded, "little") & (2**255 - 1)
    if y >= _P:
        raise InvalidKeyError(Fault("/x", "is not the canonical encoding of a point", "C3"))
    if y in _SMALL_ORDER_Y:
        raise InvalidKeyError(Fault("/x", "is a point of small order", "C3"))
    if not _on_curve(y):
        raise InvalidKeyError(Fault("/x", "is not a point of Ed25519", "C3"))
    return Ed25519PublicKey.from_public_bytes(encoded)


def _on_curve(y: int) -> bool:
    # RFC 8032 section 5.1.3: x^2 = (y^2 - 1) / (d*y^2 + 1) must have a root; multiplied by the square of the
    # denominator, that is no division. Euler's criterion tells.
    square = (y * y - 1) * (_D * y * y + 1) % _P
    return pow(square, (_P - 1) // 2, _P) == 1
