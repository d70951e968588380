# SPDX-License-Identifier: Apache-2.0
"""The published vectors: the notary's verifier and the one of the pages both come to what they say."""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import load_der_x509_certificate

from chain.known_registries import KNOWN_CODE_HASHES
from notary.canonical import canonical_json
from notary.encoding import b64, parse_b64
from notary.log.key_history import parse_history, related_keys
from notary.log.signed_note import parse_verifier
from notary.receipts.qr_proof import write_qr
from notary.receipts.report import Verdict, report_members
from tests.support.browser_verifier import BrowserVerifier, running_verifier
from tests.support.issued import distinguished
from tests.support.make_vectors import FOLDER, GROUPS, encoded, expectation, vectors
from tests.support.vector_certificates import certified, issue
from tests.support.vector_packages import files_of, history, packed, with_manifest
from tests.support.vector_receipts import LOG, agreement
from tests.support.vector_tokens import GOOD, stamped
from tests.support.vector_tokens import ROOT as TIME_ROOT
from verifier import make_verifier

ROOT = Path(__file__).parents[2]
RECEIPTS = sorted((ROOT / "tests" / "vectors" / "receipts").glob("receipt@*.json"))
CASES = [
    pytest.param(case, id=f"{group}: {case['name']}")
    for group in GROUPS
    for case in json.loads((FOLDER / f"{group}.json").read_text("utf-8"))
]
TRUSTING = [
    param
    for param in CASES
    if param.id.startswith(("good", "histories", "key-histories", "timestamps")) and param.values[0]["verdict"]
]
NOT_COMPUTED = {"findings"}
"""Facts that only the notary's own verifier knows: what is odd in a loan's history."""


@pytest.fixture(scope="module")
def verifier() -> Iterator[BrowserVerifier]:
    with running_verifier() as running:
        yield running


def told(report: dict[str, Any] | None) -> dict[str, Any]:
    """Return what a vector says about a report of the verifier of the pages."""
    if report is None:
        return expectation(None)
    links = [[check["link"], check["status"]] for check in report["checks"]]
    return {"verdict": report["verdict"], "links": links, "facts": report["facts"]}


def expected(case: dict[str, Any]) -> dict[str, Any]:
    facts = {name: value for name, value in case["facts"].items() if name not in NOT_COMPUTED}
    return {"verdict": case["verdict"], "links": case["links"], "facts": facts}


def without_findings(report: dict[str, Any]) -> dict[str, Any]:
    facts = {name: value for name, value in report["facts"].items() if name not in NOT_COMPUTED}
    return {**report, "facts": facts}


def test_the_vectors_are_what_the_generator_makes() -> None:
    made = dict(vectors())
    assert {path.name for path in FOLDER.glob("*.json")} == made.keys()
    for name, cases in made.items():
        assert (FOLDER / name).read_text("utf-8") == encoded(cases), "python -m tests.support.make_vectors"


def test_there_is_a_vector_of_every_answer() -> None:
    cases = [case.values[0] for case in CASES]
    assert {case["verdict"] for case in cases} == {"valid", "invalid", "cannot tell", None}
    failing = {link for case in cases for link, status in case["links"] if status == "failed"}
    links = "format seal record signatures checkpoint inclusion documents completeness lifecycle anchor time document"
    assert failing == {*links.split(), "container", "manifest", "files", "contents", "receipt"}


@pytest.mark.parametrize("case", CASES)
def test_the_pages_say_what_the_vector_says(verifier: BrowserVerifier, case: dict[str, Any]) -> None:
    assert told(verifier.case(case)) == expected(case)


@pytest.mark.parametrize("case", TRUSTING)
def test_both_name_the_same_things_to_be_trusted(verifier: BrowserVerifier, case: dict[str, Any]) -> None:
    key = parse_verifier(case["log_key"]) if case["log_key"] else None
    authorities = [load_der_x509_certificate(parse_b64(der)) for der in case.get("authorities", [])]
    related = related_keys(key, parse_history(parse_b64(case["key_history"]))) if key and "key_history" in case else ()
    own = make_verifier(key, authorities=authorities, related=related)
    report = report_members(own.verify(parse_b64(case["receipt"])))
    found = verifier.case(case)
    assert found is not None
    assert found["trusted"] == report["trusted"]
    if "failed" not in [status for _, status in case["links"]]:
        loan = {name: value for name, value in report.pop("loan", {}).items() if name in found.get("loan", {})}
        assert found == without_findings(report) | ({"loan": loan} if loan else {})


