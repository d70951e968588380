# SPDX-License-Identifier: Apache-2.0
"""No changed receipt is accepted, and the report names the link that was changed: with the seal broken, and under a
new seal by the log's own key, so that every link is tested by itself and not only by the seal."""

import json
import random
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from notary.canonical import canonical_json
from notary.encoding import b64url
from notary.receipts.report import Report, Status, Verdict
from tests.support.builders import log_signer
from tests.support.mutations import Mutation, mutations
from verifier import make_verifier

RECEIPTS = Path(__file__).parents[1] / "vectors" / "receipts"
NAMES = ["receipt@1-final.json", "history@1-final.json", "receipt@1-batch.json"]
LOG = log_signer()
VERIFIER = make_verifier(LOG.verifier)
SHARE = 0.99
AMOUNTS = [(NAMES[0], None), (NAMES[2], 400), (NAMES[1], 900), pytest.param(NAMES[1], None, marks=pytest.mark.slow)]


def sealed(document: dict[str, Any]) -> bytes:
    """Return a document as the log itself would have sealed it."""
    members = {name: value for name, value in document.items() if name != "seal"}
    label = f"{document.get('format')} seal\n".encode()
    return canonical_json({**members, "seal": b64url(LOG.sign(label + sha256(canonical_json(members)).digest()))})


def broken(report: Report) -> frozenset[str]:
    return frozenset(check.link for check in report.checks if check.status is Status.FAILED)


def some_of(name: str, count: int | None) -> Iterator[Mutation]:
    """Yield the document's mutations, or as many of them drawn by lot, always the same."""
    made = list(mutations(json.loads((RECEIPTS / name).read_bytes())))
    yield from random.Random(20261123).sample(made, count) if count else made


def show_share(name: str, right: int, wrong: list[str]) -> None:
    share = right / (right + len(wrong))
    lines = [f"{name}: {right + len(wrong)} mutations, the right link named in {share:.2%}", *wrong]
    sys.stdout.write("\n  ".join(lines) + "\n")
    assert share >= SHARE


@pytest.mark.parametrize("name", NAMES)
def test_the_document_that_is_changed_below_is_valid(name: str) -> None:
    data = (RECEIPTS / name).read_bytes()
    assert VERIFIER.verify(data).verdict is Verdict.VALID
    assert sealed(json.loads(data)) == data


@pytest.mark.parametrize(("name", "count"), AMOUNTS)
def test_under_the_old_seal_no_mutation_is_accepted(name: str, count: int | None) -> None:
    right, wrong, words = 0, [], set()
    for mutation in some_of(name, count):
        if not mutation.blamed:
            words.add(mutation.name.split(":")[0].rsplit("/", 1)[-1])
        report = VERIFIER.verify(canonical_json(mutation.document))
        found = broken(report)
        assert report.verdict is Verdict.INVALID, mutation.name
        allowed = mutation.blamed | mutation.besides | {"seal"}
        if found == {"format"} or ("seal" in found and found <= allowed):
            right += 1
        else:
            wrong.append(f"{mutation.name}: {sorted(found)}, not {sorted(allowed)}")
    all_words = {"lender", "environment", "received_at", "party", "chain_id", "transaction_hash"}
    assert words >= all_words or count is not None
    show_share(name, right, wrong)


@pytest.mark.parametrize(("name", "count"), AMOUNTS)
def test_under_a_new_seal_no_mutation_of_what_is_proved_is_accepted(name: str, count: int | None) -> None:
    right, wrong = 0, []
    for mutation in some_of(name, count):
        if not mutation.blamed or mutation.name.startswith("/seal"):
            continue
        report = VERIFIER.verify(sealed(mutation.document))
        found = broken(report)
        assert report.verdict is Verdict.INVALID, mutation.name
        if found & mutation.blamed and found <= mutation.blamed | mutation.besides:
            right += 1
        else:
            wrong.append(f"{mutation.name}: {sorted(found)}, not {sorted(mutation.blamed)}")
    show_share(name, right, wrong)


@pytest.mark.parametrize(("name", "count"), [(NAMES[0], 700), (NAMES[1], 150), (NAMES[2], 100)])
def test_no_changed_dropped_or_added_byte_is_accepted(name: str, count: int) -> None:
    data, numbers = (RECEIPTS / name).read_bytes(), random.Random(20261123)
    for place in numbers.sample(range(len(data)), count):
        other = numbers.choice([value for value in range(256) if value != data[place]])
        for changed in (
            data[:place] + bytes([other]) + data[place + 1 :],
            data[:place] + data[place + 1 :],
            data[:place] + bytes([other]) + data[place:],
            data[:place],
        ):
            report = VERIFIER.verify(changed)
            assert report.verdict is Verdict.INVALID, place
            assert broken(report) & {"format", "seal"}, place
