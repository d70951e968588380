# SPDX-License-Identifier: Apache-2.0
"""History receipts: written and read, verified record by record and as one history, and never more than is proved."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from notary.canonical import canonical_json
from notary.encoding import b64, b64url
from notary.envelope import Envelope
from notary.errors import HistoryLimitError, InvalidInputError, MalformedJsonError, ReceiptError
from notary.hashing import leaf_hash
from notary.log.anchors import Anchor
from notary.log.checkpoint import Checkpoint, sign_checkpoint
from notary.log.entries import RecordEntry, commit, loan_tag
from notary.log.merkle import prove_inclusion
from notary.ports.records import Loan, StoredRecord
from notary.receipts.history_receipt import MAX_HISTORY, MAX_RECORDS, HistoryReceipt
from notary.receipts.issuing import ReceiptIssuer
from notary.receipts.receipt import MAX_RECEIPT, Receipt
from notary.receipts.report import Report, Status, Verdict, report_members
from notary.receipts.sealed import write_sealed
from notary.receipts.verification import ReceiptVerifier, read_document
from notary.schemes import SCHEMES
from notary.stores.sqlite import SqliteStore
from tests.support.builders import (
    EVIDENCE,
    NOW,
    VAULT,
    anchor_of,
    history,
    kit_over,
    log_signer,
    record,
    record_id,
)
from tests.support.receipt_fixtures import LOAN, money, submit_loan
from tests.support.trees import MemoryTree
from tests.support.vector_receipts import words_of

LINKS = [
    "format", "seal", "record", "signatures", "checkpoint", "inclusion", "documents", "completeness", "lifecycle",
    "anchor", "block",
    "time",
]  # fmt: skip


def believe(anchor: Anchor) -> bytes:
    assert anchor.evidence == EVIDENCE
    return bytes(32)


class Case:
    """A loan of five records in a log of some hundred entries, anchored behind its last."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.kit = kit = kit_over(SqliteStore.create(path, VAULT))
        self.issuer = ReceiptIssuer(kit.store, kit.keyring, kit.signer)
        kit.sequencer.append(history("before", 30, first=100_000))
        self.records = submit_loan(kit)
        self.recorded = self.issue(LOAN)
        kit.store.save_anchor(anchor_of(kit.log.head()))
        kit.sequencer.append(history("after", 300, first=200_000))
        self.anchored = self.issue(LOAN)

    def loan(self, number: str) -> Loan:
        key = (self.kit.lender.number, number)
        return self.kit.store.find_loans([key])[key]

    def issue(self, number: str) -> bytes:
        return self.issuer.history(self.kit.lender, self.loan(number))

    def verify(self, data: bytes) -> Report:
        return ReceiptVerifier(SCHEMES, believe, self.kit.signer.verifier).verify(data)

    def changed(self, change: Callable[[HistoryReceipt], HistoryReceipt]) -> Report:
        """Verify a changed history, sealed as the notary itself would have sealed it."""
        document = read_document(self.anchored)
        assert isinstance(document, HistoryReceipt)
        return self.verify(write_sealed(change(document), self.kit.signer))


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    case = Case(tmp_path_factory.mktemp("history") / "notary.db")
    yield case
    case.kit.store.close()


def statuses(report: Report) -> dict[str, Status]:
    return {check.link: check.status for check in report.checks}


def detail(report: Report, link: str) -> str:
    return next(check.detail for check in report.checks if check.link == link)


def broken(report: Report) -> set[str]:
    return {check.link for check in report.checks if check.status is Status.FAILED}


# --- good histories


def test_a_history_holds_all_records_in_order(case: Case) -> None:
    document = read_document(case.anchored)
    assert isinstance(document, HistoryReceipt)
    assert [(item.index, item.nonce, item.received_at) for item in document.records] == [
        (item.index, item.nonce, item.received_at) for item in case.records
    ]
    assert [item.envelope for item in document.records] == [item.envelope for item in case.records]
    assert (document.loan_key, document.state) == (case.loan(LOAN).key, "final")
    assert write_sealed(document, case.kit.signer) == case.anchored
    value = json.loads(case.anchored)
    seal = value.pop("seal")
    assert document.sealed_bytes() == b"loan-notary/history@1 seal\n" + sha256(canonical_json(value)).digest()
    assert len(seal) == 86


