# SPDX-License-Identifier: Apache-2.0
"""Key files that may be used, and the transactions signed with them."""

import stat
from pathlib import Path

import pytest
import rlp
from eth_account import Account
from eth_hash.auto import keccak

from chain.errors import WalletError
from chain.rpc_values import Fees
from chain.wallet import Wallet

# The first test account of every development chain: its key and address are published by Hardhat and Foundry.
KEY = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
ADDRESS = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
ORDER = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"


def key_file(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    path = folder / "operator.key"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_a_new_key_can_be_loaded_and_read_by_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "operator.key"
    created = Wallet.create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Wallet.load(path).address == created.address
    assert Wallet.create(tmp_path / "other.key").address != created.address


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = key_file(tmp_path, KEY.encode() + b"\n")
    with pytest.raises(WalletError, match="File exists"):
        Wallet.create(path)
    assert path.read_text() == KEY + "\n"


def test_knows_its_address(tmp_path: Path) -> None:
    assert Wallet.load(key_file(tmp_path, KEY.encode() + b"\n")).address == ADDRESS


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601, 0o777])
def test_refuses_a_file_that_others_may_use(tmp_path: Path, mode: int) -> None:
    with pytest.raises(WalletError, match=f"mode is {mode:04o}"):
        Wallet.load(key_file(tmp_path, KEY.encode() + b"\n", mode))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        KEY.encode(),
        KEY.encode() + b"\r\n",
        KEY.encode() + b"\n\n",
        KEY.upper().encode() + b"\n",
        b"0x" + KEY.encode() + b"\n",
        KEY[:-1].encode() + b"\n",
        KEY.encode() + b"00\n",
        b"0" * 64 + b"\n",
        ORDER.encode() + b"\n",
        b"f" * 64 + b"\n",
        b"\xff" * 64 + b"\n",
        KEY[:-1].encode() + "٤".encode() + b"\n",
    ],
)
def test_refuses_what_is_no_key(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(WalletError):
        Wallet.load(key_file(tmp_path, content))


def test_a_missing_file_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(WalletError, match="No such file"):
        Wallet.load(tmp_path / "none")
    with pytest.raises(WalletError, match="No such file"):
        Wallet.create(tmp_path / "no" / "folder")


def test_the_key_shows_in_no_text_of_the_wallet(tmp_path: Path) -> None:
    wallet = Wallet.load(key_file(tmp_path, KEY.encode() + b"\n"))
    assert KEY not in repr(wallet) + str(vars(wallet))


@pytest.mark.parametrize("to", ["0x" + "45" * 20, None])
def test_signs_what_the_chain_reads_as_the_same_transaction(to: str | None) -> None:
    wallet = Wallet(bytes.fromhex(KEY))
    signed = wallet.sign(chain_id=31337, nonce=7, fees=Fees(30, 2), gas=90_000, to=to, data=b"\1\2")
    assert signed.raw[0] == 2
    assert signed.hash == keccak(signed.raw)
    fields = rlp.decode(signed.raw[1:])
    numbers = [int.from_bytes(field) for field in fields[:5]]
    assert numbers == [31337, 7, 2, 30, 90_000]
    assert fields[5:9] == [bytes.fromhex(to[2:]) if to else b"", b"", b"\1\2", []]
    assert Account.recover_transaction(signed.raw).lower() == ADDRESS
