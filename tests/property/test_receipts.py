# SPDX-License-Identifier: Apache-2.0
"""Receipts on arbitrary documents: one spelling, documented errors, and no changed receipt is valid."""

import copy
import json
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notary.canonical import canonical_json
from notary.errors import InvalidInputError, ProofError
from notary.log.anchors import Anchor
from notary.receipts.issuing import ReceiptIssuer
from notary.receipts.receipt import parse_receipt
from notary.receipts.report import Verdict
from notary.receipts.verification import ReceiptVerifier
from notary.schemes import SCHEMES
from notary.stores.sqlite import SqliteStore
from tests.support.builders import EVIDENCE, VAULT, anchor_of, history, kit_over, log_signer, record, signed

LOG = log_signer()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 2**53 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=6,
)
MEMBERS = [
    "format", "environment", "state", "lender", "received_at", "envelope", "keys", "nonce", "tag", "index", "inclusion",
    "checkpoint", "log_key", "timestamps", "anchors", "documents", "seal",
]  # fmt: skip


def believe(anchor: Anchor) -> bytes:
    if anchor.evidence != EVIDENCE:
        raise ProofError("this is not the evidence")
    return bytes(32)


VERIFIER = ReceiptVerifier(SCHEMES, believe, LOG.verifier)


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bytes]:
    kit = kit_over(SqliteStore.create(tmp_path_factory.mktemp("receipts") / "notary.db", VAULT))
    lender, borrower = kit.register("lender"), kit.register("borrower", "ES256")
    kit.sequencer.append(history("before", 9, first=1000))
    _, place = kit.submit(signed(record("agreement"), lender, borrower))
    kit.store.save_anchor(anchor_of(kit.log.head()))
    yield ReceiptIssuer(kit.store, kit.keyring, kit.signer).stored(kit.store.record_at(place.index))
    kit.store.close()


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value within a document."""
    steps = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for step in steps:
        yield (*above, step)
        yield from places(value[step], (*above, step))


def test_the_receipt_that_is_changed_below_is_valid(issued: bytes) -> None:
    assert VERIFIER.verify(issued).verdict is Verdict.VALID
    assert set(json.loads(issued)) == set(MEMBERS)


@given(st.data())
def test_whatever_is_read_as_a_receipt_is_written_so(issued: bytes, data: st.DataObject) -> None:
    value = json.loads(issued)
    way = data.draw(st.sampled_from(list(places(value))))
    changed = copy.deepcopy(value)
    parent = changed
    for step in way[:-1]:
        parent = parent[step]
    old = parent[way[-1]]
    new = data.draw(JSON | st.just(old) | (st.just(old + 1) if type(old) is int else st.nothing()))
    parent[way[-1]] = new
    written = canonical_json(changed)
    with suppress(InvalidInputError):
        receipt = parse_receipt(written)
        del changed["seal"]
        assert receipt.sealed_bytes() == b"loan-notary/receipt@1 seal\n" + sha256(canonical_json(changed)).digest()
    assert (VERIFIER.verify(written).verdict is Verdict.VALID) == (written == issued)


@given(st.data())
def test_no_receipt_with_anything_put_in_or_cut_out_is_valid(issued: bytes, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(issued)))
    end = data.draw(st.integers(begin, min(len(issued), begin + 4)))
    changed = issued[:begin] + data.draw(st.binary(max_size=4)) + issued[end:]
    assert (VERIFIER.verify(changed).verdict is Verdict.VALID) == (changed == issued)


@given(st.binary(max_size=100) | st.dictionaries(st.sampled_from(MEMBERS), JSON).map(canonical_json))
def test_anything_else_ends_in_the_documented_error(data: bytes) -> None:
    with pytest.raises(InvalidInputError):
        parse_receipt(data)
    report = VERIFIER.verify(data)
    assert report.verdict is Verdict.INVALID
    assert [check.link for check in report.checks] == ["format"]