def test_a_good_history_is_valid_link_by_link(case: Case) -> None:
    report = case.verify(case.anchored)
    assert report.verdict is Verdict.VALID
    assert [check.link for check in report.checks] == LINKS
    assert statuses(report) == dict.fromkeys(LINKS, Status.OK) | {
        "block": Status.NOT_CHECKED,
        "time": Status.NOT_CHECKED,
    }
    assert detail(report, "signatures") == "1 co-signed, 4 lender-signed"
    assert report.facts == {
        "environment": "test",
        "lender": "示范银行",
        "loan": LOAN,
        "records": 5,
        "as_of": "2026-05-05T01:46:40.000Z",
        "state": "active",
        "findings": 5,
    }


def test_the_loan_is_computed_from_its_records(case: Case) -> None:
    loan = report_members(case.verify(case.anchored))["loan"]
    assert loan["principal"]["outstanding"] == money("9211.51")
    assert loan["paid"]["total"] == money("888.49")
    assert {item["code"] for item in loan["findings"]} == {"F6"}


def test_what_is_proved_of_completeness_is_said_exactly(case: Case) -> None:
    size = case.kit.store.anchors()[0].size
    said = detail(case.verify(case.anchored), "completeness")
    assert said.startswith("records 0 to 4, none between them is missing")
    assert f"log of {size} entries" in said
    assert "can show" in said


def test_without_an_anchor_it_stands_under_the_newest_checkpoint(case: Case) -> None:
    report = case.verify(case.recorded)
    assert report.verdict is Verdict.VALID
    assert statuses(report)["anchor"] is Status.PENDING
    assert read_document(case.recorded).state == "recorded"


def test_an_anchor_that_covers_only_some_of_the_records_is_none(tmp_path: Path) -> None:
    kit = kit_over(SqliteStore.create(tmp_path / "notary.db", VAULT))
    kit.submit(canonical_json(record("agreement", loan="L", id=record_id(1))))
    kit.store.save_anchor(anchor_of(kit.log.head()))
    kit.submit(canonical_json(record("schedule", loan="L", id=record_id(2))))
    issuer = ReceiptIssuer(kit.store, kit.keyring, kit.signer)
    data = issuer.history(kit.lender, kit.store.find_loans([(1, "L")])[1, "L"])
    assert read_document(data).anchors == ()
    report = ReceiptVerifier(SCHEMES, believe, kit.signer.verifier).verify(data)
    assert report.verdict is Verdict.VALID
    assert detail(report, "signatures") == "2 received"
    kit.store.close()


def test_a_shorter_history_is_as_good_and_says_that_there_may_be_more(case: Case) -> None:
    report = case.changed(lambda history: replace(history, records=history.records[:3]))
    assert report.verdict is Verdict.VALID
    assert report.facts["records"] == 3
    assert detail(report, "completeness").startswith("records 0 to 2,")


# --- each thing that a history proves, broken on purpose under a good seal


def without(history: HistoryReceipt, number: int) -> HistoryReceipt:
    return replace(history, records=history.records[:number] + history.records[number + 1 :])


def swapped(history: HistoryReceipt, one: int, other: int) -> HistoryReceipt:
    records = list(history.records)
    records[one], records[other] = records[other], records[one]
    return replace(history, records=tuple(records))


def with_record(history: HistoryReceipt, number: int, **changes: Any) -> HistoryReceipt:
    records = list(history.records)
    records[number] = replace(records[number], **changes)
    return replace(history, records=tuple(records))


@pytest.mark.parametrize("number", range(4))
def test_a_record_left_out_is_missed(case: Case, number: int) -> None:
    report = case.changed(lambda history: without(history, number))
    assert {"inclusion", "completeness"} <= broken(report)
    assert f"record {number}: " in detail(report, "inclusion")
    assert detail(report, "inclusion").count("record ") == 4 - number


def test_records_in_another_order_are_noticed(case: Case) -> None:
    report = case.changed(lambda history: swapped(history, 2, 3))
    assert broken(report) == {"inclusion", "completeness"}
    assert [f"record {number}: " in detail(report, "inclusion") for number in range(5)] == [False] * 2 + [True] * 2 + [
        False
    ]


def test_a_record_twice_is_noticed(case: Case) -> None:
    report = case.changed(lambda history: replace(history, records=(*history.records, history.records[-1])))
    assert {"inclusion", "completeness"} <= broken(report)


