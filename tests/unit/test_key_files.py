# SPDX-License-Identifier: Apache-2.0
"""Key files: who may read them, how they are encrypted, and that none is half written or replaced."""

import json
from pathlib import Path

import pytest

from api.keys.files import MAX_FILE, encrypt_key_file, is_encrypted, read_key_file, write_key_file
from notary.errors import KeyUnavailableError

SECRET = b"canary secret of the log\n"
PASSPHRASE = b"a passphrase of the tests"


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "log.pem"
    write_key_file(path, "log", SECRET, None)
    return path


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "log.pem"
    write_key_file(path, "log", SECRET, PASSPHRASE)
    return path


def refusal(path: Path, purpose: str = "log", passphrase: bytes | None = PASSPHRASE) -> str:
    with pytest.raises(KeyUnavailableError) as refused:
        read_key_file(path, purpose, passphrase)  # type: ignore[arg-type]
    assert refused.value.place == str(path)
    assert SECRET.decode().strip() not in str(refused.value)
    assert PASSPHRASE.decode() not in str(refused.value)
    return refused.value.detail


def test_a_plain_file_is_read_as_it_is(plain: Path) -> None:
    assert plain.read_bytes() == SECRET
    assert read_key_file(plain, "log", None) == SECRET
    assert read_key_file(plain, "log", PASSPHRASE) == SECRET


def test_an_encrypted_file_shows_nothing_and_opens_with_its_passphrase(encrypted: Path) -> None:
    assert b"canary" not in encrypted.read_bytes()
    assert read_key_file(encrypted, "log", PASSPHRASE) == SECRET
    assert "no passphrase" in refusal(encrypted, passphrase=None)
    assert "another one" in refusal(encrypted, passphrase=PASSPHRASE + b"!")


def test_two_files_of_one_secret_have_nothing_in_common(encrypted: Path, tmp_path: Path) -> None:
    write_key_file(tmp_path / "again.pem", "log", SECRET, PASSPHRASE)
    one, two = (json.loads(path.read_bytes()) for path in (encrypted, tmp_path / "again.pem"))
    assert all(one[name] != two[name] for name in ("salt", "nonce", "ciphertext"))


@pytest.mark.parametrize("purpose", ["anchor", "data", "cursors"])
def test_a_file_for_another_purpose_is_refused_even_if_it_says_otherwise(
    encrypted: Path, tmp_path: Path, purpose: str
) -> None:
    assert "it is the key for log" in refusal(encrypted, purpose)
    forged = tmp_path / "forged"
    forged.write_bytes(encrypted.read_bytes().replace(b'"purpose":"log"', b'"purpose":"%s"' % purpose.encode()))
    forged.chmod(0o600)
    assert "damaged" in refusal(forged, purpose)


@pytest.mark.parametrize("member", ["salt", "nonce", "ciphertext", "format", "purpose"])
def test_a_changed_member_is_refused(encrypted: Path, tmp_path: Path, member: str) -> None:
    members = json.loads(encrypted.read_bytes())
    value = members[member]
    members[member] = ("B" if value[0] == "A" else "A") + value[1:]
    path = tmp_path / "changed"
    path.write_text(json.dumps(members))
    path.chmod(0o600)
    assert "damaged" in refusal(path)


@pytest.mark.parametrize("change", [{"more": 1}, {"salt": 3}, {"ciphertext": "not base64"}])
def test_a_file_of_another_shape_is_refused(encrypted: Path, tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "changed"
    path.write_text(json.dumps(json.loads(encrypted.read_bytes()) | change))
    path.chmod(0o600)
    assert "damaged" in refusal(path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o644])
def test_a_file_that_others_may_touch_is_refused(plain: Path, mode: int) -> None:
    plain.chmod(mode)
    assert f"{mode:04o}" in refusal(plain)


def test_new_files_are_their_owners_only_and_replace_none(plain: Path) -> None:
    assert plain.stat().st_mode & 0o777 == 0o600
    with pytest.raises(KeyUnavailableError):
        write_key_file(plain, "log", b"other", None)
    assert plain.read_bytes() == SECRET
    assert [path.name for path in plain.parent.iterdir()] == ["log.pem"]


def test_a_file_that_is_missing_or_huge_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "none")
    path = tmp_path / "huge"
    path.write_bytes(bytes(MAX_FILE + 1))
    path.chmod(0o600)
    assert "more than" in refusal(path)


def test_encrypting_a_file_keeps_what_is_in_it(plain: Path) -> None:
    assert encrypt_key_file(plain, "log", PASSPHRASE) is True
    assert is_encrypted(plain.read_bytes())
    assert plain.stat().st_mode & 0o777 == 0o600
    assert read_key_file(plain, "log", PASSPHRASE) == SECRET
    before = plain.read_bytes()
    assert encrypt_key_file(plain, "log", PASSPHRASE) is False
    assert plain.read_bytes() == before


def test_a_short_passphrase_is_refused(plain: Path) -> None:
    with pytest.raises(KeyUnavailableError, match="fewer than 12"):
        encrypt_key_file(plain, "log", b"too short")
    assert plain.read_bytes() == SECRET
