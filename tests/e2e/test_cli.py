# SPDX-License-Identifier: Apache-2.0
"""The command line against a running service: from keys to receipts, interrupted and resumed, no word too much."""

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from api.databases import open_store
from api.settings import DataFolder
from notary.canonical import canonical_json
from notary.envelope import envelope_from_json
from tests.support.api import repayment
from tests.support.builders import record
from tests.support.cli import document, is_one_line, run
from tests.support.service import PROGRAM, ROOT, Service, new_service, until

OUTPUTS: list[str] = []
"""What commands that show no secret on purpose have written; the last test looks for secrets in it."""


class Lender:
    """A lender at its command line."""

    def __init__(self, service: Service, folder: Path) -> None:
        self.service, self.folder = service, folder
        self.api_key = service.add_lender()
        self.key_file = folder / "api.key"
        self.key_file.write_text(self.api_key + "\n")
        self.private = [folder / "lender.pem", folder / "borrower.pem"]
        for private, alg, party in zip(self.private, ("EdDSA", "ES256"), ("lender", "borrower"), strict=True):
            made = self.run("keygen", private, "--alg", alg, "--json")
            assert made.exit_code == 0
            assert private.stat().st_mode & 0o777 == 0o600
            registered = self.call("register-key", f"{private}.pub", "--party", party, "--json")
            assert document(registered)["kid"] == document(made)["kid"]

    @staticmethod
    def run(*arguments: str | Path) -> Result:
        result = run(*arguments)
        OUTPUTS.append(result.output)
        return result

    def call(self, name: str, *arguments: str | Path) -> Result:
        """Run a command that speaks to the service."""
        return self.run(name, *arguments, "--url", self.service.url, "--api-key-file", self.key_file)

    def timeline(self, loan: str) -> list[dict[str, Any]]:
        answer = self.service.request("GET", f"/v1/loans/{loan}", api_key=self.api_key)
        return list(answer.json["records"]) if answer.status == 200 else []


@pytest.fixture(scope="module")
def lender(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lender]:
    folder = tmp_path_factory.mktemp("cli")
    with new_service(folder / "data") as service:
        service.start()
        yield Lender(service, folder)


def agreement(loan: str) -> dict[str, Any]:
    value = record("agreement", id=repayment("")["id"], loan=loan)
    return {**value, "parties": [{k: v for k, v in party.items() if k != "key"} for party in value["parties"]]}


def write(path: Path, *values: dict[str, Any]) -> Path:
    path.write_bytes(b"".join(canonical_json(value) + b"\n" for value in values))
    return path


def test_init_may_be_repeated_and_changes_nothing(tmp_path: Path) -> None:
    first = document(run("init", "--data", tmp_path / "data", "--port", "1234", "--json"))
    files = {path: path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()}
    again = document(run("init", "--data", tmp_path / "data", "--port", "4321", "--origin", "other", "--json"))
    assert (first["new"], again["new"]) == (True, False)
    assert {**again, "new": True} == first
    assert {path: path.read_bytes() for path in files} == files
    for secret in ("keys/log.pem", "keys/anchor.key"):
        assert (tmp_path / "data" / secret).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("option", [("--origin", "with space"), ("--port", "70000"), ("--anchor-interval", "0")])
def test_init_refuses_bad_settings(tmp_path: Path, option: tuple[str, str]) -> None:
    is_one_line(run("init", "--data", tmp_path / "data", *option), 1, "error:")
    assert not (tmp_path / "data").exists()


def test_a_key_is_never_overwritten(lender: Lender) -> None:
    before = lender.private[0].read_bytes()
    is_one_line(lender.run("keygen", lender.private[0]), 1, "never overwritten")
    assert lender.private[0].read_bytes() == before


