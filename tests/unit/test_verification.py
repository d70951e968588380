# SPDX-License-Identifier: Apache-2.0
"""Verification: every change of a receipt breaks the link that it should, and honest answers for the rest."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from notary.canonical import canonical_json
from notary.errors import ProofError, UnavailableError
from notary.log.anchors import Anchor, AnchorState, Evidence
from notary.log.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from notary.receipts.issuing import ReceiptIssuer
from notary.receipts.receipt import Receipt, parse_receipt
from notary.receipts.report import Report, Status, Verdict
from notary.receipts.sealed import write_sealed
from notary.receipts.verification import ReceiptVerifier
from notary.schemes import SCHEMES, PrivateKey, generate_key
from notary.stores.sqlite import SqliteStore
from tests.support.builders import EVIDENCE, VAULT, NotaryKit, anchor_of, history, kit_over, log_signer, record, signed
from tests.support.trees import flipped

OTHER_LOG = log_signer("other.example/log", "other key")
SAME_NAME = log_signer(seed="another key")
LINKS = ["format", "seal", "record", "signatures", "checkpoint", "inclusion", "documents", "anchor", "block", "time"]
CODE_HASH = b"\xc0" * 32
STRANGER = generate_key("EdDSA")


def believe(anchor: Anchor) -> bytes:
    """Take the evidence that the tests' builders make, and no other."""
    if anchor.evidence != EVIDENCE:
        raise ProofError("this is not the evidence")
    return CODE_HASH


class Node:
    """A chain witness with one answer."""

    def __init__(self, answer: Exception | None = None, depth: int = 5) -> None:
        self.answer = answer
        self.depth = depth
        self.asked: list[Anchor] = []

    def confirm(self, anchor: Anchor) -> int:
        self.asked.append(anchor)
        if self.answer:
            raise self.answer
        return self.depth


@dataclass
class Case:
    """A log of 307 entries and a co-signed agreement in it, anchored."""

    kit: NotaryKit
    lender: PrivateKey
    borrower: PrivateKey
    anchored: bytes
    recorded: bytes

    @property
    def receipt(self) -> Receipt:
        return parse_receipt(self.anchored)

    def sealed(self, receipt: Receipt) -> bytes:
        """Return a changed receipt as the notary itself would have sealed it."""
        return write_sealed(receipt, self.kit.signer)

    def unsealed(self, receipt: Receipt) -> bytes:
        """Return a changed receipt under the old seal."""
        value = json.loads(self.sealed(receipt))
        return canonical_json(value | {"seal": json.loads(self.anchored)["seal"]})

    def verify(self, data: bytes, **trust: Any) -> Report:
        return ReceiptVerifier(SCHEMES, believe, **{"log_key": self.kit.signer.verifier, **trust}).verify(data)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    kit = kit_over(SqliteStore.create(tmp_path_factory.mktemp("verification") / "notary.db", VAULT))
    lender, borrower = kit.register("lender"), kit.register("borrower", "ES256")
    kit.sequencer.append(history("before", 5, first=1000))
    recorded = kit.receipt(signed(record("agreement"), lender, borrower))
    kit.sequencer.append(history("after", 300, first=2000))
    kit.store.save_anchor(anchor_of(kit.log.head()))
    anchored = ReceiptIssuer(kit.store, kit.keyring, kit.signer).stored(kit.store.record_at(6))
    yield Case(kit, lender, borrower, anchored, recorded)
    kit.store.close()


def statuses(report: Report) -> dict[str, Status]:
    return {check.link: check.status for check in report.checks}


def broken(report: Report) -> set[str]:
    return {check.link for check in report.checks if check.status is Status.FAILED}


# --- good receipts


