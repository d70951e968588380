# SPDX-License-Identifier: Apache-2.0
"""The operator's secp256k1 key, and EIP-1559 transactions signed with it.

A key file can be read by its owner only. It holds the 32 bytes of the private key as 64 lower-case hex digits and a
line feed.
"""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

import chain.recursion  # noqa: F401
from chain.digest_signature import CURVE_ORDER
from chain.errors import WalletError
from chain.keccak import keccak
from chain.rlp_lists import RlpItem, encode, encode_integer
from chain.rpc_values import Fees

_KEY_FILE = re.compile("[0-9a-f]{64}\n")
_TYPE = b"\x02"
"""EIP-1559: 0x02 || rlp([chain id, nonce, tip, fee, gas, to, value, data, access list, y parity, r, s])."""


@dataclass(frozen=True)
class SignedTransaction:
    """A transaction ready to be sent: its bytes (EIP-2718) and its hash."""

    raw: bytes
    hash: bytes


class DigestSigner(Protocol):
    """The port of a private secp256k1 key, wherever it is kept; `address` is its account's, lower-case hex with 0x."""

    address: str

    def sign_digest(self, digest: bytes, /) -> tuple[int, int, int]:
        """Return (y parity, r, s) over 32 bytes, with the lower s. Raises `KeyUnavailableError`."""


class LocalKey:
    """A private key of 32 bytes, in this process."""

    def __init__(self, private_key: bytes) -> None:
        self._account: LocalAccount = Account.from_key(private_key)
        self.address = self._account.address.lower()

    def sign_digest(self, digest: bytes, /) -> tuple[int, int, int]:
        signed = self._account.unsafe_sign_hash(Hash32(digest))
        return signed.v - 27, signed.r, signed.s


class Wallet:
    """An account. Its key leaves this object in signatures only; `address` is lower-case hex with 0x."""

    def __init__(self, key: bytes | DigestSigner) -> None:
        self._key = LocalKey(key) if isinstance(key, bytes) else key
        self.address = self._key.address

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a new key and write it to `path`, which must not exist.

        Raises:
            WalletError: when the file exists or cannot be written.
        """
        key, text = new_key()
        # Whole under another name first: half a key would be kept for ever.
        temporary = path.with_name(path.name + ".part")
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            try:
                path.hardlink_to(temporary)
            finally:
                temporary.unlink()
        except OSError as error:
            raise WalletError(path, error.strerror or type(error).__name__) from error
        return cls(key)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the key at `path`.

        Raises:
            WalletError: when the file is missing, can be read by others, or holds no key.
        """
        try:
            with path.open("rb") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                content = file.read(66)
        except OSError as error:
            raise WalletError(path, error.strerror or type(error).__name__) from error
        if mode & 0o077:
            raise WalletError(path, f"its mode is {mode:04o}, but only its owner may have any access (0600)")
        key = read_key(content)
        if key is None:
            raise WalletError(path, "it is not 64 lower-case hex digits of a secp256k1 key, and a line feed")
        return cls(key)

    def sign(
        self, *, chain_id: int, nonce: int, fees: Fees, gas: int, to: str | None, data: bytes
    ) -> SignedTransaction:
        """Sign a transaction that moves no ether; `to` is None to create a contract."""
        numbers = (chain_id, nonce, fees.max_priority_fee, fees.max_fee, gas)
        fields: list[RlpItem] = [*map(encode_integer, numbers), bytes.fromhex((to or "").removeprefix("0x"))]
        fields += [encode_integer(0), data, []]
        signature = self._key.sign_digest(keccak(_TYPE + encode(fields)))
        raw = _TYPE + encode([*fields, *map(encode_integer, signature)])
        return SignedTransaction(raw, keccak(raw))

    def sign_hash(self, digest: bytes) -> bytes:
        """Return r || s || v over a hash of 32 bytes, with v 27 or 28 and the lower s; the same each time."""
        parity, r, s = self._key.sign_digest(digest)
        return r.to_bytes(32) + s.to_bytes(32) + bytes((parity + 27,))


def new_key() -> tuple[bytes, bytes]:
    """Return a new private key, and how a key file has it."""
    key = os.urandom(32)
    while not _is_private_key(key):
        key = os.urandom(32)
    return key, key.hex().encode() + b"\n"


def read_key(content: bytes) -> bytes | None:
    """Return the private key in what a key file holds, None if there is none."""
    text = content.decode("ascii", "replace")
    if not _KEY_FILE.fullmatch(text) or not _is_private_key(bytes.fromhex(text)):
        return None
    return bytes.fromhex(text)


def _is_private_key(key: bytes) -> bool:
    return 0 < int.from_bytes(key) < CURVE_ORDER