def test_from_a_record_to_a_verified_receipt(lender: Lender, tmp_path: Path) -> None:
    value = agreement("C-1")
    signed, receipt = tmp_path / "signed.json", tmp_path / "receipt.json"
    keys = [part for private in lender.private for part in ("--key", private)]
    assert lender.run("sign", write(tmp_path / "record.json", value), *keys, "-o", signed).exit_code == 0
    assert len(envelope_from_json(json.loads(signed.read_bytes())).signatures) == 2
    submitted = lender.call("submit", signed)
    assert submitted.exit_code == 0
    assert document(submitted)["state"] == "recorded"
    fetched = lender.call("receipt", value["id"], "-o", receipt, "--wait", "final", "--json")
    assert document(fetched) == {"receipt": str(receipt), "state": "final"}
    assert lender.run("verify", receipt).exit_code == 0
    assert lender.timeline("C-1")[0]["assurance"] == "co-signed"
    assert lender.run("verify", receipt, "--production").exit_code == 1
    rules = write(tmp_path / "rules.json", {"format": "loan-notary/acceptance@1", "confirmations": 0})
    assert lender.run("verify", receipt, "--policy", rules).exit_code == 2
    node = lender.service.node_url
    assert lender.run("verify", receipt, "--policy", rules, "--rpc", node).exit_code == 0
    assert lender.run("verify", receipt, "--policy", rules, "--production").exit_code == 2
    history = tmp_path / "history.json"
    fetched = lender.call("receipt", "--loan", value["loan"], "-o", history, "--wait", "final", "--json")
    assert document(fetched) == {"receipt": str(history), "state": "final"}
    checked = document(lender.run("verify", history, "--json"))
    assert (checked["verdict"], checked["facts"]["loan"], checked["facts"]["records"]) == ("valid", value["loan"], 1)
    assert lender.call("receipt", value["id"], "--loan", value["loan"]).exit_code == 2
    # Again: the same record, so the same receipt, by now with its anchor.
    assert document(lender.call("submit", signed))["index"] == document(submitted)["index"]


def test_a_folder_in_the_order_of_its_names(lender: Lender, tmp_path: Path) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    write(folder / "2.ndjson", repayment("C-2"), repayment("C-2"))
    (folder / "1.json").write_text(json.dumps(agreement("C-2"), indent=2))
    (folder / "note.txt").write_text("not a record")
    assert document(lender.call("submit", folder, "--json")) == {"placed": 3, "known": 0, "skipped": 0, "refused": []}
    assert document(lender.call("submit", folder, "--json"))["known"] == 3
    assert [item["type"] for item in lender.timeline("C-2")] == ["agreement", "repayment", "repayment"]


def test_refused_lines_are_named_and_the_others_are_taken(lender: Lender, tmp_path: Path) -> None:
    values = [agreement("C-3"), repayment("C-none"), repayment("C-3"), repayment("C-3") | {"rail": "?"}]
    source = write(tmp_path / "records.ndjson", *values)
    with source.open("ab") as file:
        file.write(b"no JSON\n")
    result = lender.call("submit", source, "--json")
    assert result.exit_code == 1
    outcome = document(result)
    assert (outcome["placed"], sorted(item["line"] for item in outcome["refused"])) == (2, [2, 4, 5])
    assert len(lender.timeline("C-3")) == 2
    shown = lender.call("submit", source)
    assert (shown.exit_code, "0 recorded, 2 known before" in shown.stdout) == (1, True)
    assert "line 4: The record breaks a rule of its type: /rail" in shown.stderr


