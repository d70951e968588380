# SPDX-License-Identifier: Apache-2.0
"""PS256: RSASSA-PSS with SHA-256 and MGF1 over SHA-256 (RFC 7518 section 3.5).

The salt has exactly the 32 bytes of the hash, as the RFC says; other lengths are refused, though libraries can find
them out by themselves. A modulus has 2048 bits at least (the RFC's own rule) and 8192 at most, so that a check costs
little. An exponent is at least 65537, as NIST SP 800-56B has it, because smaller ones forgive fewer mistakes, and has
at most 64 bits, which OpenSSL wants of large moduli.
"""

from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from notary.errors import Fault, InvalidKeyError, InvalidSignatureError
from notary.parties.keys import PublicKey, make_jwk

_LEAST_BITS, _MOST_BITS = 2048, 8192
_NEW_BITS = 3072
_EXPONENT = 65537
_PSS = padding.PSS(padding.MGF1(SHA256()), SHA256.digest_size)


class PS256:
    """The scheme `PS256` with RSA keys."""

    alg = "PS256"

    def load(self, key: PublicKey) -> rsa.RSAPublicKey:
        """Check modulus and exponent and return the library's key."""
        return _load(key)

    def verify(self, key: rsa.RSAPublicKey, message: bytes, signature: bytes) -> None:
        """Verify as many bytes as the modulus has."""
        size = (key.key_size + 7) // 8
        # RFC 8017 section 8.1.2 step 1; OpenSSL takes a signature without its leading zero bytes.
        if len(signature) != size:
            detail = f"a PS256 signature by this key has {size} bytes, not {len(signature)}"
            raise InvalidSignatureError(Fault("", detail, "C3"))
        try:
            key.verify(signature, message, _PSS, SHA256())
        except InvalidSignature:
            raise InvalidSignatureError(Fault("", "the PS256 signature does not verify", "C3")) from None

    def public_key(self, public: object) -> PublicKey | None:
        """Return the JWK of an RSA key."""
        if not isinstance(public, rsa.RSAPublicKey):
            return None
        numbers = public.public_numbers()
        return make_jwk("PS256", _minimal(numbers.n), _minimal(numbers.e))

    def generate(self) -> rsa.RSAPrivateKey:
        """Return a new private key of 3072 bits."""
        return rsa.generate_private_key(_EXPONENT, _NEW_BITS)

    def sign(self, private: rsa.RSAPrivateKey, message: bytes) -> bytes:
        """Return the signature; the salt, and so the bytes, are others each time."""
        return private.sign(message, _PSS, SHA256())


def _minimal(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8)


@lru_cache(maxsize=4096)
def _load(key: PublicKey) -> rsa.RSAPublicKey:
    if key.alg != "PS256":
        raise InvalidKeyError(Fault("/kty", "must be RSA for PS256", "C3"))
    n, e = map(int.from_bytes, key.values)
    if not _LEAST_BITS <= n.bit_length() <= _MOST_BITS:
        detail = f"must have {_LEAST_BITS} to {_MOST_BITS} bits, not {n.bit_length()}"
        raise InvalidKeyError(Fault("/n", detail, "C3"))
    if n % 2 == 0:
        raise InvalidKeyError(Fault("/n", "is even, and so no product of two large primes", "C3"))
    if e < _EXPONENT or e % 2 == 0:
        raise InvalidKeyError(Fault("/e", f"must be odd and at least {_EXPONENT}", "C3"))
    return rsa.RSAPublicNumbers(e, n).public_key()
