# SPDX-License-Identifier: Apache-2.0
"""Keccak-256, Ethereum's hash: SHA-3 with the padding of before the standard. The offline verifier imports this."""

from Crypto.Hash import keccak as _keccak


def keccak(data: bytes) -> bytes:
    """Return the Keccak-256 of some bytes."""
    return _keccak.new(data=data, digest_bits=256).digest()