def test_a_good_receipt_is_valid_link_by_link(case: Case) -> None:
    report = case.verify(case.anchored)
    assert report.verdict is Verdict.VALID
    assert [check.link for check in report.checks] == LINKS
    assert statuses(report) == dict.fromkeys(LINKS, Status.OK) | {
        "block": Status.NOT_CHECKED,
        "time": Status.NOT_CHECKED,
    }
    assert report.facts == {
        "environment": "test",
        "type": "agreement",
        "id": "01998d2e-5c00-7a31-8f42-6d1f0c2b9e00",
        "loan": "示范消贷字（2026）第000123号",
        "lender": "示范银行",
        "occurred_at": "2026-01-14T06:30:00Z",
        "received_at": "2026-01-01T00:00:00.000Z",
        "index": 6,
        "assurance": "co-signed",
        "signers": [
            {"party": "lender", "kid": case.lender.public.kid, "subject": None},
            {"party": "borrower", "kid": case.borrower.public.kid, "subject": None},
        ],
    }


def test_a_receipt_without_an_anchor_is_valid_and_says_that_the_anchor_is_pending(case: Case) -> None:
    report = case.verify(case.recorded)
    assert report.verdict is Verdict.VALID
    assert statuses(report)["anchor"] is Status.PENDING
    assert "block" not in statuses(report)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_plain_record_is_received(case: Case, size: int) -> None:
    body = canonical_json(record("agreement", loan=f"plain {size}", id=f"01998d2e-5c00-7a31-8f42-00000000ff{size:02x}"))
    report = case.verify(case.kit.receipt(body))
    assert report.verdict is Verdict.VALID
    assert report.facts["assurance"] == "received"
    assert not any("whose keys" in words for words in report.trusted)


def test_what_was_trusted_is_told(case: Case) -> None:
    key = case.kit.signer.verifier.format()
    trusted = case.verify(case.anchored).trusted
    assert trusted[0] == f"the log's key {key}, given by you"
    assert any("block 0x" in words and "part of that chain" in words for words in trusted)
    assert any("whose keys signed" in words for words in trusted)
    assert any("time it received" in words for words in trusted)
    unpinned = case.verify(case.anchored, log_key=None)
    assert unpinned.verdict is Verdict.VALID
    assert "compare it with the operator's" in unpinned.trusted[0]


# --- any changed byte


def test_no_receipt_with_one_byte_changed_is_valid(case: Case) -> None:
    numbers = random.Random(20260101)
    for place, byte in enumerate(case.anchored):
        for other in (byte ^ 1, numbers.choice([value for value in range(256) if value not in (byte, byte ^ 1)])):
            data = case.anchored[:place] + bytes([other]) + case.anchored[place + 1 :]
            assert case.verify(data).verdict is Verdict.INVALID, (place, other, case.anchored[place - 20 : place + 20])
        assert case.verify(data, log_key=None).verdict is Verdict.INVALID, (place, other)


def test_no_receipt_with_a_byte_dropped_or_doubled_is_valid(case: Case) -> None:
    for place in range(0, len(case.anchored), 3):
        for data in (
            case.anchored[:place] + case.anchored[place + 1 :],
            case.anchored[: place + 1] + case.anchored[place:],
        ):
            assert case.verify(data).verdict is Verdict.INVALID


# --- each member changed on purpose


def with_signature(receipt: Receipt, number: int, **changes: Any) -> Receipt:
    signatures = list(receipt.envelope.signatures)
    signatures[number] = signatures[number]._replace(**changes)
    return replace(receipt, envelope=replace(receipt.envelope, signatures=tuple(signatures)))


def with_payload(receipt: Receipt, payload: bytes) -> Receipt:
    return replace(receipt, envelope=replace(receipt.envelope, payload=payload))


def with_anchor(receipt: Receipt, **changes: Any) -> Receipt:
    return replace(receipt, anchors=(replace(receipt.anchors[0], **changes),))


def with_checkpoint(receipt: Receipt, note: str) -> Receipt:
    return replace(receipt, checkpoint=note)


def resigned(receipt: Receipt, **changes: Any) -> str:
    """Return the receipt's checkpoint with changes, signed by the log's own key."""
    signer = log_signer()
    return sign_checkpoint(replace(open_checkpoint(receipt.checkpoint, signer.verifier), **changes), signer)


def as_party(receipt: Receipt, number: int, party: str) -> Receipt:
    keys = list(receipt.keys)
    keys[number] = replace(keys[number], party=party)
    return replace(receipt, keys=tuple(keys))


