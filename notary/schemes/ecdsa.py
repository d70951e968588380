# SPDX-License-Identifier: Apache-2.0
"""ECDSA with SHA-256: ES256 over P-256 (RFC 7518 section 3.4) and ES256K over secp256k1 (RFC 8812 section 3.2).

A signature is r || s, 32 bytes each. Both s and n - s are taken, because neither RFC chooses between them (the example
in RFC 7515 appendix A.3 has the higher one): these bytes are malleable and name nothing. Ethereum's rule of the lower
s belongs to its own signatures (`chain.wallet_signatures`).
"""

from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from notary.errors import Fault, InvalidKeyError, InvalidSignatureError
from notary.parties.keys import KEY_TYPES, PublicKey, make_jwk

_SIZE = 32
_ECDSA = ec.ECDSA(SHA256())


class Ecdsa:
    """The scheme `alg` over a curve whose field has `prime` elements."""

    def __init__(self, alg: str, curve: ec.EllipticCurve, prime: int) -> None:
        self.alg = alg
        self._curve = curve
        self._prime = prime
        self._name = KEY_TYPES[alg].crv
        self._load = lru_cache(maxsize=4096)(self._checked)

    def load(self, key: PublicKey) -> ec.EllipticCurvePublicKey:
        """Check the point and return the library's key."""
        return self._load(key)

    def verify(self, key: ec.EllipticCurvePublicKey, message: bytes, signature: bytes) -> None:
        """Verify 64 bytes r || s."""
        if len(signature) != 2 * _SIZE:
            detail = f"an {self.alg} signature has {2 * _SIZE} bytes, not {len(signature)}"
            raise InvalidSignatureError(Fault("", detail, "C3"))
        r, s = int.from_bytes(signature[:_SIZE]), int.from_bytes(signature[_SIZE:])
        try:
            key.verify(encode_dss_signature(r, s), message, _ECDSA)
        except InvalidSignature:
            raise InvalidSignatureError(Fault("", f"the {self.alg} signature does not verify", "C3")) from None

    def public_key(self, public: object) -> PublicKey | None:
        """Return the JWK of a point on the scheme's curve."""
        if not isinstance(public, ec.EllipticCurvePublicKey) or public.curve.name != self._curve.name:
            return None
        point = public.public_numbers()
        return make_jwk(self.alg, point.x.to_bytes(_SIZE), point.y.to_bytes(_SIZE))

    def generate(self) -> ec.EllipticCurvePrivateKey:
        """Return a new private key."""
        return ec.generate_private_key(self._curve)

    def sign(self, private: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
        """Return r || s; the bytes are others each time."""
        r, s = decode_dss_signature(private.sign(message, _ECDSA))
        return r.to_bytes(_SIZE) + s.to_bytes(_SIZE)

    def _checked(self, key: PublicKey) -> ec.EllipticCurvePublicKey:
        if key.alg != self.alg:
            raise InvalidKeyError(Fault("/crv", f"must be {self._name} for {self.alg}", "C3"))
        x, y = map(int.from_bytes, key.values)
        # Compared here because a library may reduce a coordinate and so read two encodings as one key.
        if x >= self._prime or y >= self._prime:
            name = "/x" if x >= self._prime else "/y"
            raise InvalidKeyError(Fault(name, f"is not a coordinate of {self._name}", "C3"))
        try:
            return ec.EllipticCurvePublicNumbers(x, y, self._curve).public_key()
        except ValueError:
            raise InvalidKeyError(Fault("/x", f"and y are not a point of {self._name}", "C3")) from None


ES256 = Ecdsa("ES256", ec.SECP256R1(), 2**256 - 2**224 + 2**192 + 2**96 - 1)
ES256K = Ecdsa("ES256K", ec.SECP256K1(), 2**256 - 2**32 - 977)
