# SPDX-License-Identifier: Apache-2.0
"""ECDSA over secp256k1 as Ethereum wants it, of a signature that a hardware module made: low s, and which point it was.

A module gives r and s and nothing else. Ethereum takes only the lower of s and n - s (EIP-2), and a bit that says which
of two public keys has signed.
"""

from coincurve import PublicKey

from chain.errors import DigestSignatureError
from chain.keccak import keccak

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def complete(r: int, s: int, digest: bytes, address: str) -> tuple[int, int, int]:
    """Return (y parity, r, lower s) of a signature over `digest` (32 bytes) by the account at `address`.

    Raises `DigestSignatureError` if it is not that account's.
    """
    low = min(s, CURVE_ORDER - s)
    for parity in (0, 1):
        compact = r.to_bytes(32) + low.to_bytes(32) + bytes((parity,))
        if _signer(compact, digest) == address:
            return parity, r, low
    raise DigestSignatureError(address)


def _signer(signature: bytes, digest: bytes) -> str | None:
    try:
        point = PublicKey.from_signature_and_message(signature, digest, hasher=None).format(compressed=False)
    except ValueError:
        return None
    return "0x" + keccak(point[1:])[12:].hex()