def test_another_loans_key_opens_nothing(case: Case) -> None:
    report = case.changed(lambda history: replace(history, loan_key=bytes(32)))
    assert broken(report) == {"inclusion", "completeness"}


def test_a_changed_record_is_named_by_its_number(case: Case) -> None:
    payload = canonical_json(record("repayment", loan=LOAN, id=record_id(0x102)))

    def change(history: HistoryReceipt) -> HistoryReceipt:
        return with_record(history, 2, envelope=replace(history.records[2].envelope, payload=payload))

    report = case.changed(change)
    assert broken(report) == {"signatures", "inclusion", "completeness"}
    assert detail(report, "signatures").startswith("record 2: ")
    assert detail(report, "inclusion").startswith("record 2: ")


def test_records_of_two_loans_are_no_history() -> None:
    report = forged(record("agreement", loan="L"), record("schedule", loan="M"))
    assert broken(report) == {"lifecycle"}
    assert "/records/1: is of loan M, not of L" in detail(report, "lifecycle")
    assert report.loan is None


def test_an_order_that_no_loan_can_have_is_no_history() -> None:
    report = forged(record("repayment", loan="L"), record("agreement", loan="L"))
    assert broken(report) == {"lifecycle"}
    assert "repayment" in detail(report, "lifecycle")


def test_a_record_that_claims_another_place_breaks_completeness() -> None:
    first = record("agreement", loan="L", sequence=0)
    claims = {"sequence": 1, "previous": sha256(numbered(first, 0)).hexdigest()}
    assert broken(forged(first, record("schedule", loan="L", **claims))) == set()
    for wrong in ({"sequence": 2}, {"previous": "ab" * 32}):
        assert broken(forged(first, record("schedule", loan="L", **claims | wrong))) == {"completeness"}


def test_a_record_that_cannot_be_read_leaves_the_rest_unchecked() -> None:
    report = forged(record("agreement", loan="L"), {"type": "bond", "loan": "L"})
    assert broken(report) == {"record"}
    found = statuses(report)
    assert (found["signatures"], found["lifecycle"]) == (Status.NOT_CHECKED, Status.NOT_CHECKED)
    assert found["completeness"] is Status.OK


def numbered(value: dict[str, Any], number: int) -> bytes:
    return canonical_json(value | {"id": record_id(number)})


def forged(*values: dict[str, Any]) -> Report:
    """Verify the history of records that a lying notary put into a log of its own, under one key, without any check."""
    key, nonce, signer = b"\7" * 32, b"\5" * 32, log_signer()
    envelopes = [Envelope(numbered(value, number)) for number, value in enumerate(values)]
    entries = [
        RecordEntry(loan_tag(key, number), commit(nonce, envelope.encode())).encode()
        for number, envelope in enumerate(envelopes)
    ]
    size = len(entries)
    tree = MemoryTree([leaf_hash(entry) for entry in entries])
    common: dict[str, Any] = {
        "environment": "test",
        "lender": "L",
        "checkpoint": sign_checkpoint(Checkpoint(signer.verifier.name, size, tree.root(size)), signer),
        "log_key": signer.verifier.format(),
    }
    records = tuple(
        Receipt(
            **common,
            received_at=NOW + number,
            envelope=envelope,
            keys=(),
            documents=words_of(envelope),
            nonce=nonce,
            tag=loan_tag(key, number),
            index=number,
            inclusion=prove_inclusion(number, size, tree.read).hashes,
        )
        for number, envelope in enumerate(envelopes)
    )
    document = HistoryReceipt(**common, loan_key=key, records=records)
    return ReceiptVerifier(SCHEMES, believe, signer.verifier).verify(write_sealed(document, signer))


