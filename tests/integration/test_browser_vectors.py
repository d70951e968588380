# SPDX-License-Identifier: Apache-2.0
"""The published vectors: the notary's verifier and the one of the pages both come to what they say."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chain.known_registries import KNOWN_CODE_HASHES
from notary.canonical import canonical_json
from notary.encoding import b64, parse_b64
from notary.envelope import sign_envelope
from notary.log.signed_note import parse_verifier
from notary.receipts.report import Verdict, report_members
from tests.support.browser_verifier import BrowserVerifier, running_verifier
from tests.support.builders import record
from tests.support.certificates import Authority
from tests.support.make_vectors import FOLDER, GROUPS, encoded, expectation, vectors
from tests.support.vector_receipts import KNOWN_FROM, key_members, receipt_of, sealed
from verifier import make_verifier

ROOT = Path(__file__).parents[2]
RECEIPTS = sorted((ROOT / "tests" / "vectors" / "receipts").glob("receipt@*.json"))
CASES = [
    pytest.param(case, id=f"{group}: {case['name']}")
    for group in GROUPS
    for case in json.loads((FOLDER / f"{group}.json").read_text("utf-8"))
]


@pytest.fixture(scope="module")
def verifier() -> Iterator[BrowserVerifier]:
    with running_verifier() as running:
        yield running


def told(report: dict[str, Any]) -> dict[str, Any]:
    """Return what a vector says about a report of the verifier of the pages."""
    links = [[check["link"], check["status"]] for check in report["checks"]]
    return {"verdict": report["verdict"], "links": links, "facts": report["facts"]}


def expected(case: dict[str, Any]) -> dict[str, Any]:
    return {name: case[name] for name in ("verdict", "links", "facts")}


def test_the_vectors_are_what_the_generator_makes() -> None:
    made = dict(vectors())
    assert {path.name for path in FOLDER.glob("*.json")} == made.keys()
    for name, cases in made.items():
        assert (FOLDER / name).read_text("utf-8") == encoded(cases), "python -m tests.support.make_vectors"


def test_there_is_a_vector_of_every_answer() -> None:
    cases = [case.values[0] for case in CASES]
    assert {case["verdict"] for case in cases} == {"valid", "invalid", "cannot tell"}
    failing = {link for case in cases for link, status in case["links"] if status == "failed"}
    assert failing == {
        "format",
        "seal",
        "record",
        "signatures",
        "checkpoint",
        "inclusion",
        "documents",
        "anchor",
        "time",
    }


@pytest.mark.parametrize("case", CASES)
def test_the_notary_says_what_the_vector_says(case: dict[str, Any]) -> None:
    key = parse_verifier(case["log_key"]) if case["log_key"] else None
    assert expectation(make_verifier(key).verify(parse_b64(case["receipt"]))) == expected(case)


@pytest.mark.parametrize("case", CASES)
def test_the_pages_say_what_the_vector_says(verifier: BrowserVerifier, case: dict[str, Any]) -> None:
    assert told(verifier.report(parse_b64(case["receipt"]), case["log_key"])) == expected(case)


@pytest.mark.parametrize("case", [param for param in CASES if param.id.startswith("good")])
def test_both_name_the_same_things_to_be_trusted(verifier: BrowserVerifier, case: dict[str, Any]) -> None:
    key = parse_verifier(case["log_key"]) if case["log_key"] else None
    report = report_members(make_verifier(key).verify(parse_b64(case["receipt"])))
    assert verifier.report(parse_b64(case["receipt"]), case["log_key"]) == report


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


def test_a_chain_of_certificates_is_left_to_the_notarys_own_verifier(verifier: BrowserVerifier) -> None:
    begin = KNOWN_FROM.valid_from
    authority = Authority.create(begin=begin)
    certified = authority.certify(begin=begin)
    envelope = sign_envelope(canonical_json(record("repayment")), certified.signer)
    key = key_members("lender", certified.key) | {"root": b64(authority.der)}
    receipt = canonical_json(sealed(receipt_of(envelope, {}) | {"keys": [key]}))
    assert make_verifier().verify(receipt).verdict is Verdict.VALID
    report = verifier.report(receipt)
    assert report["verdict"] == "cannot tell"
    assert {check["link"]: check["status"] for check in report["checks"]}["signatures"] == "unknown"
    wrong = canonical_json(sealed(receipt_of(envelope, {}) | {"keys": [key | {"root": None}]}))
    assert make_verifier().verify(wrong).verdict is Verdict.INVALID
    assert verifier.report(wrong)["verdict"] == "invalid"
