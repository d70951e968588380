# SPDX-License-Identifier: Apache-2.0
"""A service whose keys are encrypted, rotated while it runs; and no secret of it where others can look."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.keys.anchor_keys import load_anchor_wallet
from api.settings import DataFolder
from notary.canonical import canonical_json
from notary.log.checkpoint import open_checkpoint
from notary.log.signed_note import parse_verifier
from notary.receipts.receipt import parse_receipt
from tests.support.builders import record
from tests.support.cli import document, run
from tests.support.service import Service, new_service, processes_of
from tests.support.token import PIN, PIN_VARIABLE, token_place

WORD = "LOAN_NOTARY_SECRET_PASSPHRASE"
PASSPHRASE = "canary passphrase 5b1f"


@pytest.fixture(autouse=True, scope="module")
def _secrets() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(WORD, PASSPHRASE)
        patch.setenv(PIN_VARIABLE, PIN)
        yield


@pytest.fixture(scope="module")
def service(_secrets: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with new_service(tmp_path_factory.mktemp("keys") / "data", "--passphrase", f"env:{WORD}") as made:
        made.start()
        yield made


def submit(service: Service, api_key: str, number: int) -> str:
    """Submit an unsigned record of a loan of its own and return its id."""
    name = f"01998d2e-5c00-7a31-8f42-{number:012x}"
    value = record("agreement", id=name, loan=f"K-{number}")
    answer = service.request("POST", "/v1/records", canonical_json(value), api_key)
    assert answer.status == 201, answer.body
    return name


def keys(service: Service) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document(run("notary-keys", "show", "--data", service.folder, "--json"))
    return found


def operator(service: Service) -> str:
    return str(document(run("status", "--data", service.folder, "--json"))["anchor_account"])


def test_no_secret_is_where_others_can_look(service: Service) -> None:
    api_key = service.add_lender()
    submit(service, api_key, 1)
    assert service.request("POST", "/v1/records", b"{", api_key).status == 400
    folder = DataFolder(service.folder)
    files = [(folder.keys.path / name).read_bytes() for name in ("log.pem", "anchor.key", "data.key")]
    assert all(b'"loan-notary/key-file@1"' in data for data in files)
    # All that open the database need the data key, and so the passphrase.
    needy = ("api.", "multiprocessing", " run ")
    looked_at = 0
    for pid, line in everything(service).items():
        entry = Path(f"/proc/{pid}")
        assert PASSPHRASE.encode() not in (entry / "cmdline").read_bytes()
        variables = (entry / "environ").read_bytes()
        if not any(words in line for words in needy):
            assert b"LOAN_NOTARY_SECRET_" not in variables, line
            looked_at += 1
        if any(words in line for words in ("api.", " run ")):
            assert "0                    0" in limits(entry), line
    # At least: the node, and its guard.
    assert looked_at >= 2
    assert PASSPHRASE not in service.log.read_text()


def everything(service: Service) -> dict[int, str]:
    """Return all processes of a service: those that name its folder, and what these have started."""
    found = processes_of(service.folder)
    grown = True
    while grown:
        grown = False
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) not in found:
                try:
                    parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                    line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                except OSError:
                    continue
                if parent in found:
                    found[int(entry.name)], grown = line, True
    return found


def limits(entry: Path) -> str:
    text = (entry / "limits").read_text()
    return next(line for line in text.splitlines() if line.startswith("Max core file size"))


def test_all_keys_are_rotated_while_records_come_in(service: Service, tmp_path: Path) -> None:
    api_key = service.add_lender()
    before = service.final_receipt(submit(service, api_key, 1), api_key)
    rotated = document(run("notary-keys", "rotate", "log", "--overlap", "0", "--data", service.folder, "--json"))
    assert parse_receipt(before).log_key == rotated["was"]
    between = submit(service, api_key, 2)
    account = operator(service)
    moved = document(run("notary-keys", "rotate", "anchor", "--data", service.folder, "--json"))
    assert moved["was"] == account != moved["operator"]
    assert operator(service) == moved["operator"]
    wrapped = document(run("notary-keys", "rotate", "data", "--data", service.folder, "--json"))
    assert (wrapped["place"], wrapped["old_removed"]) == ("file:data-2.key", True)
    after = service.final_receipt(submit(service, api_key, 3), api_key)
    new = parse_verifier(rotated["log_key"])
    head = service.request("GET", "/log/checkpoint").body.decode()
    assert open_checkpoint(head, new).size >= 7
    # Whoever knows the first key needs the history for what came later, and only that.
    history, file = tmp_path / "history.json", tmp_path / "receipt.json"
    assert run("notary-keys", "history", "--data", service.folder, "-o", history).exit_code == 0
    for data in (after, service.final_receipt(between, api_key), service.final_receipt(between, api_key)):
        file.write_bytes(data)
        assert run("verify", file, "--log-key", rotated["log_key"]).exit_code == 0
        assert run("verify", file, "--log-key", rotated["was"]).exit_code == 1
        assert run("verify", file, "--log-key", rotated["was"], "--key-history", history).exit_code == 0
    assert run("verify", file, "--key-history", history).exit_code == 1
    assert [item["purpose"] for item in keys(service)] == ["log", "log", "anchor", "data"]
    assert service.stop() == 0
    assert PASSPHRASE not in service.log.read_text()
    audit = run("audit", "--data", service.folder, "--json")
    assert (audit.exit_code, document(audit)["findings"]) == (0, [])


def test_without_the_passphrase_nothing_starts_and_what_is_wrong_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_service(tmp_path / "data", "--passphrase", f"env:{WORD}") as service:
        monkeypatch.setenv(WORD, "canary of another passphrase")
        assert service.launch().wait(90) == 2
        service.process = None
        written = service.log.read_text()
        assert "the passphrase is another one" in written
        assert "canary" not in written
    monkeypatch.delenv(WORD)
    refused = run("add-lender", "--data", tmp_path / "data", "X")
    assert refused.exit_code == 2
    assert "the variable is not set" in refused.stderr


def test_plain_keys_are_encrypted_where_they_are(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    data = ("--data", str(folder.path))
    made = document(run("init", *data, "--json"))
    address = load_anchor_wallet(folder.keys).address
    assert run("notary-keys", "encrypt", "log", *data).exit_code == 1
    assert run("notary-keys", "passphrase", f"env:{WORD}", *data).exit_code == 0
    for purpose in ("log", "anchor", "data"):
        done = document(run("notary-keys", "encrypt", purpose, *data, "--json"))
        assert done["encrypted"].startswith(str(folder.keys.path))
        assert document(run("notary-keys", "encrypt", purpose, *data, "--json"))["encrypted"] is None
    assert b"BEGIN" not in (folder.keys.path / "log.pem").read_bytes()
    shown = {item["purpose"]: item["public"] for item in keys_of(folder)}
    assert shown == {"log": made["log_key"], "anchor": address, "data": None}


def keys_of(folder: DataFolder) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document(run("notary-keys", "show", "--data", folder.path, "--json"))
    return found


def test_keys_of_a_token_sign_anchor_and_rotate(tmp_path: Path) -> None:
    places = ("--log-key", token_place("e2e-log"), "--anchor-key", token_place("e2e-anchor"))
    with new_service(tmp_path / "data", *places) as service:
        assert sorted(path.name for path in (service.folder / "keys").iterdir()) == [
            "cursors.key",
            "data.key",
            "keys.json",
        ]
        service.start()
        api_key = service.add_lender()
        first = service.final_receipt(submit(service, api_key, 1), api_key)
        rotated = document(run("notary-keys", "rotate", "log", "--overlap", "0", "--data", service.folder, "--json"))
        assert "object=e2e-log-2" in rotated["place"]
        moved = document(run("notary-keys", "rotate", "anchor", "--data", service.folder, "--json"))
        second = service.final_receipt(submit(service, api_key, 2), api_key)
        assert (parse_receipt(first).log_key, parse_receipt(second).log_key) == (rotated["was"], rotated["log_key"])
        assert operator(service) == moved["operator"]
        assert service.stop() == 0
        assert PIN not in service.log.read_text()


def test_places_that_cannot_be_are_refused_before_anything_is_made(tmp_path: Path) -> None:
    for option in (("--log-key", "log.pem"), ("--passphrase", "canary itself"), ("--anchor-key", "env:HOME")):
        refused = run("init", "--data", tmp_path / "data", *option)
        assert refused.exit_code == 1
        assert "canary" not in refused.output
        assert not (tmp_path / "data").exists()
