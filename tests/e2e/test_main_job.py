# SPDX-License-Identifier: Apache-2.0
"""The main job on the whole service: records in, anchored receipts out, verified without it and with a node."""

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from api.keys.log_keys import load_signer
from api.settings import DataFolder
from chain import toolchain
from chain.errors import ChainUnavailableError
from chain.rpc import Rpc
from notary.canonical import canonical_json
from notary.receipts.report import Status, Verdict
from notary.schemes import generate_key
from tests.support import tlog
from tests.support.api import repayment
from tests.support.builders import record, signed
from tests.support.cli import document, is_one_line, run
from tests.support.service import Service, command, free_port, new_service, processes_of, until
from verifier import make_verifier


class Done(NamedTuple):
    """A folder whose service did its work and was stopped: receipts of a co-signed agreement and a plain repayment."""

    service: Service
    api_key: str
    agreement: bytes
    repayment: bytes
    ids: tuple[str, str]
    log_key: str


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    with new_service(tmp_path_factory.mktemp("main job") / "data") as service:
        api_key = service.add_lender()
        service.start()
        keys = {party: generate_key(alg) for party, alg in (("lender", "EdDSA"), ("borrower", "ES256"))}
        for party, key in keys.items():
            body = canonical_json({"party": party, "jwk": key.public.jwk})
            assert service.request("POST", "/v1/keys", body, api_key).status == 201
        paid = repayment("借-1")
        agreed = record("agreement", id=repayment("")["id"], loan="借-1")
        for party in agreed["parties"]:
            party["key"] = keys[party["role"]].public.kid if party["role"] in keys else party.get("key")
        bodies = (signed(agreed, keys["lender"], keys["borrower"]), canonical_json(paid))
        answers = [service.request("POST", "/v1/records", body, api_key) for body in bodies]
        assert [answer.status for answer in answers] == [201, 201], [answer.body for answer in answers]
        receipts = [service.final_receipt(value["id"], api_key) for value in (agreed, paid)]

        log_key = load_signer(DataFolder(service.folder)).verifier.format()
        head = tlog.check_log(lambda path: service.request("GET", f"/log/{path}").body, log_key)
        # The genesis, four acts of administration (a lender, its API key, two keys of parties), two records.
        assert head.size == 7
        assert service.stop() == 0
        service.wait_for_silence()
        yield Done(service, api_key, *receipts, (agreed["id"], paid["id"]), log_key)


@pytest.mark.parametrize("which", ["agreement", "repayment"])
def test_a_final_receipt_verifies_with_the_service_stopped(done: Done, tmp_path: Path, which: str) -> None:
    file = tmp_path / "receipt.json"
    file.write_bytes(getattr(done, which))
    result = run("verify", file, "--log-key", done.log_key, "--json")
    report = document(result)
    assert (result.exit_code, report["verdict"]) == (0, "valid")
    found = {check["link"]: check["status"] for check in report["checks"]}
    # Nobody was asked about the block, and the clock of a test chain says nothing.
    assert (found.pop("block"), found.pop("time")) == ("not checked", "not checked")
    assert set(found.values()) == {"ok"}
    links = {"format", "seal", "record", "signatures", "checkpoint", "inclusion", "anchor"}
    assert found.keys() == (links | {"documents"} if which == "agreement" else links)
    assert report["facts"]["assurance"] == {"agreement": "co-signed", "repayment": "received"}[which]
    assert any("is part of that chain" in sentence for sentence in report["trusted"])
    shown = run("verify", file)
    assert (shown.exit_code, shown.stdout.split()[0]) == (0, "VALID")
    assert "as the receipt names it" in shown.stdout


@pytest.mark.parametrize("trusted", [True, False], ids=["log key given", "log key from the receipt"])
def test_no_byte_of_a_receipt_can_be_changed(done: Done, trusted: bool) -> None:
    verifier = make_verifier(load_signer(DataFolder(done.service.folder)).verifier if trusted else None)
    data = done.agreement if trusted else done.repayment
    assert verifier.verify(data).verdict is Verdict.VALID
    for place in range(len(data)):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        assert verifier.verify(changed).verdict is Verdict.INVALID, place


@pytest.mark.parametrize("step", [1, 97])
def test_no_part_of_a_receipt_can_be_left_out_or_repeated(done: Done, step: int) -> None:
    verifier = make_verifier()
    data = done.repayment
    for place in range(0, len(data), 13):
        for changed in (data[:place] + data[place + step :], data[:place] + data[place : place + step] + data[place:]):
            assert changed == data or verifier.verify(changed).verdict is Verdict.INVALID, place