CHANGES: dict[str, tuple[Callable[[Receipt], Receipt], set[str]]] = {
    # What is the notary's word alone: only the seal holds it.
    "environment": (lambda r: replace(r, environment="production"), set()),
    "lender": (lambda r: replace(r, lender="Another Bank"), set()),
    "received_at": (lambda r: replace(r, received_at=r.received_at + 1), set()),
    "a key's party": (lambda r: as_party(r, 1, "lender"), set()),
    "transaction_hash": (lambda r: with_anchor(r, transaction_hash="0x" + "ff" * 32), set()),
    "the anchor's state": (lambda r: with_anchor(r, state=AnchorState.MINED), set()),
    # What other links hold as well.
    "payload": (
        lambda r: with_payload(r, canonical_json(record("agreement", loan="Another loan"))),
        {"signatures", "inclusion"},
    ),
    "payload of another type": (
        lambda r: with_payload(r, canonical_json(record("repayment"))),
        {"signatures", "inclusion", "documents"},
    ),
    "payload that is no record": (lambda r: with_payload(r, b"{}"), {"record", "inclusion"}),
    "payload that is not canonical": (lambda r: with_payload(r, r.envelope.payload + b" "), {"record", "inclusion"}),
    "payload that is no JSON": (lambda r: with_payload(r, b"\xff\x00"), {"record", "inclusion"}),
    "the first signature": (
        lambda r: with_signature(r, 0, signature=flipped(r.envelope.signatures[0].signature, 77)),
        {"signatures", "inclusion"},
    ),
    "the second signature": (
        lambda r: with_signature(r, 1, signature=flipped(r.envelope.signatures[1].signature, 500)),
        {"signatures", "inclusion"},
    ),
    "no signatures": (
        lambda r: replace(r, envelope=replace(r.envelope, signatures=()), keys=()),
        {"inclusion"},
    ),
    "one signature less": (
        lambda r: replace(r, envelope=replace(r.envelope, signatures=r.envelope.signatures[:1]), keys=r.keys[:1]),
        {"inclusion"},
    ),
    "signatures in another order": (
        lambda r: replace(
            r, envelope=replace(r.envelope, signatures=r.envelope.signatures[::-1]), keys=r.keys[::-1]
        ),
        {"inclusion"},
    ),
    "the malleable signature": (
        # n - s is as good as s (notary/schemes/es256.py), but it is not what was committed to.
        lambda r: with_signature(r, 1, signature=other_s(r.envelope.signatures[1].signature)),
        {"inclusion"},
    ),
    "keys in another order": (lambda r: replace(r, keys=r.keys[::-1]), {"signatures"}),
    "a key too few": (lambda r: replace(r, keys=r.keys[:1]), {"signatures"}),
    "a key too many": (lambda r: replace(r, keys=(*r.keys, r.keys[0])), {"signatures"}),
    "another key": (
        lambda r: replace(r, keys=(replace(r.keys[0], jwk=STRANGER.public.jwk), r.keys[1])),
        {"signatures"},
    ),
    "a key that is none": (lambda r: replace(r, keys=(replace(r.keys[0], jwk={}), r.keys[1])), {"signatures"}),
    "a key of small order": (
        lambda r: replace(r, keys=(replace(r.keys[0], jwk=r.keys[0].jwk | {"x": "A" * 43}), r.keys[1])),
        {"signatures"},
    ),
    "no key of the lender": (lambda r: as_party(r, 0, "borrower"), {"signatures"}),
    "nonce": (lambda r: replace(r, nonce=flipped(r.nonce, 3)), {"inclusion"}),
    "tag": (lambda r: replace(r, tag=flipped(r.tag, 3)), {"inclusion"}),
    "index": (lambda r: replace(r, index=r.index + 1), {"inclusion"}),
    "index beyond the tree": (lambda r: replace(r, index=307), {"inclusion"}),
    "what the notary says of a document": (
        lambda r: replace(r, documents=(replace(r.documents[0], received_at=1, sm3="ab" * 32, media_type="a/b"),)),
        set(),
    ),
    "the word on another document": (
        lambda r: replace(r, documents=(replace(r.documents[0], sha256="ab" * 32),)),
        {"documents"},
    ),
    "no word on the document": (lambda r: replace(r, documents=()), {"documents"}),
    "a word too many": (lambda r: replace(r, documents=r.documents * 2), {"documents"}),
    "no inclusion": (lambda r: replace(r, inclusion=()), {"inclusion"}),
    "inclusion too short": (lambda r: replace(r, inclusion=r.inclusion[:-1]), {"inclusion"}),
    "inclusion too long": (lambda r: replace(r, inclusion=(*r.inclusion, r.tag)), {"inclusion"}),
    "checkpoint of another root": (
        lambda r: with_checkpoint(r, resigned(r, root=bytes(32))),
        {"inclusion", "anchor"},
    ),
    "checkpoint of another size": (
        lambda r: with_checkpoint(r, resigned(r, size=64)),
        {"inclusion", "anchor"},
    ),
    "checkpoint of another origin": (
        lambda r: with_checkpoint(r, resigned(r, origin="other.example/log")),
        {"checkpoint"},
    ),
    "checkpoint by another key": (
        lambda r: with_checkpoint(r, sign_checkpoint(Checkpoint(SAME_NAME.verifier.name, 307, bytes(32)), SAME_NAME)),
        {"checkpoint"},
    ),
    "checkpoint that is none": (lambda r: with_checkpoint(r, log_signer().sign_note("hello\n")), {"checkpoint"}),
    "no checkpoint": (lambda r: with_checkpoint(r, ""), {"checkpoint"}),
    "the log's key": (lambda r: replace(r, log_key=OTHER_LOG.verifier.format()), {"seal"}),
    "the log's key of the same name": (lambda r: replace(r, log_key=SAME_NAME.verifier.format()), {"seal"}),
    "the log's key that is none": (lambda r: replace(r, log_key="nonsense"), {"seal"}),
    "the anchor's size": (lambda r: with_anchor(r, size=306), {"anchor"}),
    "the anchor's root": (lambda r: with_anchor(r, root=bytes(32)), {"anchor"}),
    "the anchor's evidence": (lambda r: with_anchor(r, evidence=Evidence(b"h", (b"a",), (b"s",))), {"anchor"}),
    **{
        f"hash {number} of the inclusion": (
            lambda r, number=number: replace(
                r,
                inclusion=(
                    *r.inclusion[:number], flipped(r.inclusion[number], number), *r.inclusion[number + 1 :],
                ),
            ),
            {"inclusion"},
        )
        for number in range(9)
    },
}  # fmt: skip


