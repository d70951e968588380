# SPDX-License-Identifier: Apache-2.0
"""Receipts of every version that was ever released verify, offline, with the verifier of today."""

from pathlib import Path

import pytest

from notary.receipts.report import Status, Verdict
from verifier import make_verifier

FIXTURES = sorted((Path(__file__).parents[1] / "vectors" / "receipts").glob("*.json"))


def test_there_are_fixtures() -> None:
    assert [path.name for path in FIXTURES] == ["history@1-final.json", "receipt@1-batch.json", "receipt@1-final.json"]


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_an_old_receipt_still_verifies(path: Path) -> None:
    report = make_verifier().verify(path.read_bytes())
    assert report.verdict is Verdict.VALID
    found = {check.link: check.status for check in report.checks}
    assert found["anchor"] is Status.OK
    assert found["block"] is Status.NOT_CHECKED


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_no_byte_of_it_can_change(path: Path) -> None:
    data, verifier = path.read_bytes(), make_verifier()
    for position in range(0, len(data), 7):
        changed = data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]
        assert verifier.verify(changed).verdict is Verdict.INVALID, position
