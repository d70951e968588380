# SPDX-License-Identifier: Apache-2.0
"""The operator's secp256k1 key: a file that only its owner can read, and EIP-1559 transactions signed with it.

The file holds the 32 bytes of the private key as 64 lower-case hex digits and a line feed.
"""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

import chain.recursion  # noqa: F401
from chain.errors import WalletError
from chain.keccak import keccak
from chain.rpc import Fees

_KEY_FILE = re.compile("[0-9a-f]{64}\n")
_CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@dataclass(frozen=True)
class SignedTransaction:
    """A transaction ready to be sent: its bytes (EIP-2718) and its hash."""

    raw: bytes
    hash: bytes


class Wallet:
    """A private key. It leaves this object in signatures only; `address` is lower-case hex with 0x."""

    def __init__(self, private_key: bytes) -> None:
        self._account: LocalAccount = Account.from_key(private_key)
        self.address = self._account.address.lower()

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a new key and write it to `path`, which must not exist.

        Raises:
            WalletError: when the file exists or cannot be written.
        """
        key = os.urandom(32)
        while not _is_private_key(key):
            key = os.urandom(32)
        # Whole under another name first: half a key would be kept for ever.
        temporary = path.with_name(path.name + ".part")
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(key.hex() + "\n")
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
                content = file.read(66).decode("ascii", "replace")
        except OSError as error:
            raise WalletError(path, error.strerror or type(error).__name__) from error
        if mode & 0o077:
            raise WalletError(path, f"its mode is {mode:04o}, but only its owner may have any access (0600)")
        if not _KEY_FILE.fullmatch(content) or not _is_private_key(bytes.fromhex(content)):
            raise WalletError(path, "it is not 64 lower-case hex digits of a secp256k1 key, and a line feed")
        return cls(bytes.fromhex(content))

    def sign(
        self, *, chain_id: int, nonce: int, fees: Fees, gas: int, to: str | None, data: bytes
    ) -> SignedTransaction:
        """Sign a transaction that moves no ether; `to` is None to create a contract."""
        transaction: dict[str, Any] = {
            "type": 2,
            "chainId": chain_id,
            "nonce": nonce,
            "maxFeePerGas": fees.max_fee,
            "maxPriorityFeePerGas": fees.max_priority_fee,
            "gas": gas,
            "value": 0,
            "data": data,
        }
        if to is not None:
            transaction["to"] = bytes.fromhex(to.removeprefix("0x"))
        raw = bytes(self._account.sign_transaction(transaction).raw_transaction)
        return SignedTransaction(raw, keccak(raw))

    def sign_hash(self, digest: bytes) -> bytes:
        """Return r || s || v over a hash of 32 bytes, with v 27 or 28 and the lower s; the same each time."""
        return bytes(self._account.unsafe_sign_hash(Hash32(digest)).signature)


def _is_private_key(key: bytes) -> bool:
    return 0 < int.from_bytes(key) < _CURVE_ORDER