def test_an_interrupted_submission_goes_on(lender: Lender, tmp_path: Path) -> None:
    values = [agreement("C-4"), *(repayment("C-4") for _ in range(29_999))]
    source, progress = write(tmp_path / "many.ndjson", *values), tmp_path / "many.ndjson.progress"
    arguments = ("submit", str(source), "--url", lender.service.url, "--api-key-file", str(lender.key_file), "--json")
    with subprocess.Popen(
        [*PROGRAM, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as first:
        until(lambda: progress.exists() or first.poll() is not None, "the first part is submitted")
        first.kill()
    assert progress.exists()

    # A source that was changed since is not gone on with.
    original = source.read_bytes()
    source.write_bytes(original.replace(b"890.99", b"890.98", 1))
    is_error = lender.call("submit", source, "--json")
    assert is_error.exit_code == 1
    assert "was changed since" in is_error.stderr
    source.write_bytes(original)

    result = lender.call("submit", source, "--json")
    outcome = document(result)
    assert (result.exit_code, outcome["refused"]) == (0, [])
    assert outcome["skipped"] > 0
    assert outcome["placed"] + outcome["known"] + outcome["skipped"] == len(values)
    assert not progress.exists()
    assert [item["id"] for item in lender.timeline("C-4")] == [value["id"] for value in values]


def test_errors_are_one_line(lender: Lender, tmp_path: Path) -> None:
    one, key = write(tmp_path / "one.json", repayment("C-none")), lender.key_file
    unknown, secret = repayment("")["id"], tmp_path / "secret"
    secret.write_text("ln_" + "x" * 43)
    away = "http://127.0.0.1:9"
    is_one_line(lender.call("submit", one), 1, "takes no repayment")
    is_one_line(lender.call("receipt", unknown), 1, "no record of this id")
    is_one_line(lender.call("receipt", "../../readyz"), 1, "error:")
    is_one_line(lender.run("submit", one, "--url", lender.service.url, "--api-key-file", secret), 1, "not known")
    is_one_line(lender.run("submit", one, "--url", lender.service.url), 1, "an API key is needed")
    is_one_line(lender.run("receipt", unknown, "--url", away, "--api-key-file", key), 2, "does not answer")
    is_one_line(lender.run("receipt", unknown, "--url", "no URL", "--api-key-file", key), 1, "begins with http")
    secret.write_bytes(b"\xff\xfe\nx")
    is_one_line(lender.run("submit", one, "--url", lender.service.url, "--api-key-file", secret), 1, "cannot be one")
    is_one_line(lender.call("register-key", lender.private[0], "--party", "lender"), 1, "not JSON")
    is_one_line(lender.run("sign", one, "--key", one), 1, "not an unencrypted private key")
    is_one_line(lender.run("sign", write(tmp_path / "two.json", {"type": "x"}), "--key", lender.private[0]), 1, "/type")
    is_one_line(lender.run("keygen", tmp_path / ("k" * 300)), 1, "File name too long")
    value = agreement("C-5")
    assert lender.call("submit", write(tmp_path / "five.json", value)).exit_code == 0
    is_one_line(lender.call("receipt", value["id"], "-o", tmp_path / ("x" * 300)), 1, "File name too long")


@pytest.mark.parametrize(
    "arguments",
    [("nothing",), ("verify",), ("verify", "/none"), ("submit", "/none"), ("receipt",), ("keygen", "/none/x")],
)
def test_misuse_exits_with_2(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr


def test_status_and_audit_of_the_running_service(lender: Lender) -> None:
    lender.run("status", "--data", lender.service.folder)
    status = document(lender.run("status", "--data", lender.service.folder, "--json"))
    assert status["chain"] == lender.service.node_url
    audited = document(lender.run("audit", "--data", lender.service.folder, "--json"))
    assert (audited["verdict"], audited["unknown"]) == ("valid", [])


def test_no_secret_is_in_any_output_or_log(lender: Lender) -> None:
    """Runs last: after everything above, some of which failed on purpose, and a writer that was killed."""
    service = lender.service
    bad = repayment("C-4") | {"rail": "?"}
    assert service.request("POST", "/v1/records", canonical_json(bad), lender.api_key).status == 422
    [writer] = service.pids("api.writer")
    subprocess.run(["kill", "-9", str(writer)], check=True)
    assert service.process is not None
    assert service.process.wait() == 2
    service.wait_for_silence()

    secrets = {
        lender.api_key.encode(),
        *(line for path in lender.private for line in path.read_bytes().splitlines()[1:-1]),
    }
    keys = service.folder / "keys"
    secrets |= {
        (keys / "anchor.key").read_bytes().strip().removeprefix(b"0x"),
        (keys / "log.pem").read_bytes().splitlines()[1],
    }
    # Receipts show their own nonces, on purpose; loan keys belong nowhere.
    opened = list(open_store(DataFolder(service.folder)).records())
    openings = {record.nonce for record, _ in opened}
    loan_keys = {loan.key for _, loan in opened}
    written = service.log.read_bytes()
    output = "".join(OUTPUTS).encode()
    assert b"the writer has ended with code -9" in written
    assert len(output) > 1000
    for text in (written, output):
        for secret in secrets | {form for key in loan_keys for form in forms(key)}:
            assert secret not in text
    # One pass over the log for 30,000 openings, in whichever way they could be written.
    tokens = {written[i : i + 64] for i in range(len(written) - 63)}
    tokens |= {written[i : i + 43] for i in range(len(written) - 42)}
    assert not tokens & {form.rstrip(b"=") for opening in openings for form in forms(opening)}


def forms(secret: bytes) -> set[bytes]:
    """Return the ways in which bytes are written in text."""
    return {secret, secret.hex().encode(), base64.b64encode(secret), base64.urlsafe_b64encode(secret).rstrip(b"=")}
