# SPDX-License-Identifier: Apache-2.0
"""Keys and ciphers of what is kept: what opens, and what does not."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.keys.config import KeyConfig, KeyFolder
from api.keys.data_keys import DataKeys, make_data_key, open_data_key, remove_data_key
from notary.errors import CorruptLogError, DataKeyError
from notary.privacy.cipher import NONCE_SIZE, OVERHEAD, Cipher, fresh_nonces
from notary.privacy.data_key import DataKey
from notary.privacy.vault import LoanKeys, OwnerKeys, Vault

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
SECRET = bytes(range(64)) + "贷-1".encode()


def test_what_is_sealed_is_aes_gcm_with_the_nonce_in_front() -> None:
    sealed = Cipher(KEY).seal(b"plain", b"context")
    assert len(sealed) == len(b"plain") + OVERHEAD
    assert AESGCM(KEY).decrypt(sealed[:NONCE_SIZE], sealed[NONCE_SIZE:], b"context") == b"plain"


def test_no_nonce_comes_twice() -> None:
    cipher = Cipher(KEY)
    assert len({cipher.seal(b"", b"")[:NONCE_SIZE] for _ in range(2000)}) == 2000
    assert len({*fresh_nonces(1000), *fresh_nonces(1000)}) == 2000
    assert {len(nonce) for nonce in fresh_nonces(3)} == {NONCE_SIZE}
    assert fresh_nonces(0) == []


def test_a_nonce_that_is_given_is_used() -> None:
    [nonce] = fresh_nonces(1)
    keys = LoanKeys(1, b"i" * 16, SECRET)
    for sealed in (
        Cipher(KEY).seal(b"plain", b"", nonce),
        keys.seal_state(3, b"plain", nonce),
        keys.seal_record(*ROW, b"plain", nonce),
    ):
        assert sealed[:NONCE_SIZE] == nonce


@pytest.mark.parametrize("at", [0, NONCE_SIZE, -1])
def test_a_changed_byte_does_not_open(at: int) -> None:
    sealed = bytearray(Cipher(KEY).seal(b"plain", b""))
    sealed[at] ^= 1
    with pytest.raises(CorruptLogError):
        Cipher(KEY).open(bytes(sealed), b"")


@pytest.mark.parametrize("cut", [0, 1, NONCE_SIZE, OVERHEAD - 1])
def test_what_is_cut_off_does_not_open(cut: int) -> None:
    with pytest.raises(CorruptLogError):
        Cipher(KEY).open(Cipher(KEY).seal(b"plain", b"")[:cut], b"")


def test_neither_another_key_nor_another_context_opens() -> None:
    sealed = Cipher(KEY).seal(b"plain", b"a")
    for key, context in ((OTHER, b"a"), (KEY, b"b"), (KEY, b"")):
        with pytest.raises(CorruptLogError):
            Cipher(key).open(sealed, context)


# --- the data key


def folder_with(tmp_path: Path, text: str | None) -> KeyFolder:
    if text is not None:
        (tmp_path / "data.key").write_text(text)
        (tmp_path / "data.key").chmod(0o600)
    return KeyFolder(tmp_path)


def test_a_key_is_made_once_and_read_by_its_owner_only(tmp_path: Path) -> None:
    folder, path = KeyFolder(tmp_path), tmp_path / "data.key"
    made = make_data_key(folder, folder.load(), "file:data.key")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert DataKeys(folder).unwrap(made.wrap(b"secret", b"c"), b"c") == b"secret"
    with pytest.raises(DataKeyError):
        make_data_key(folder, folder.load(), "file:data.key")
    assert open_data_key(folder, folder.load(), "file:data.key").id == made.id
    assert [item.name for item in tmp_path.iterdir()] == ["data.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o700 | 0o010])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    folder = folder_with(tmp_path, "ab" * 32 + "\n")
    (tmp_path / "data.key").chmod(mode)
    with pytest.raises(DataKeyError, match="only its owner"):
        DataKeys(folder)


@pytest.mark.parametrize("text", ["", "AB" * 32 + "\n", "ab" * 31 + "\n", "ab" * 33 + "\n", "é" * 64 + "\n"])
def test_a_file_that_holds_no_key_is_refused_and_not_quoted(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataKeyError) as caught:
        DataKeys(folder_with(tmp_path, text))
    assert "abab" not in str(caught.value)


def test_a_key_that_is_not_there_is_said_not_to_be(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, None)
    with pytest.raises(DataKeyError):
        DataKeys(folder)
    with pytest.raises(DataKeyError):
        make_data_key(folder, folder.load(), "file:none/data.key")
    assert os.listdir(tmp_path) == []


def test_a_key_in_a_variable_and_an_encrypted_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOAN_NOTARY_SECRET_DATA", KEY.hex())
    monkeypatch.setenv("LOAN_NOTARY_SECRET_WORD", "a passphrase that is long")
    folder = KeyFolder(tmp_path)
    folder.save(KeyConfig(data="env:LOAN_NOTARY_SECRET_DATA", passphrase="env:LOAN_NOTARY_SECRET_WORD"))
    wrapped = DataKey(KEY).wrap(b"secret", b"c")
    assert DataKeys(folder).unwrap(wrapped, b"c") == b"secret"
    assert not remove_data_key(folder.place("env:LOAN_NOTARY_SECRET_DATA"))
    made = make_data_key(folder, folder.load(), "file:data.key")
    assert (tmp_path / "data.key").read_bytes().startswith(b"{")
    assert open_data_key(folder, folder.load(), "file:data.key").id == made.id
    assert remove_data_key(folder.place("file:data.key"))
    assert remove_data_key(folder.place("file:data.key"))
    assert not (tmp_path / "data.key").exists()


def test_a_rotation_elsewhere_is_seen_at_once(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, KEY.hex() + "\n")
    keys, config = DataKeys(folder), folder.load()
    before = keys.wrap(b"secret", b"c")
    new = make_data_key(folder, config, "file:data-2.key")
    folder.save(config.model_copy(update={"data_next": "file:data-2.key"}))
    assert keys.wrap(b"secret", b"c")[:8] == new.id
    assert DataKeys(folder).unwrap(before, b"c") == keys.unwrap(before, b"c") == b"secret"
    folder.save(config.model_copy(update={"data": "file:data-2.key"}))
    assert keys.unwrap(new.wrap(b"secret", b"c"), b"c") == b"secret"
    with pytest.raises(DataKeyError):
        DataKeys(folder).unwrap(before, b"c")


def test_another_data_key_is_told_from_a_changed_one() -> None:
    wrapped = DataKey(KEY).wrap(b"secret", b"c")
    with pytest.raises(DataKeyError):
        DataKey(OTHER).unwrap(wrapped, b"c")
    with pytest.raises(CorruptLogError):
        DataKey(KEY).unwrap(wrapped[:-1] + bytes([wrapped[-1] ^ 1]), b"c")
    with pytest.raises(CorruptLogError):
        DataKey(KEY).unwrap(wrapped, b"d")


# --- organisations' keys and loans' keys


def test_a_blind_index_is_of_one_organisation_one_kind_and_one_value() -> None:
    keys = OwnerKeys(KEY)
    found = {keys.loan("1"), keys.loan("2"), keys.record("1"), OwnerKeys(OTHER).loan("1"), keys.index(b"loan1", b"")}
    assert len(found) == 5
    assert OwnerKeys(KEY).loan("1") == keys.loan("1")
    assert {len(item) for item in found} == {16}


def test_what_an_organisation_seals_is_for_one_kind_and_one_place() -> None:
    keys = OwnerKeys(KEY)
    sealed = keys.seal("draft", "1", b"plain")
    assert keys.open("draft", "1", sealed) == b"plain"
    for kind, place in (("draft", "2"), ("pass", "1"), ("draf", "t1")):
        with pytest.raises(CorruptLogError):
            keys.open(kind, place, sealed)


def test_wrapped_keys_are_of_one_organisation_or_one_loan() -> None:
    vault = Vault(DataKey(KEY))
    wrapped = vault.new_owner(1)
    assert vault.owner(1, wrapped).loan("1") == Vault(DataKey(KEY)).owner(1, wrapped).loan("1")
    with pytest.raises(CorruptLogError):
        vault.owner(2, wrapped)
    keys, wrapped = vault.new_loan(1, b"i" * 16, "贷-1", b"t" * 32)
    opened = Vault(DataKey(KEY)).loan(1, b"i" * 16, wrapped)
    assert (opened.number, opened.tag_key, opened.index) == (keys.number, keys.tag_key, keys.index)
    assert (opened.number, opened.tag_key) == ("贷-1", b"t" * 32)
    for lender, index in ((2, b"i" * 16), (1, b"j" * 16)):
        with pytest.raises(CorruptLogError):
            Vault(DataKey(KEY)).loan(lender, index, wrapped)


def test_every_loan_has_a_key_of_its_own() -> None:
    vault = Vault(DataKey(KEY))
    first, second = (vault.new_loan(1, b"i" * 16, "1", b"t" * 32)[0] for _ in range(2))
    with pytest.raises(CorruptLogError):
        second.open_state(1, first.seal_state(1, b""))


ROW = (1, 7, 3, 1234, b"r" * 16, "repayment")
PLACES: dict[str, tuple[object, ...]] = {
    "lender": (2, *ROW[1:]),
    "index": (1, 8, *ROW[2:]),
    "sequence": (1, 7, 4, *ROW[3:]),
    "received_at": (*ROW[:3], 1235, *ROW[4:]),
    "id": (*ROW[:4], b"s" * 16, ROW[5]),
    "type": (*ROW[:5], "reversal"),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_record_opens_where_it_was_sealed_only(name: str) -> None:
    keys = LoanKeys(1, b"i" * 16, SECRET)
    sealed = keys.seal_record(*ROW, b"plain")
    assert keys.open_record(*ROW, sealed) == b"plain"
    place: Callable[..., bytes] = keys.open_record
    with pytest.raises(CorruptLogError):
        place(*PLACES[name], sealed)
    with pytest.raises(CorruptLogError):
        LoanKeys(1, b"j" * 16, SECRET).open_record(*ROW, sealed)


def test_a_state_is_of_one_number_of_records_and_is_no_record() -> None:
    keys = LoanKeys(1, b"i" * 16, SECRET)
    sealed = keys.seal_state(3, b"plain")
    assert keys.open_state(3, sealed) == b"plain"
    with pytest.raises(CorruptLogError):
        keys.open_state(2, sealed)
    with pytest.raises(CorruptLogError):
        LoanKeys(2, b"i" * 16, SECRET).open_state(3, sealed)


@pytest.mark.parametrize(
    ("column", "value"),
    [(0, "1"), (1, 1.5), (2, None), (3, 2**63), (4, "id"), (5, b"repayment"), (6, None), (6, "text")],
)
def test_a_column_of_another_kind_ended_the_audit_by_an_error_of_pythons(column: int, value: object) -> None:
    keys = LoanKeys(1, b"i" * 16, SECRET)
    row: list[object] = [*ROW, keys.seal_record(*ROW, b"plain")]
    row[column] = value
    opened: Callable[..., bytes] = keys.open_record
    with pytest.raises(CorruptLogError):
        opened(*row)


def test_a_number_of_records_that_became_a_fraction_does_not_open() -> None:
    keys = LoanKeys(1, b"i" * 16, SECRET)
    opened: Callable[..., bytes] = keys.open_state
    with pytest.raises(CorruptLogError):
        opened(2.5, keys.seal_state(2, b"plain"))
