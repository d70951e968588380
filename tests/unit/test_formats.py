# SPDX-License-Identifier: Apache-2.0
"""FORMATS.md says what the code does: its examples are computed again, and its receipt is verified."""

from notary.receipts.report import Verdict
from notary.receipts.verification import ReceiptVerifier
from notary.schemes import SCHEMES
from tests.support.format_examples import PAPER, examples, stale


def test_every_example_of_the_paper_is_what_the_code_makes() -> None:
    assert stale(PAPER.read_text("utf-8")) == []


def test_a_changed_example_is_noticed() -> None:
    text = PAPER.read_text("utf-8")
    assert stale(text.replace(examples()["kid"], "x" * 43)) != []


def test_the_receipt_of_the_paper_verifies() -> None:
    def no_evidence(_: object) -> bytes:
        raise AssertionError("the example has no anchor")

    report = ReceiptVerifier(SCHEMES, no_evidence).verify(examples()["receipt"].encode())
    assert report.verdict is Verdict.VALID
    assert report.facts["index"] == 2