def test_entries_out_of_order_break_completeness() -> None:
    """A log's entries of one loan stand in the order of their numbers; only a lying notary could have others."""
    key, nonce, signer = b"\7" * 32, b"\5" * 32, log_signer()
    values = [numbered(record("agreement", loan="L"), 0), numbered(record("schedule", loan="L"), 1)]
    entries = [RecordEntry(loan_tag(key, n), commit(nonce, Envelope(values[n]).encode())).encode() for n in (1, 0)]
    tree = MemoryTree([leaf_hash(entry) for entry in entries])
    common: dict[str, Any] = {
        "environment": "test",
        "lender": "L",
        "checkpoint": sign_checkpoint(Checkpoint(signer.verifier.name, 2, tree.root(2)), signer),
        "log_key": signer.verifier.format(),
    }
    records = tuple(
        Receipt(
            **common,
            received_at=NOW,
            envelope=Envelope(value),
            keys=(),
            documents=words_of(Envelope(value)),
            nonce=nonce,
            tag=bytes(32),
            index=1 - number,
            inclusion=prove_inclusion(1 - number, 2, tree.read).hashes,
        )
        for number, value in enumerate(values)
    )
    data = write_sealed(HistoryReceipt(**common, loan_key=key, records=records), signer)
    report = ReceiptVerifier(SCHEMES, believe, signer.verifier).verify(data)
    assert broken(report) == {"completeness"}
    assert "record 1 stands at entry 0, not behind entry 1" in detail(report, "completeness")


# --- form and limits


SPOILED: dict[str, tuple[str, Callable[[dict[str, Any]], object]]] = {
    "another version": ("/format", lambda v: v.update(format="loan-notary/history@2")),
    "a receipt's format": ("/records", lambda v: v.update(format="loan-notary/receipt@1")),
    "no records": ("/records", lambda v: v.update(records=[])),
    "no loan key": ("/loan_key", lambda v: v.pop("loan_key")),
    "a short loan key": ("/loan_key", lambda v: v.update(loan_key=b64url(bytes(31)))),
    "a tag": ("/tag", lambda v: v.update(tag=b64url(bytes(32)))),
    "a tag in a record": ("/records/1/tag", lambda v: v["records"][1].update(tag=b64url(bytes(32)))),
    "a bad hash": ("/records/4/inclusion/0", lambda v: v["records"][4].update(inclusion=[b64(bytes(31))])),
    "a bad envelope": ("/records/2/envelope", lambda v: v["records"][2].update(envelope={})),
    "too good a state": ("/state", lambda v: v.update(anchors=[])),
}


@pytest.mark.parametrize("name", SPOILED)
def test_what_is_no_history_is_refused_where_it_stands(case: Case, name: str) -> None:
    pointer, change = SPOILED[name]
    value = json.loads(case.anchored)
    change(value)
    with pytest.raises(InvalidInputError) as refused:
        read_document(canonical_json(value))
    assert pointer in [fault.pointer for fault in refused.value.faults]
    assert broken(case.verify(canonical_json(value))) == {"format"}


def test_a_receipt_longer_than_receipts_may_be_is_refused_though_a_history_may_be_longer() -> None:
    value = {"format": "loan-notary/receipt@1", "lender": "x" * MAX_RECEIPT}
    with pytest.raises(ReceiptError, match=f"more than {MAX_RECEIPT} bytes"):
        read_document(canonical_json(value))


def test_a_history_is_not_read_beyond_its_limits(case: Case) -> None:
    with pytest.raises(MalformedJsonError, match=f"more than {MAX_HISTORY} bytes"):
        read_document(b"[" * (MAX_HISTORY + 1))
    value = json.loads(case.anchored)
    small = {"envelope": {"payload": "e30", "signatures": []}, "keys": [], "inclusion": []}
    value["records"] = [value["records"][0] | small] * (MAX_RECORDS + 1)
    with pytest.raises(ReceiptError) as refused:
        read_document(canonical_json(value))
    assert [fault.pointer for fault in refused.value.faults] == ["/records"]


def test_every_cut_of_a_history_is_refused(case: Case) -> None:
    for length in range(0, len(case.anchored), 97):
        with pytest.raises(InvalidInputError):
            read_document(case.anchored[:length])


def test_a_loan_with_too_many_records_has_no_history_receipt(case: Case) -> None:
    class Crowded(SqliteStore):
        """The store, in which this loan has a record too many."""

        def loan_records(self, lender: int, loan: str) -> list[StoredRecord]:
            return super().loan_records(lender, loan)[:1] * (MAX_RECORDS + 1)

    issuer = ReceiptIssuer(Crowded(case.path, VAULT), case.kit.keyring, case.kit.signer)
    with pytest.raises(HistoryLimitError, match=f"{MAX_RECORDS + 1} records"):
        issuer.history(case.kit.lender, case.loan(LOAN))
