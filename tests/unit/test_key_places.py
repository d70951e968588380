# SPDX-License-Identifier: Apache-2.0
"""How places of keys are written, and which secrets children inherit."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from api.keys.config import KeyConfig, KeyFolder, KeysError, LogKeyEntry
from api.keys.places import FilePlace, TokenPlace, VariablePlace, parse_place, variables_of
from notary.errors import InvalidInputError, KeyUnavailableError

FOLDER = Path("/data/keys")
TOKEN = "pkcs11:token=a%20b;object=log?module-path=/usr/lib/x.so&pin-source=env:LOAN_NOTARY_SECRET_PIN"


def test_files_are_seen_from_the_folder() -> None:
    assert parse_place("file:log.pem", FOLDER) == FilePlace(FOLDER / "log.pem")
    assert parse_place("file:/etc/log.pem", FOLDER) == FilePlace(Path("/etc/log.pem"))


def test_credentials_are_where_systemd_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/notary.service")
    assert parse_place("credential:log-key", FOLDER) == FilePlace(Path("/run/credentials/notary.service/log-key"))


def test_a_token_has_all_its_parts() -> None:
    pin = VariablePlace("LOAN_NOTARY_SECRET_PIN")
    assert parse_place(TOKEN, FOLDER) == TokenPlace("/usr/lib/x.so", "a b", "log", pin)
    assert variables_of(parse_place(TOKEN, FOLDER)) == {"LOAN_NOTARY_SECRET_PIN"}


@pytest.mark.parametrize(
    "text",
    [
        "", "log.pem", "file:", "env:HOME", "env:LOAN_NOTARY_SECRET_", "env:LOAN_NOTARY_SECRET_a", "http:x",
        "credential:../log", "credential:", "pkcs11:", "pkcs11:token=a;object=b", TOKEN + "&x=1",
        TOKEN.replace("env:LOAN_NOTARY_SECRET_PIN", "1234"), TOKEN.replace("object", "id"),
    ],
)  # fmt: skip
def test_what_names_no_place_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        parse_place(text, FOLDER)
    assert "1234" not in str(refused.value)


def test_a_variable_gives_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOAN_NOTARY_SECRET_X", "canary")
    assert VariablePlace("LOAN_NOTARY_SECRET_X").secret("log", None) == b"canary"
    with pytest.raises(KeyUnavailableError, match="LOAN_NOTARY_SECRET_Y"):
        VariablePlace("LOAN_NOTARY_SECRET_Y").secret("log", None)


_CHILD = """
import os, subprocess, sys
from api.keys.hardening import harden
from api.keys.places import VariablePlace, environment_with
import resource
harden()
assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
import ctypes
assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 0, "dumpable"
assert VariablePlace("LOAN_NOTARY_SECRET_A").secret("log", None) == b"one"
assert not [name for name in os.environ if "SECRET" in name]
given = environment_with({"LOAN_NOTARY_SECRET_B", "LOAN_NOTARY_SECRET_C"})
assert {name: value for name, value in given.items() if "SECRET" in name} == {"LOAN_NOTARY_SECRET_B": "two"}
assert given["PATH"] == os.environ["PATH"]
print(subprocess.run(["env"], capture_output=True, text=True).stdout.count("SECRET"))
"""


def test_a_hardened_process_gives_its_children_no_secret_unless_it_means_to() -> None:
    variables = {"LOAN_NOTARY_SECRET_A": "one", "LOAN_NOTARY_SECRET_B": "two"}
    done = subprocess.run(
        [sys.executable, "-c", _CHILD], env={**os.environ, **variables}, capture_output=True, text=True
    )
    assert (done.stdout, done.returncode) == ("0\n", 0), done.stderr


def test_only_what_a_part_needs_is_asked_for(tmp_path: Path) -> None:
    folder = KeyFolder(tmp_path)
    config = KeyConfig(
        passphrase="env:LOAN_NOTARY_SECRET_WORD",
        log=(LogKeyEntry(place=TOKEN, key="k"), LogKeyEntry(place=None, key="gone")),
        anchor="env:LOAN_NOTARY_SECRET_ANCHOR",
        anchor_next="env:LOAN_NOTARY_SECRET_NEXT",
    )
    word, pin = "LOAN_NOTARY_SECRET_WORD", "LOAN_NOTARY_SECRET_PIN"
    assert folder.variables(config, "log") == {word, pin}
    assert folder.variables(config, "anchor") == {word, "LOAN_NOTARY_SECRET_ANCHOR", "LOAN_NOTARY_SECRET_NEXT"}
    assert folder.variables(config) == set()


def test_keys_json_is_read_back_and_refused_if_it_says_more(tmp_path: Path) -> None:
    folder = KeyFolder(tmp_path)
    assert (folder.load(), folder.version()) == (KeyConfig(), None)
    config = KeyConfig(anchor="file:other.key", successions=("note",))
    folder.save(config)
    first = folder.version()
    assert folder.load() == config
    folder.save(config)
    assert folder.version() != first
    for text in ('{"format":"loan-notary/keys@2"}', '{"key":"secret"}', "[]", '{"log":[{"place":null}]}'):
        (tmp_path / "keys.json").write_text(text)
        with pytest.raises(KeysError):
            folder.load()


def test_a_change_leaves_what_another_process_changes_at_the_same_time(tmp_path: Path) -> None:
    folder = KeyFolder(tmp_path)
    folder.save(KeyConfig())
    changing = Thread(target=folder.change, kwargs={"data_next": "file:data-2.key"})
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        changing.start()
        changing.join(0.3)
        assert changing.is_alive()
        folder.save(KeyConfig(anchor="file:anchor-2.key"))
    finally:
        os.close(descriptor)
    changing.join()
    assert folder.load() == KeyConfig(anchor="file:anchor-2.key", data_next="file:data-2.key")


def test_a_change_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(KeyUnavailableError, match="No such file"):
        KeyFolder(tmp_path / "none").change(anchor="file:other.key")
