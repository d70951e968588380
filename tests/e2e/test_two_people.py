# SPDX-License-Identifier: Apache-2.0
"""Two people at two machines sign one agreement, a day apart, with the command line; and keys, through their life.

Only the clock is the test's: a day passes at once.
"""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from werkzeug.serving import make_server

from notary.encoding import format_time
from tests.support.api import Api, repayment, running_api
from tests.support.builders import NOW, record
from tests.support.certificates import Authority
from tests.support.cli import document, is_one_line, run

DAY = 86_400_000


class Clock:
    """A clock that tests set."""

    now = NOW

    def __call__(self) -> int:
        return self.now


@contextmanager
def listening(api: Api) -> Iterator[str]:
    """Serve the API over HTTP at a free port."""
    server = make_server("127.0.0.1", 0, api.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Desk:
    """A lender's account with the notary, and a folder for each of two people."""

    clock: Clock
    url: str
    api_key: Path
    bank: Path
    home: Path

    def call(self, name: str, *arguments: str | Path) -> Result:
        """Run a command that speaks to the notary."""
        return run(name, *arguments, "--url", self.url, "--api-key-file", self.api_key)

    def key(self, folder: Path, party: str, *options: str) -> tuple[Path, str]:
        """Make and register a key; return its file and its id."""
        path = folder / f"{party}-{len(list(folder.iterdir()))}.pem"
        made = document(run("keygen", path, "--json"))
        registered = self.call("register-key", f"{path}.pub", "--party", party, "--json", *options)
        assert registered.exit_code == 0, registered.output
        assert document(registered)["kid"] == made["kid"]
        return path, made["kid"]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    clock = Clock()
    with running_api(tmp_path / "data", clock=clock) as api, listening(api) as url:
        key = tmp_path / "api.key"
        key.write_text(api.bank.api_key)
        for name in ("bank", "home"):
            (tmp_path / name).mkdir()
        yield Desk(clock, url, key, tmp_path / "bank", tmp_path / "home")


def write(path: Path, value: dict[str, Any]) -> Path:
    path.write_text(json.dumps(value), "utf-8")
    return path


def test_an_agreement_is_completed_by_the_borrower_a_day_later(desk: Desk) -> None:
    lender, lender_kid = desk.key(desk.bank, "lender")
    borrower, borrower_kid = desk.key(desk.home, "borrower")
    value = record("agreement")

    # At the bank: sign, and hand in what is signed so far.
    half = desk.bank / "half.json"
    assert run("sign", write(desk.bank / "agreement.json", value), "--key", lender, "-o", half).exit_code == 0
    handed_in = desk.call("submit", "--draft", half, "--json")
    assert document(handed_in)["missing"] == ["borrower"]
    shown = desk.call("drafts")
    assert all(word in shown.stdout for word in ("agreement", "borrower", value["id"]))
    assert desk.call("receipt", value["id"]).exit_code == 1

    # A day later, at home: read, sign, hand in.
    desk.clock.now = NOW + DAY
    [listed] = document(desk.call("drafts", "--json"))
    received, full = desk.home / "draft.json", desk.home / "full.json"
    seen = desk.call("draft", listed["id"], "-o", received)
    assert "示范消贷字" in seen.stdout
    assert run("sign", received, "--key", borrower, "-o", full).exit_code == 0
    is_one_line(run("sign", full, "--key", borrower), 1, "one key signed twice")
    done = desk.call("submit", "--draft", full)
    assert done.exit_code == 0
    receipt = desk.home / "receipt.json"
    receipt.write_bytes(done.stdout_bytes)

    # Anybody, without the notary.
    verified = document(run("verify", receipt, "--json"))
    assert verified["verdict"] == "valid"
    assert verified["facts"]["assurance"] == "co-signed"
    assert verified["facts"]["received_at"] == format_time(NOW + DAY)
    assert [(item["party"], item["kid"]) for item in verified["facts"]["signers"]] == [
        ("lender", lender_kid),
        ("borrower", borrower_kid),
    ]
    text = run("verify", receipt).stdout
    assert "co-signed" in text
    assert f"lender, key {lender_kid}" in text
    assert f"borrower, key {borrower_kid}" in text
    assert document(desk.call("drafts", "--json")) == []
    assert desk.call("submit", "--draft", full).stdout_bytes == done.stdout_bytes
    is_one_line(desk.call("draft", value["id"]), 1, "no record of this id waits")


def test_a_draft_is_withdrawn(desk: Desk) -> None:
    lender, _ = desk.key(desk.bank, "lender")
    half = desk.bank / "half.json"
    value = record("agreement")
    run("sign", write(desk.bank / "agreement.json", value), "--key", lender, "-o", half)
    assert "borrower" in desk.call("submit", "--draft", half).stdout
    assert desk.call("withdraw", value["id"]).exit_code == 0
    is_one_line(desk.call("withdraw", value["id"]), 1, "no record of this id waits")
    is_one_line(desk.call("submit", "--draft", write(desk.bank / "plain.json", value)), 1, "is an envelope")


def test_keys_are_replaced_and_revoked(desk: Desk, tmp_path: Path) -> None:
    old, old_kid = desk.key(desk.bank, "lender")
    begin = format_time(NOW + DAY)
    new, new_kid = desk.key(desk.bank, "lender", "--from", begin, "--replaces", old_kid, "--overlap", "3600")
    listed = {item["kid"]: item for item in document(desk.call("keys", "--party", "lender", "--json"))}
    assert listed[old_kid]["valid_until"] == format_time(NOW + DAY + 3_600_000)
    assert listed[new_kid]["valid_from"] == begin
    assert old_kid in desk.call("keys").stdout

    agreement = write(tmp_path / "agreement.json", record("agreement"))
    assert desk.call("submit", agreement).exit_code == 0
    count = iter(range(100))

    def submit(key: Path) -> Result:
        value = repayment(record("agreement")["loan"])
        signed = tmp_path / f"{next(count)}.json"
        run("sign", write(tmp_path / "repayment.json", value), "--key", key, "-o", signed)
        return desk.call("submit", signed)

    assert submit(old).exit_code == 0
    is_one_line(submit(new), 1, "is valid only from")
    desk.clock.now = NOW + DAY
    assert submit(old).exit_code == submit(new).exit_code == 0
    desk.clock.now += 3_600_000
    is_one_line(submit(old), 1, "ended at")
    last = submit(new)
    revoked = desk.call("revoke-key", new_kid, "--from", begin, "--json")
    assert document(revoked)["revoked_from"] == begin
    is_one_line(submit(new), 1, f"is revoked from {begin} on")
    is_one_line(desk.call("revoke-key", new_kid), 1, "moved to an earlier moment only")
    is_one_line(desk.call("revoke-key", "nobody's", "--from", begin), 1, "you have no key of this id")

    # The receipt of before is valid as it was written; one that is written now tells of the revocation.
    receipt = tmp_path / "receipt.json"
    receipt.write_bytes(last.stdout_bytes)
    assert run("verify", receipt).exit_code == 0
    record_id = document(run("verify", receipt, "--json"))["facts"]["id"]
    desk.call("receipt", record_id, "-o", receipt)
    verified = run("verify", receipt)
    assert verified.exit_code == 2
    assert "whether the lender signed cannot be told" in verified.stdout


def test_roots_are_registered_listed_and_revoked(desk: Desk, tmp_path: Path) -> None:
    root = Authority.create()
    pem = tmp_path / "root.pem"
    pem.write_text(root.pem)
    is_one_line(desk.call("register-root", pem, "--party", "lender"), 1, "is required for the lender")
    made = desk.call("register-root", pem, "--party", "lender", "--organization", "示范银行", "--json")
    assert document(made)["fingerprint"] == root.fingerprint
    certified = root.certify("示范银行", "信贷部")
    key, chain = tmp_path / "certified.pem", tmp_path / "chain.pem"
    key.write_bytes(certified.key.to_pem())
    chain.write_text(ssl.DER_cert_to_PEM_cert(certified.chain[0]))
    signed, receipt = tmp_path / "signed.json", tmp_path / "receipt.json"
    agreement = write(tmp_path / "agreement.json", record("agreement"))
    assert run("sign", agreement, "--key", key, "--certificates", chain, "-o", signed).exit_code == 0
    submitted = desk.call("submit", signed)
    assert submitted.exit_code == 0, submitted.output
    receipt.write_bytes(submitted.stdout_bytes)
    text = run("verify", receipt).stdout
    assert "lender-signed" in text
    assert "lender, 信贷部, 示范银行" in text
    assert "示范银行" in desk.call("roots").stdout
    moment = format_time(NOW)
    [revoked] = document(desk.call("revoke-root", root.fingerprint, "--from", moment, "--json"))
    assert revoked["revoked_from"] == moment
    assert document(desk.call("roots", "--json")) == [revoked]
