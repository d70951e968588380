# SPDX-License-Identifier: Apache-2.0
"""A fixed RSA key, and PS256 with a fixed salt, so that vectors are the same each time."""

from dataclasses import dataclass
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import rsa

from notary.parties.keys import PublicKey, make_jwk

_P = int(
    """
ddc1f2a6a0be2c5baf3c00d15488af966dce3259d801ea2f9ca7ec3a398cd18a407e96e778b2313795dc1b67814e9deb2f52
cac47ef84da8d50f2ec01081c6aa03808098895b30928fad52949673d448da9be8539904d389b0362a16194d9756ff678946
9745897a1d8074fd332d21a734a63eb1e8b6d54d1f534d0d9e7b0771
""".replace("\n", ""),
    16,
)
_Q = int(
    """
d28fdcdbda7a383c7c89db31842ff2e68c3473f53e3b20f629a141ba23bff7eeca5cde10558728cfa21e205410b583c5e658
c84a4a6420b467f8eeb3099484c898c0ec7d354eef2e72eec21f7b4d65a3d0fe4125521d6a9658a694e6ffbfc0cc5eba8d82
514d944a7f569d8d0c1090e92af792ff9154e91ddbff97acb41d1ceb
""".replace("\n", ""),
    16,
)
_SHORT_P = int(
    """
e4c67d5deda6d961ae8417838bf9c26966c79ea69003d64c4057fb69c8e289e5f640b28e9a9bb3800cb037b7a9c8b73c8d65
96a7ffb8036408e22cc4c294cf55
""".replace("\n", ""),
    16,
)
_SHORT_Q = int(
    """
ca785a82a206353d59643fdbfdd888820c9dd7966d3e1bd275a1958694e17641d4ce2434e10494defdaaac01d01d348b6f8a
80092345c0d0ac909118d0e4bd3f
""".replace("\n", ""),
    16,
)
_E = 65537
_SALT = bytes(range(32))


@dataclass(frozen=True)
class Pss:
    """How to sign, other than RFC 7518 section 3.5 says: salt, the byte before it, the last byte, the exponent."""

    salt: bytes = _SALT
    marker: int = 0x01
    trailer: int = 0xBC
    exponent: int = _E


RFC_7518 = Pss()


def rsa_key() -> rsa.RSAPrivateKey:
    """Return the key, of 2048 bits."""
    return _key_of(_P, _Q)


def short_rsa_key() -> rsa.RSAPrivateKey:
    """Return a fixed key of 1024 bits, which is too short."""
    return _key_of(_SHORT_P, _SHORT_Q)


def _key_of(p: int, q: int) -> rsa.RSAPrivateKey:
    d = pow(_E, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(_E, p * q)
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), rsa.rsa_crt_iqmp(p, q), public).private_key()


def rsa_jwk(exponent: int = _E) -> PublicKey:
    """Return the public key, with another exponent if one is given."""
    return make_jwk("PS256", (_P * _Q).to_bytes(256), exponent.to_bytes((exponent.bit_length() + 7) // 8))


def sign_ps256(message: bytes, how: Pss = RFC_7518) -> bytes:
    """Return the key's RSASSA-PSS signature (RFC 8017 section 9.1.1); the modulus fills its bytes."""
    size = 256
    digest = sha256(bytes(8) + sha256(message).digest() + how.salt).digest()
    block = bytes(size - len(digest) - len(how.salt) - 2) + bytes([how.marker]) + how.salt
    mask = b"".join(sha256(digest + count.to_bytes(4)).digest() for count in range(size // 32 + 1))
    masked = bytearray(byte ^ other for byte, other in zip(block, mask, strict=False))
    masked[0] &= 0x7F
    encoded = int.from_bytes(bytes(masked) + digest + bytes([how.trailer]))
    return pow(encoded, _private_exponent(how.exponent), _P * _Q).to_bytes(size)


def _private_exponent(exponent: int) -> int:
    return pow(exponent, -1, (_P - 1) * (_Q - 1))
