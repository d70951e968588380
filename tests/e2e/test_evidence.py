# SPDX-License-Identifier: Apache-2.0
"""Evidence packages and certificates of an anchored loan, through a real server and the command line."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from api.keys.log_keys import load_signer
from api.settings import DataFolder
from notary.canonical import canonical_json
from notary.documents.document import MAX_DOCUMENT
from notary.receipts.qr_proof import write_qr
from tests.support.api import repayment
from tests.support.builders import record
from tests.support.cli import document, is_one_line, run
from tests.support.packages import files_of, packed
from tests.support.service import Service, connection, new_service

MEGABYTE = 1 << 20
BLOCK = bytes(range(256)) * 4096
LOAN = "示消贷字（2026）第7号"


class Loan(NamedTuple):
    """A loan with the largest document that there can be, anchored for good."""

    service: Service
    api_key: str
    record_id: str

    def call(self, *arguments: str | Path) -> Any:
        return run(*arguments, "--url", self.service.url, LOAN_NOTARY_API_KEY=self.api_key)

    @property
    def log_key(self) -> str:
        return load_signer(DataFolder(self.service.folder)).verifier.format()


@pytest.fixture(scope="module")
def loan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loan]:
    with new_service(tmp_path_factory.mktemp("evidence") / "data") as service:
        service.start("--workers", "1")
        api_key = service.add_lender()
        digest = deposit(service, api_key)
        named = [{"name": "scan.tif", "media_type": "image/tiff", "size": MAX_DOCUMENT, "sha256": digest}]
        value = record("agreement", id=repayment("")["id"], loan=LOAN, documents=named)
        assert service.request("POST", "/v1/records", canonical_json(value), api_key).status == 201
        service.final_receipt(value["id"], api_key)
        yield Loan(service, api_key, value["id"])


def deposit(service: Service, api_key: str) -> str:
    digest = sha256()
    for _ in range(MAX_DOCUMENT // MEGABYTE):
        digest.update(BLOCK)
    headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "image/tiff", "Content-Length": str(MAX_DOCUMENT)}
    with connection(service.url) as link:
        body = (BLOCK for _ in range(MAX_DOCUMENT // MEGABYTE))
        link.request("PUT", f"/v1/documents/{digest.hexdigest()}", body, headers)
        assert link.getresponse().status == 201
    return digest.hexdigest()


def peak_memory(service: Service) -> int:
    """Return the most memory that a process which serves HTTP has had so far, in bytes."""
    peaks = []
    for pid in service.pids("api.server"):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        peaks += [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")]
    return max(peaks)


def test_a_package_is_fetched_and_verified_in_constant_memory(loan: Loan, tmp_path: Path) -> None:
    # A first one, so that what is loaded only once is not counted.
    assert loan.service.request("GET", "/v1/loans/none/evidence.zip", None, loan.api_key).status == 404
    before, path = peak_memory(loan.service), tmp_path / "loan.zip"
    done = document(loan.call("evidence", "--loan", LOAN, "-o", path, "--json"))
    assert (done["package"], done["bytes"]) == (str(path), path.stat().st_size)
    assert done["bytes"] > MAX_DOCUMENT
    assert peak_memory(loan.service) - before < 25 * MEGABYTE
    report = run("verify", path, "--log-key", loan.log_key, "--json")
    assert report.exit_code == 0, report.output
    checks = {check["link"]: check["status"] for check in document(report)["checks"]}
    for link in ("container", "manifest", "files", "contents", "seal", "inclusion", "document", "anchor"):
        assert checks[link] == "ok", checks
    assert run("verify", path, "--production").exit_code == 1

    files = files_of(path.read_bytes())
    anchor = json.loads(files["checkpoint/anchor-1.json"])
    assert (anchor["state"], len(anchor["block_hash"])) == ("final", 66)
    assert "本地测试链" in files["README.zh.md"].decode()
    policy = tmp_path / "policy.json"
    policy.write_bytes(files["policy.json"])
    assert run("verify", path, "--policy", policy).exit_code == 0
    path.write_bytes(packed({**files, "checkpoint/anchor-1.json": files["checkpoint/anchor-1.json"][:-1]}))
    changed = run("verify", path, "--json")
    assert changed.exit_code == 1
    details = {check["link"]: check["detail"] for check in document(changed)["checks"]}
    assert details["files"] == "/: checkpoint/anchor-1.json was changed"


def test_a_certificate_is_fetched_and_its_code_verified(loan: Loan, tmp_path: Path) -> None:
    pdf, receipt = tmp_path / "record.pdf", tmp_path / "receipt.json"
    assert document(loan.call("certificate", loan.record_id, "-o", pdf, "--json")) == {"certificate": str(pdf)}
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert loan.call("receipt", loan.record_id, "-o", receipt).exit_code == 0
    # What the page's code holds is under test where it is drawn.
    text = write_qr(receipt.read_bytes(), load_signer(DataFolder(loan.service.folder)))
    good = run("verify-qr", text, "--receipt", receipt, "--log-key", loan.log_key, "--json")
    assert (good.exit_code, document(good)["verdict"]) == (0, "valid")
    assert run("verify-qr", text, "--production").exit_code == 1
    assert run("verify-qr", text[:-3]).exit_code == 1
    kept = tmp_path / "qr.txt"
    kept.write_text(text + "\n")
    assert run("verify", kept).exit_code == 0


def test_what_is_not_there_leaves_no_file(loan: Loan, tmp_path: Path) -> None:
    path = tmp_path / "none"
    is_one_line(loan.call("evidence", "--loan", "none", "-o", path), 1, "no loan of this number")
    is_one_line(loan.call("certificate", "none", "-o", path), 1, "no record of this id")
    assert not path.exists()