def test_a_receipt_under_another_log_s_key_is_invalid(done: Done, tmp_path: Path) -> None:
    file = tmp_path / "receipt.json"
    file.write_bytes(done.agreement)
    folder = tmp_path / "other"
    assert run("init", "--data", folder).exit_code == 0
    other = load_signer(DataFolder(folder)).verifier.format()
    assert run("verify", file, "--log-key", other).exit_code == 1
    is_one_line(run("verify", file, "--log-key", "no key"), 1, "verifier key")


@contextmanager
def other_chain(chain_id: int) -> Iterator[str]:
    port = str(free_port())
    with subprocess.Popen([toolchain.anvil(), "--quiet", "--port", port, "--chain-id", str(chain_id)]) as node:
        url = f"http://127.0.0.1:{port}"
        try:
            until(lambda: is_up(url), "the other chain's node answers")
            yield url
        finally:
            node.kill()


def is_up(url: str) -> bool:
    try:
        return Rpc(url).chain_id() > 0
    except ChainUnavailableError:
        return False


def test_asking_a_node(done: Done, tmp_path: Path) -> None:
    """With its own node valid; with one that is away or of another chain, it cannot tell."""
    file = tmp_path / "receipt.json"
    file.write_bytes(done.agreement)
    done.service.start()
    try:
        report = document(run("verify", file, "--rpc", done.service.node_url, "--json"))
        assert report["verdict"] == "valid"
        statuses = {check["link"]: check["status"] for check in report["checks"]}
        assert statuses.pop("time") == "not checked"
        assert set(statuses.values()) == {"ok"}
    finally:
        assert done.service.stop() == 0
    for url in ("http://127.0.0.1:9", "no URL"):
        result = run("verify", file, "--rpc", url, "--json")
        assert (result.exit_code, document(result)["verdict"]) == (2, "cannot tell")
    with other_chain(77) as url:
        result = run("verify", file, "--rpc", url, "--json")
        assert (result.exit_code, document(result)["verdict"]) == (2, "cannot tell")
        assert any("it is of chain 77" in check["detail"] for check in document(result)["checks"])


INVALID = {
    "nothing": b"",
    "no JSON": b"receipt",
    "another document": b"{}",
    "deep": b"[" * 500_000,
    "too long": b" " * 600_000,
    "binary": os.urandom(1000),
}


@pytest.mark.parametrize("name", INVALID)
def test_what_is_no_receipt_is_invalid(tmp_path: Path, name: str) -> None:
    file = tmp_path / "receipt.json"
    file.write_bytes(INVALID[name])
    result = run("verify", file, "--json")
    assert (result.exit_code, document(result)["verdict"]) == (1, "invalid")
    assert run("verify", file).exit_code == 1


def test_a_restart_keeps_everything(done: Done) -> None:
    service = done.service
    for _ in range(2):
        service.start()
        try:
            ready = service.request("GET", "/readyz").json
            assert (ready["size"], ready["anchor"]["size"], ready["anchor"]["state"]) == (7, 7, "final")
            for name, receipt in zip(done.ids, (done.agreement, done.repayment), strict=True):
                path = f"/v1/records/{name}/receipt"
                assert service.request("GET", path, api_key=done.api_key).body == receipt
            audited = run("audit", "--data", service.folder, "--json")
            assert (audited.exit_code, document(audited)["verdict"]) == (0, "valid"), audited.output
        finally:
            assert service.stop() == 0
        service.wait_for_silence()
    assert run("audit", "--data", service.folder).exit_code == 0
    assert processes_of(service.folder) == {}


def test_a_second_service_on_the_folder_is_refused_and_the_first_goes_on(done: Done) -> None:
    service = done.service
    service.start()
    try:
        second = command("run", "--data", service.folder)
        assert second.code == 2
        assert "Traceback" not in second.err
        assert "another process writes to the log" in second.err
        assert service.is_ready()
        assert len(service.pids("api.writer")) == 1
    finally:
        assert service.stop() == 0


def test_a_record_that_only_waits_for_its_anchor_is_valid_and_says_so(done: Done) -> None:
    service = done.service
    service.start()
    try:
        value = repayment("借-1")
        answer = service.request("POST", "/v1/records", canonical_json(value), done.api_key)
        assert answer.status == 201
    finally:
        service.stop()
    report = make_verifier().verify(answer.body)
    assert report.verdict is Verdict.VALID
    assert [check.status for check in report.checks if check.link == "anchor"] == [Status.PENDING]


def test_nothing_private_is_in_the_public_log_or_on_the_chain(done: Done) -> None:
    service = done.service
    with closing(sqlite3.connect(service.folder / "notary.db")) as connection:
        entries = b"".join(row[0] for row in connection.execute("SELECT entry FROM entries"))
    state = (service.folder / "chain" / "state.json").read_text()
    for word in ("借-1", *done.ids, "示范银行"):
        assert word.encode() not in entries
        assert word not in state
