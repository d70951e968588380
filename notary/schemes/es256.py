# SPDX-License-Identifier: Apache-2.0
"""ES256: ECDSA over P-256 with SHA-256 (RFC 7518 section 3.4).

A signature is r || s, 32 bytes each. Both s and n - s are taken, because RFC 7518 does not choose between them
(the example in RFC 7515 appendix A.3 has the higher one): these bytes are malleable and name nothing.
"""

from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from notary.errors import Fault, InvalidKeyError, InvalidSignatureError
from notary.keys import PublicKey, make_jwk

_SIZE = 32
_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_ECDSA = ec.ECDSA(SHA256())


class ES256:
    """The scheme `ES256` with keys of the curve P-256."""

    alg = "ES256"

    def load(self, key: PublicKey) -> ec.EllipticCurvePublicKey:
        """Check the point and return the library's key."""
        return _load(key)

    def verify(self, key: ec.EllipticCurvePublicKey, message: bytes, signature: bytes) -> None:
        """Verify 64 bytes r || s."""
        if len(signature) != 2 * _SIZE:
            raise InvalidSignatureError(Fault("", f"an ES256 signature has 64 bytes, not {len(signature)}", "C3"))
        r, s = int.from_bytes(signature[:_SIZE]), int.from_bytes(signature[_SIZE:])
        try:
            key.verify(encode_dss_signature(r, s), message, _ECDSA)
        except InvalidSignature:
            raise InvalidSignatureError(Fault("", "the ES256 signature does not verify", "C3")) from None

    def generate(self) -> ec.EllipticCurvePrivateKey:
        """Return a new private key."""
        return ec.generate_private_key(ec.SECP256R1())

    def owns(self, private: object) -> bool:
        """Tell whether this is a private key on P-256."""
        return isinstance(private, ec.EllipticCurvePrivateKey) and isinstance(private.curve, ec.SECP256R1)

    def public(self, private: ec.EllipticCurvePrivateKey) -> PublicKey:
        """Return the public key."""
        point = private.public_key().public_numbers()
        return make_jwk("EC", "P-256", point.x.to_bytes(_SIZE), point.y.to_bytes(_SIZE))

    def sign(self, private: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
        """Return r || s; the bytes are others each time."""
        r, s = decode_dss_signature(private.sign(message, _ECDSA))
        return r.to_bytes(_SIZE) + s.to_bytes(_SIZE)


@lru_cache(maxsize=4096)
def _load(key: PublicKey) -> ec.EllipticCurvePublicKey:
    if (key.kty, key.crv) != ("EC", "P-256"):
        raise InvalidKeyError(Fault("/crv", "must be P-256 for ES256", "C3"))
    x, y = (int.from_bytes(coordinate) for coordinate in key.coordinates)
    # Compared here because a library may reduce a coordinate and so read two encodings as one key.
    if x >= _P or y >= _P:
        raise InvalidKeyError(Fault("/x" if x >= _P else "/y", "is not a coordinate of P-256", "C3"))
    try:
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except ValueError:
        raise InvalidKeyError(Fault("/x", "and y are not a point of P-256", "C3")) from None