def other_s(signature: bytes) -> bytes:
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    return signature[:32] + (order - int.from_bytes(signature[32:])).to_bytes(32)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_breaks_its_link_even_under_a_good_seal(case: Case, name: str) -> None:
    change, links = CHANGES[name]
    report = case.verify(case.sealed(change(case.receipt)))
    assert broken(report) == links
    assert report.verdict is (Verdict.INVALID if links else Verdict.VALID)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_breaks_the_seal_too(case: Case, name: str) -> None:
    change, links = CHANGES[name]
    report = case.verify(case.unsealed(change(case.receipt)))
    assert broken(report) == links | {"seal"}
    assert report.verdict is Verdict.INVALID


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("forger", [OTHER_LOG, SAME_NAME])
def test_a_change_sealed_by_another_key_breaks_the_seal(case: Case, name: str, forger: Any) -> None:
    change, links = CHANGES[name]
    report = case.verify(write_sealed(change(case.receipt), forger))
    assert broken(report) == links | {"seal"}


def test_links_that_hang_on_a_broken_one_are_not_checked(case: Case) -> None:
    report = statuses(case.verify(case.sealed(with_checkpoint(case.receipt, ""))))
    assert report["inclusion"] is report["anchor"] is Status.NOT_CHECKED
    report = statuses(case.verify(case.sealed(with_payload(case.receipt, b"{}"))))
    assert report["signatures"] is Status.NOT_CHECKED