@pytest.mark.parametrize("path", RECEIPTS, ids=lambda path: path.name)
def test_the_pages_verify_the_receipts_of_every_release(verifier: BrowserVerifier, path: Path) -> None:
    report = verifier.report(path.read_bytes())
    assert told(report) == expectation(make_verifier().verify(path.read_bytes()))
    assert report["verdict"] == "valid"


def test_the_pages_know_the_same_registries() -> None:
    text = (ROOT / "api" / "static" / "verify" / "known-registries.js").read_text("utf-8")
    assert {line.split("'")[1] for line in text.splitlines() if line.startswith("  '")} == {
        code.hex() for code in KNOWN_CODE_HASHES
    }


def test_no_byte_of_a_receipt_can_change(verifier: BrowserVerifier) -> None:
    case = next(param.values[0] for param in CASES if "final" in param.id)
    data = parse_b64(case["receipt"])
    for place in range(0, len(data), 11):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        assert verifier.report(changed, case["log_key"])["verdict"] == "invalid", (place, b64(changed))


def chained(*more: Any) -> bytes:
    """Return a receipt signed with a certificate under a root that has more extensions."""
    root = issue("Root", ca=True, more=[(item, True) for item in more])
    return canonical_json(certified(issue("Wang", root), root=root))


def test_whether_names_and_policies_are_as_an_authority_wants_them_the_pages_cannot_tell(
    verifier: BrowserVerifier,
) -> None:
    permitted = x509.NameConstraints([x509.DirectoryName(distinguished("Wang"))], None)
    other = x509.NameConstraints([x509.DirectoryName(distinguished("Li", "Other Bank"))], None)
    for constraint, verdict in ((permitted, Verdict.VALID), (other, Verdict.INVALID)):
        receipt = chained(constraint)
        assert make_verifier().verify(receipt).verdict is verdict
        report = verifier.report(receipt)
        assert report["verdict"] == "cannot tell"
        assert {check["link"]: check["status"] for check in report["checks"]}["signatures"] == "unknown"


def test_a_curve_that_the_pages_do_not_know_leaves_a_doubt(verifier: BrowserVerifier) -> None:
    root = issue("Root", ca=True, key=ec.generate_private_key(ec.BrainpoolP256R1()))
    receipt = canonical_json(certified(issue("Wang", root), root=root))
    assert make_verifier().verify(receipt).verdict is Verdict.VALID
    assert verifier.report(receipt)["verdict"] == "cannot tell"


def test_a_token_that_was_signed_as_something_else_is_refused(verifier: BrowserVerifier) -> None:
    """RFC 5652 section 5.3: the attribute is the type of the content. OpenSSL, and so the notary, does not compare."""
    members = stamped(replace(GOOD, content_type="data"))
    report = verifier.ask("receipt", canonical_json(members), log_key=None, authorities=[b64(TIME_ROOT.der)])
    assert report["checks"][-1]["status"] == "failed"


def test_a_token_over_a_hash_that_is_not_known_leaves_a_doubt(verifier: BrowserVerifier) -> None:
    members = stamped(replace(GOOD, digest="sha224"))
    report = verifier.ask("receipt", canonical_json(members), log_key=None, authorities=[b64(TIME_ROOT.der)])
    assert (report["verdict"], report["checks"][-1]["status"]) == ("cannot tell", "unknown")


def test_a_package_that_was_packed_again_holds(verifier: BrowserVerifier) -> None:
    files = with_manifest(files_of(history()))
    again = packed(files, zipfile.ZIP_DEFLATED)
    assert len(again) < len(packed(files))
    assert verifier.ask("package", again, log_key=None)["verdict"] == "valid"


def test_a_file_that_cannot_be_inflated_is_named(verifier: BrowserVerifier) -> None:
    files = with_manifest(files_of(history()))
    again = bytearray(packed(files, zipfile.ZIP_DEFLATED))
    place = again.index(b"README.en.md") + len("README.en.md")
    again[place] ^= 0xFF
    [found] = [c for c in verifier.ask("package", bytes(again), log_key=None)["checks"] if c["link"] == "files"]
    assert (found["status"], "README.en.md cannot be read" in found["detail"]) == ("failed", True)


def test_a_code_as_the_notary_writes_it_holds(verifier: BrowserVerifier) -> None:
    receipt = canonical_json(agreement())
    report = verifier.ask("qr", text=write_qr(receipt, LOG), receipt=b64(receipt), log_key=LOG.verifier.format())
    assert report["verdict"] == "valid"
    assert report["checks"][-1]["status"] == "ok"
