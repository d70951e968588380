# SPDX-License-Identifier: Apache-2.0
"""Receipts as documents: written once, read strictly."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from notary.canonical import canonical_json
from notary.errors import InvalidEnvelopeError, InvalidInputError, MalformedJsonError, ReceiptError
from notary.log.anchors import AnchorState
from notary.receipts.issuing import ReceiptIssuer
from notary.receipts.receipt import MAX_RECEIPT, Receipt, parse_receipt
from notary.receipts.sealed import Environment, write_sealed
from notary.stores.sqlite import SqliteStore
from tests.support.builders import VAULT, NotaryKit, anchor_of, history, kit_over, record, signed


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NotaryKit]:
    folder: Path = tmp_path_factory.mktemp("receipts")
    kit = kit_over(SqliteStore.create(folder / "notary.db", VAULT))
    kit.sequencer.append(history("before", 5, first=1000))
    yield kit
    kit.store.close()


@pytest.fixture(scope="module")
def issued(kit: NotaryKit) -> bytes:
    """A receipt of a co-signed agreement with one final anchor."""
    lender, borrower = kit.register("lender"), kit.register("borrower", "ES256")
    kit.submit(signed(record("agreement"), lender, borrower))
    kit.store.save_anchor(anchor_of(kit.log.head()))
    kit.sequencer.append(history("after", 300, first=2000))
    return ReceiptIssuer(kit.store, kit.keyring, kit.signer).stored(kit.store.record_at(6))


def changed(data: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    value = json.loads(data)
    change(value)
    return canonical_json(value)


def test_a_receipt_holds_what_was_recorded(kit: NotaryKit, issued: bytes) -> None:
    receipt = parse_receipt(issued)
    stored = kit.store.record_at(6)
    (anchor,) = kit.store.anchors()
    assert (receipt.lender, receipt.received_at, receipt.index) == (kit.lender.name, stored.received_at, 6)
    assert (receipt.envelope, receipt.nonce) == (stored.envelope, stored.nonce)
    assert [key.party for key in receipt.keys] == ["lender", "borrower"]
    assert (receipt.checkpoint, receipt.log_key) == (anchor.checkpoint, kit.signer.verifier.format())
    assert receipt.state == "final"
    (read,) = receipt.anchors
    assert (read.evidence, read.size, read.root, read.block_hash, read.block_time) == (
        anchor.evidence, anchor.size, anchor.root, anchor.block_hash, anchor.block_time,
    )  # fmt: skip


def test_a_receipt_is_canonical_and_comes_back_to_the_byte(kit: NotaryKit, issued: bytes) -> None:
    value = json.loads(issued)
    assert canonical_json(value) == issued
    assert value["format"] == "loan-notary/receipt@1"
    receipt = parse_receipt(issued)
    assert write_sealed(receipt, kit.signer) == issued
    seal = value.pop("seal")
    assert receipt.sealed_bytes() == b"loan-notary/receipt@1 seal\n" + sha256(canonical_json(value)).digest()
    assert receipt.seal is not None
    assert len(receipt.seal) == 64
    assert len(seal) == 86


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("environment", ["test", "production"])
@pytest.mark.parametrize("name", ["示范银行", 'A "quoted" \\ Bank\u2028'])
def test_fresh_and_stored_receipts_of_the_newest_record_are_the_same(
    tmp_path: Path, number: int, environment: Environment, name: str
) -> None:
    kit = kit_over(SqliteStore.create(tmp_path / "notary.db", VAULT))
    lender, borrower = kit.register("lender"), kit.register("borrower", "ES256")
    named = [{"name": "a.pdf", "media_type": "application/pdf", "size": 1, "sha256": "ab" * 32}] * number
    value = record("agreement", documents=named) if named else record("application")
    kit.sequencer.append(history("before", 300 * number, first=1000))
    issuer = ReceiptIssuer(kit.store, kit.keyring, kit.signer, environment)
    item, place = kit.submit(signed(value, *(lender, borrower)[:number]) if number else canonical_json(value))
    kit.store._connection().execute("UPDATE organisations SET name = ?", (name,))
    fresh = issuer.fresh(replace(kit.lender, name=name), item, place)
    assert fresh == issuer.stored(kit.store.record_at(place.index))
    receipt = parse_receipt(fresh)
    assert (receipt.state, receipt.lender, receipt.environment) == ("recorded", name, environment)
    assert (len(receipt.keys), len(receipt.documents)) == (min(number, 2), number)
    kit.store.close()


@pytest.mark.parametrize(
    ("states", "wanted"),
    [
        ([], "recorded"),
        ([AnchorState.PENDING, AnchorState.LOST], "recorded"),
        ([AnchorState.MINED], "mined"),
        ([AnchorState.MINED, AnchorState.FINAL, AnchorState.SENT], "final"),
    ],
)
def test_the_state_is_that_of_the_best_anchor(
    kit: NotaryKit, issued: bytes, states: list[AnchorState], wanted: str
) -> None:
    head = kit.log.head()
    receipt = parse_receipt(issued)
    members = {**vars(receipt), "anchors": tuple(anchor_of(head, state=state) for state in states)}
    assert Receipt(**members).state == wanted


SPOILED: dict[str, tuple[str, Callable[[dict[str, Any]], object]]] = {
    "another format": ("/format", lambda v: v.update(format="loan-notary/receipt@2")),
    "no format": ("/format", lambda v: v.pop("format")),
    "a number for the format": ("/format", lambda v: v.update(format=1)),
    "an unknown member": ("/extra", lambda v: v.update(extra=1)),
    "no seal": ("/seal", lambda v: v.pop("seal")),
    "a short seal": ("/seal", lambda v: v.update(seal=v["seal"][:-2])),
    "a padded seal": ("/seal", lambda v: v.update(seal=v["seal"] + "==")),
    "no environment": ("/environment", lambda v: v.pop("environment")),
    "another environment": ("/environment", lambda v: v.update(environment="Production")),
    "no lender": ("/lender", lambda v: v.update(lender="")),
    "a time without milliseconds": ("/received_at", lambda v: v.update(received_at="2026-01-01T00:00:00Z")),
    "a number for the time": ("/received_at", lambda v: v.update(received_at=5)),
    "a time that never was": ("/received_at", lambda v: v.update(received_at="2026-02-30T00:00:00.000Z")),
    "a string for the envelope": ("/envelope", lambda v: v.update(envelope="e30")),
    "a list of keys that is none": ("/keys", lambda v: v.update(keys={})),
    "an unknown party": ("/keys/0/party", lambda v: v["keys"][0].update(party="notary")),
    "a member more in a key": ("/keys/1/kid", lambda v: v["keys"][1].update(kid="k")),
    "a number in a key": ("/keys/0/jwk/kty", lambda v: v["keys"][0]["jwk"].update(kty=1)),
    "17 keys": ("/keys", lambda v: v.update(keys=v["keys"] * 9)),
    "a short nonce": ("/nonce", lambda v: v.update(nonce=v["nonce"][:-3])),
    "a long tag": ("/tag", lambda v: v.update(tag=v["tag"] + "AAAA")),
    "a negative index": ("/index", lambda v: v.update(index=-1)),
    "a string for the index": ("/index", lambda v: v.update(index="6")),
    "true for the index": ("/index", lambda v: v.update(index=True)),
    "a hash of 31 bytes": ("/inclusion/0", lambda v: v.update(inclusion=["AAAA" * 10 + "AA=="])),
    "65 hashes": ("/inclusion", lambda v: v.update(inclusion=["A" * 43 + "="] * 65)),
    "a list for the checkpoint": ("/checkpoint", lambda v: v.update(checkpoint=[v["checkpoint"]])),
    "a long checkpoint": ("/checkpoint", lambda v: v.update(checkpoint="a" * 70_000)),
    "null for the log key": ("/log_key", lambda v: v.update(log_key=None)),
    "17 anchors": ("/anchors", lambda v: v.update(anchors=v["anchors"] * 17)),
    "a registry in capitals": ("/anchors/0/registry", lambda v: v["anchors"][0].update(registry="0x" + "AB" * 20)),
    "a log id with a line feed": (
        "/anchors/0/log_id",
        lambda v: v["anchors"][0].update(log_id="0x" + "cd" * 32 + "\n"),
    ),
    "an unknown state": ("/anchors/0/state", lambda v: v["anchors"][0].update(state="great")),
    "a number for the state": ("/anchors/0/state", lambda v: v["anchors"][0].update(state=1)),
    "no block": ("/anchors/0/block_hash", lambda v: v["anchors"][0].update(block_hash=None)),
    "no evidence member": ("/anchors/0/evidence", lambda v: v["anchors"][0].pop("evidence")),
    "a state that is too good": ("/state", lambda v: v["anchors"][0].update(state="mined")),
    "a state without its anchor": ("/state", lambda v: v.update(anchors=[])),
    "a state of our own": ("/state", lambda v: v.update(state="great")),
}


@pytest.mark.parametrize("name", SPOILED)
def test_what_is_no_receipt_is_refused_where_it_stands(issued: bytes, name: str) -> None:
    pointer, change = SPOILED[name]
    with pytest.raises(ReceiptError) as refused:
        parse_receipt(changed(issued, change))
    assert pointer in [fault.pointer for fault in refused.value.faults]


def test_evidence_is_none_or_complete(issued: bytes) -> None:
    def spoil(value: dict[str, Any]) -> None:
        value["anchors"][0]["evidence"] = {"header": "AA=="}

    for evidence in ({"header": "AA=="}, None, "None", {}, "", []):
        with pytest.raises(ReceiptError) as refused:
            parse_receipt(changed(issued, lambda value, e=evidence: value["anchors"][0].update(evidence=e)))  # type: ignore[misc]
        assert all(fault.pointer.startswith("/anchors/0/evidence") for fault in refused.value.faults)
    none = parse_receipt(changed(issued, lambda value: value["anchors"][0].update(evidence="none")))
    assert none.anchors[0].evidence is None


def test_an_envelope_in_a_receipt_is_read_as_strictly_as_any(issued: bytes) -> None:
    with pytest.raises(InvalidEnvelopeError) as refused:
        parse_receipt(changed(issued, lambda value: value["envelope"].update(header={})))
    assert [fault.pointer for fault in refused.value.faults] == ["/envelope"]


@pytest.mark.parametrize(
    "data", [b"", b"null", b"[]", b'"loan-notary/receipt@1"', b"{}", b'{"format":"x"}', b"\xff", b"{"]
)
def test_what_is_no_document_of_ours(data: bytes) -> None:
    with pytest.raises((ReceiptError, MalformedJsonError)):
        parse_receipt(data)


def test_other_spellings_of_a_receipt_are_refused(issued: bytes) -> None:
    value = json.loads(issued)
    for data in (
        issued + b"\n",
        b" " + issued,
        json.dumps(value).encode(),
        json.dumps(dict(reversed(value.items())), separators=(",", ":"), ensure_ascii=False).encode(),
        issued.replace("示".encode(), b"\\u793a"),
        issued[:-1] + b',"seal":"AA"}',
    ):
        with pytest.raises(MalformedJsonError):
            parse_receipt(data)


def test_a_receipt_is_not_read_beyond_its_limit() -> None:
    with pytest.raises(MalformedJsonError, match="more than 524288 bytes"):
        parse_receipt(b"[" * (MAX_RECEIPT + 1))


def test_every_cut_of_a_receipt_is_refused(issued: bytes) -> None:
    for length in range(0, len(issued), 7):
        with pytest.raises(InvalidInputError):
            parse_receipt(issued[:length])