def test_a_forger_with_his_own_log_is_found_out_by_the_key_alone(case: Case) -> None:
    forged = replace(
        case.receipt,
        anchors=(),
        log_key=SAME_NAME.verifier.format(),
        checkpoint=sign_checkpoint(
            open_checkpoint(case.receipt.checkpoint, case.kit.signer.verifier), SAME_NAME
        ),
    )  # fmt: skip
    data = write_sealed(forged, SAME_NAME)
    assert broken(case.verify(data)) == {"seal", "checkpoint"}
    believed = case.verify(data, log_key=None)
    assert believed.verdict is Verdict.VALID
    assert SAME_NAME.verifier.format() in believed.trusted[0]


def test_a_log_key_in_the_receipt_that_is_none_breaks_the_format(case: Case) -> None:
    data = case.sealed(replace(case.receipt, log_key="nonsense"))
    assert broken(case.verify(data, log_key=None)) == {"format"}


@pytest.mark.parametrize("data", [b"", b"{}", b"null", b"\xff", b'{"format":"loan-notary/receipt@9"}', b"[" * 600_000])
def test_what_is_no_receipt_breaks_the_format(case: Case, data: bytes) -> None:
    report = case.verify(data)
    assert [check.link for check in report.checks] == ["format"]
    assert report.verdict is Verdict.INVALID


# --- anchors and nodes


def test_without_evidence_and_node_nobody_can_tell(case: Case) -> None:
    report = case.verify(case.sealed(with_anchor(case.receipt, evidence=None)))
    assert statuses(report)["anchor"] is Status.UNKNOWN
    assert report.verdict is Verdict.CANNOT_TELL


def test_a_node_is_asked_about_the_anchor(case: Case) -> None:
    node = Node()
    report = case.verify(case.anchored, chain=node)
    assert statuses(report) == dict.fromkeys(LINKS, Status.OK) | {"time": Status.NOT_CHECKED}
    assert node.asked == list(case.receipt.anchors)
    assert any("node that was asked" in words for words in report.trusted)
    assert not any("part of that chain" in words for words in report.trusted)


def test_a_node_that_denies_breaks_the_block(case: Case) -> None:
    report = case.verify(case.anchored, chain=Node(ProofError("no such block")))
    assert broken(report) == {"block"}
    assert report.verdict is Verdict.INVALID


def test_a_node_that_does_not_answer_leaves_it_open(case: Case) -> None:
    report = case.verify(case.anchored, chain=Node(UnavailableError("no answer")))
    assert statuses(report)["block"] is Status.UNKNOWN
    assert statuses(report)["anchor"] is Status.OK
    assert report.verdict is Verdict.CANNOT_TELL


def test_without_evidence_a_node_can_vouch_for_the_anchor(case: Case) -> None:
    data = case.sealed(with_anchor(case.receipt, evidence=None))
    assert case.verify(data, chain=Node()).verdict is Verdict.VALID
    assert case.verify(data, chain=Node(ProofError("no"))).verdict is Verdict.INVALID
    assert case.verify(data, chain=Node(UnavailableError("no answer"))).verdict is Verdict.CANNOT_TELL


def test_nothing_is_called_ok_on_the_word_of_a_node_that_gave_none(case: Case) -> None:
    data = case.sealed(with_anchor(case.receipt, evidence=None))
    report = statuses(case.verify(data, chain=Node(UnavailableError("no answer"))))
    assert (report["anchor"], report["block"]) == (Status.NOT_CHECKED, Status.UNKNOWN)


def test_every_anchor_is_checked(case: Case) -> None:
    receipt = case.receipt
    wrong = replace(receipt.anchors[0], chain_id=1, evidence=Evidence(b"h", (b"a",), (b"s",)))
    report = case.verify(case.sealed(replace(receipt, anchors=(receipt.anchors[0], wrong))))
    assert [check.status for check in report.checks if check.link == "anchor"] == [Status.OK, Status.FAILED]
    assert report.verdict is Verdict.INVALID


def test_exit_codes() -> None:
    assert {verdict: verdict.exit_code for verdict in Verdict} == {
        Verdict.VALID: 0,
        Verdict.INVALID: 1,
        Verdict.CANNOT_TELL: 2,
    }
