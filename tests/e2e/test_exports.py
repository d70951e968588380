# SPDX-License-Identifier: Apache-2.0
"""A service with two timestamp authorities, one of them away: dated receipts, and exports that others can check."""

import json
from base64 import b64decode
from pathlib import Path
from typing import NamedTuple

import pytest

from api.keys.log_keys import load_signer
from api.settings import DataFolder
from notary.canonical import canonical_json
from notary.receipts.receipt import parse_receipt
from tests.support import cose, tlog
from tests.support.api import repayment
from tests.support.authority import SampleAuthority, serving
from tests.support.builders import record
from tests.support.cli import document, is_one_line, run
from tests.support.service import Service, free_port, new_service, until


class Done(NamedTuple):
    """What the service left: a receipt, its exports, and who vouches for the authority that has stamped it."""

    receipt: Path
    cose: Path
    root: Path
    other_root: Path
    log_key: str
    status: dict[str, object]
    ready: dict[str, object]
    urls: tuple[str, str]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder = tmp_path_factory.mktemp("exports")
    authority = SampleAuthority.create(folder / "authority")
    other = SampleAuthority.create(folder / "other")
    for made in (authority, other):
        made.folder.mkdir()
        (made.folder / "root.pem").write_bytes(made.root.pem)
    with serving(authority.reply) as answers, new_service(folder / "data") as service:
        urls = (answers.url, f"http://127.0.0.1:{free_port()}/")
        name_authorities(service, urls, authority.folder / "root.pem")
        api_key = service.add_lender()
        service.start()
        agreed = record("agreement", id=repayment("")["id"])
        assert service.request("POST", "/v1/records", canonical_json(agreed), api_key).status == 201
        receipt = stamped_receipt(service, agreed["id"], api_key, folder)
        # A prefix that ends in a slash, on the real server, and a redirection nowhere.
        log_key = load_signer(DataFolder(service.folder)).verifier.format()
        # The genesis, two acts of administration (a lender, its API key), the agreement.
        assert tlog.check_log(lambda path: service.request("GET", f"/log//{path}").body, log_key).size == 4
        exported = run(
            "export", receipt, "--as", "cose", "--url", service.url, "--json", LOAN_NOTARY_API_KEY=api_key
        )  # fmt: skip
        assert exported.exit_code == 0, exported.output
        status = document(run("status", "--data", service.folder, "--json"))
        shown = run("status", "--data", service.folder).stdout
        assert f"{urls[1]}: never" in shown.replace("\n", " ")
        ready = service.request("GET", "/readyz").json
        assert service.stop() == 0
    made_files = (Path(document(exported)["export"]), authority.folder / "root.pem", other.folder / "root.pem")
    return Done(receipt, *made_files, log_key, status, ready, urls)


def name_authorities(service: Service, urls: tuple[str, str], certificate: Path) -> None:
    file = service.folder / "settings.json"
    chosen = [{"url": url, "certificate": str(certificate)} for url in urls]
    file.write_text(json.dumps(json.loads(file.read_text()) | {"timestamp_authorities": chosen}))


def stamped_receipt(service: Service, record_id: str, api_key: str, folder: Path) -> Path:
    """Wait until a record is anchored for good and its checkpoint stamped, and write its receipt to a file."""
    file = folder / "receipt.json"

    def ready() -> bool:
        body = service.request("GET", f"/v1/records/{record_id}/receipt", api_key=api_key).body
        file.write_bytes(body)
        receipt = parse_receipt(body)
        return receipt.state == "final" and len(receipt.timestamps) == 1

    until(ready, "the receipt is final and stamped")
    return file


def time_of(report: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    [check] = [check for check in report["checks"] if check["link"] == "time"]
    return check


def test_the_authority_s_word_counts_for_those_who_trust_it(done: Done) -> None:
    result = run("verify", done.receipt, "--tsa-certificate", done.root, "--json")
    report = document(result)
    assert (result.exit_code, time_of(report)["status"]) == (0, "ok")
    assert report["facts"]["not_later_than"] >= report["facts"]["received_at"]
    assert "the clock of the authority CN=Sample Time" in report["trusted"]
    assert "not later than" in run("verify", done.receipt, "--tsa-certificate", done.root).stdout


def test_without_or_with_another_certificate_it_does_not_and_nothing_is_held_against_it(done: Done) -> None:
    for options, words in (((), "none was given"), (("--tsa-certificate", done.other_root), "vouches for")):
        result = run("verify", done.receipt, *options, "--json")
        assert result.exit_code == 0
        assert time_of(document(result))["status"] == "not checked"
        assert words in time_of(document(result))["detail"]


def test_a_certificate_that_is_none_is_an_error(done: Done) -> None:
    is_one_line(run("verify", done.receipt, "--tsa-certificate", done.receipt), 1, "not certificates in PEM")


def test_the_operator_sees_who_has_stamped_and_who_never_did(done: Done) -> None:
    for stamps in (done.status["timestamps"], done.ready["timestamps"]):
        assert isinstance(stamps, list)
        assert [item["authority"] for item in stamps] == list(done.urls)
        assert (stamps[0]["size"], stamps[1]["size"], stamps[1]["time"]) == (4, None, None)
        assert stamps[0]["age_seconds"] >= 0


def test_exports_are_checked_with_the_service_gone(done: Done, tmp_path: Path) -> None:
    receipt = parse_receipt(done.receipt.read_bytes())
    proof, entry = tmp_path / "a.tlog-proof", tmp_path / "a.entry"
    for form, file in (("tlog-proof", proof), ("entry", entry)):
        assert run("export", done.receipt, "--as", form, "-o", file).exit_code == 0
    assert entry.read_bytes() == receipt.entry()
    for file, form in ((proof, "C2SP .tlog-proof"), (done.cose, "COSE receipt")):
        result = run("verify-export", file, "--receipt", done.receipt, "--log-key", done.log_key, "--json")
        assert document(result) == {"proves": form, "index": 3, "size": 4, "log_key": done.log_key}
    key = public_key(done.log_key)
    assert cose.is_included(done.cose.read_bytes(), entry.read_bytes(), key)


def public_key(vkey: str) -> bytes:
    return b64decode(vkey.split("+", 2)[2])[1:]


@pytest.mark.parametrize("form", ["tlog-proof", "cose"])
def test_a_spoiled_export_or_another_log_s_is_refused(done: Done, tmp_path: Path, form: str) -> None:
    file = tmp_path / "export"
    if form == "cose":
        file.write_bytes(done.cose.read_bytes())
    else:
        assert run("export", done.receipt, "-o", file).exit_code == 0
    assert run("init", "--data", tmp_path / "other").exit_code == 0
    other = load_signer(DataFolder(tmp_path / "other")).verifier.format()
    assert run("verify-export", file, "--receipt", done.receipt, "--log-key", other).exit_code == 1
    data = file.read_bytes()
    for place in range(0, len(data), 11):
        file.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        is_one_line(run("verify-export", file, "--receipt", done.receipt), 1, "error")


def test_what_is_no_receipt_has_no_export(tmp_path: Path) -> None:
    other = tmp_path / "no receipt"
    other.write_bytes(b"{}")
    is_one_line(run("export", other), 1, "/format")
