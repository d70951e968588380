# SPDX-License-Identifier: Apache-2.0
"""Codes and exports of an older key of the log, for those who trust a younger one: by every command, offline."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from notary.canonical import canonical_json
from notary.exports.cose import sign_cose_receipt
from notary.exports.tlog_proof import TlogProof
from notary.log.checkpoint import open_checkpoint
from notary.log.merkle import InclusionProof
from notary.receipts.qr_proof import write_qr
from notary.receipts.receipt import parse_receipt
from tests.support import vector_receipts as make
from tests.support.cli import document, is_one_line, run
from tests.support.vector_key_histories import FIRST, HISTORY, SECOND, STRANGER, key_of, signer_of
from verifier.cli import main

FORMS = ("tlog-proof", "cose")


@dataclass(frozen=True)
class Kept:
    """Files that somebody has kept, all under the first key of a log; the history names a second and a third."""

    folder: Path

    def __getattr__(self, name: str) -> Path:
        return self.folder / name


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("kept")
    data, signer = canonical_json(make.agreement()), signer_of(FIRST)
    receipt = parse_receipt(data)
    checkpoint = open_checkpoint(receipt.checkpoint, signer.verifier)
    proof = InclusionProof(receipt.index, checkpoint.size, receipt.inclusion)
    files = {
        "receipt": data,
        "qr": write_qr(data, signer).encode(),
        "tlog-proof": TlogProof(receipt.index, receipt.inclusion, receipt.checkpoint).encode(),
        "cose": sign_cose_receipt(proof, checkpoint.root, signer),
        "history": HISTORY,
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return Kept(folder)


def verified_qr(kept: Kept, *options: str | Path) -> list[int]:
    """Return the exit codes of the three commands that verify the text of a QR code."""
    alone = main([str(item) for item in (kept.qr, *options)])
    return [
        run("verify", kept.qr, *options).exit_code,
        run("verify-qr", kept.qr.read_text(), *options).exit_code,
        alone,
    ]


def test_a_code_is_held_against_the_key_and_its_history_by_every_command(kept: Kept) -> None:
    assert verified_qr(kept) == verified_qr(kept, "--log-key", key_of(FIRST)) == [0, 0, 0]
    assert verified_qr(kept, "--log-key", key_of(SECOND)) == [1, 1, 1]
    assert verified_qr(kept, "--log-key", key_of(SECOND), "--key-history", kept.history) == [0, 0, 0]
    told = document(run("verify", kept.qr, "--log-key", key_of(SECOND), "--key-history", kept.history, "--json"))
    assert "which a key history ties to the one given by you" in told["trusted"][0]
    for command in (("verify", kept.qr), ("verify-qr", kept.qr.read_text())):
        is_one_line(run(*command, "--key-history", kept.history), 1, "without a key of the log that you trust")
        is_one_line(run(*command, "--log-key", key_of(STRANGER), "--key-history", kept.history), 1, "says nothing of")


def test_a_code_is_held_against_what_is_asked_of_it(kept: Kept, tmp_path: Path) -> None:
    wanted = parse_receipt(kept.receipt.read_bytes()).environment
    other = "test" if wanted == "production" else "production"
    assert verified_qr(kept, "--production") == [int(wanted != "production")] * 3
    rules = tmp_path / "rules.json"

    def judged(**members: str) -> list[tuple[int, set[str]]]:
        rules.write_text(json.dumps({"format": "loan-notary/acceptance@1", **members}))
        result = run("verify", kept.qr, "--policy", rules, "--json")
        doubts = {item["link"] for item in document(result)["checks"] if item["status"] in ("failed", "unknown")}
        alone = main([str(kept.qr), "--policy", str(rules)])
        assert alone == result.exit_code
        return [(result.exit_code, doubts)]

    assert judged() == judged(environment=wanted) == [(0, set())]
    assert judged(environment=other) == [(1, {"environment"})]
    # A code shows no record: what is asked of records is neither met nor broken.
    assert judged(assurance="co-signed") == [(2, {"policy"})]
    assert judged(assurance="co-signed", environment=other) == [(1, {"environment", "policy"})]
    result = run("verify", kept.qr, "--document", rules, "--json")
    assert result.exit_code == 2
    assert [item["status"] for item in document(result)["checks"] if item["link"] == "document"] == ["unknown"]


@pytest.mark.parametrize("form", FORMS)
def test_an_export_is_held_against_the_key_and_its_history(kept: Kept, form: str) -> None:
    command = ("verify-export", kept.folder / form, "--receipt", kept.receipt, "--json")
    for options in ((), ("--log-key", key_of(FIRST))):
        assert run(*command, *options).exit_code == 0
    is_one_line(run(*command, "--log-key", key_of(SECOND)), 1, "error")
    told = run(*command, "--log-key", key_of(SECOND), "--key-history", kept.history)
    assert (told.exit_code, document(told)["log_key"]) == (0, key_of(FIRST))
    is_one_line(run(*command, "--key-history", kept.history), 1, "without a key of the log that you trust")
    is_one_line(run(*command, "--log-key", key_of(STRANGER), "--key-history", kept.history), 1, "says nothing of")
