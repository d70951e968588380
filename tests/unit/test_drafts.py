# SPDX-License-Identifier: Apache-2.0
"""Half-signed records: who signs when, what completes them, and what is left when something comes between."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notary.canonical import canonical_json
from notary.drafts import DAY, Completed, Drafts, Waiting
from notary.encoding import format_time
from notary.envelope import Envelope, sign_envelope
from notary.errors import (
    DraftError,
    DuplicateRecordError,
    Fault,
    InvalidEnvelopeError,
    InvalidInputError,
    InvalidSignatureError,
    KeyTimeError,
    MissingDocumentError,
    NotFoundError,
    RefusedError,
    TransitionError,
    UnavailableError,
    UnknownKeyError,
)
from notary.log.submission import Placed, Submission
from notary.parties.key_registry import KeyRegistry
from notary.parties.root_registry import RootRegistry
from notary.ports.drafts import Draft
from notary.ports.parties import Lender
from notary.registration import Registrar
from notary.schemes import SCHEMES, PrivateKey, generate_key
from notary.stores.sqlite import SqliteStore
from tests.support.builders import NOW, VAULT, NotaryKit, add_lender, kit_over, record, record_id, signed
from tests.support.certificates import Authority

ID = record("agreement")["id"]


def anything(_: Submission) -> None:
    """Let every record into the log."""


@dataclass
class Gate:
    """The way to the sequencer, with something that may happen before and after."""

    kit: NotaryKit
    before: Callable[[], None] = lambda: None
    after: Callable[[], None] = lambda: None
    lock: Any = field(default_factory=threading.Lock)

    def append(self, lender: Lender, submissions: Sequence[Submission]) -> list[Placed | RefusedError]:  # noqa: ARG002
        self.before()
        with self.lock:
            places = self.kit.sequencer.append(submissions)
        self.after()
        return places


@dataclass
class Desk:
    """Where drafts are handed in, with a clock that a test sets."""

    kit: NotaryKit
    gate: Gate
    path: Path
    now: int = NOW

    def __post_init__(self) -> None:
        self.lender, self.borrower = self.kit.register("lender"), self.kit.register("borrower", "ES256")
        self.guarantor = self.kit.register("guarantor")
        self.drafts = Drafts(self.kit.store, self.gate, Registrar(self.kit.store, SCHEMES, self.clock), self.clock)

    def clock(self) -> int:
        return self.now

    def hand_in(self, value: dict[str, Any], *keys: PrivateKey) -> Waiting | Completed:
        return self.drafts.hand_in(self.kit.lender, signed(value, *keys), anything)

    def sign(self, key: PrivateKey, value: dict[str, Any] | None = None) -> Waiting | Completed:
        """Add one signature to a draft, over the record or over something else."""
        return self.drafts.sign(self.kit.lender, ID, signature_of(value or record("agreement"), key), anything)

    def state(self) -> object:
        """Return all that can change."""
        store = self.kit.store
        return store.drafts(self.kit.lender.number, "", 99, 0), list(store.records()), store.head()

    def refused(self, action: Callable[[], object], error: type[Exception]) -> str:
        before = self.state()
        with pytest.raises(error) as refusal:
            action()
        assert self.state() == before
        return str(refusal.value)


def signature_of(value: dict[str, Any], key: PrivateKey) -> bytes:
    """Return one signature over a record, as it is added to a draft."""
    [signature] = json.loads(signed(value, key))["signatures"]
    return canonical_json(signature)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    kit = kit_over(SqliteStore.create(tmp_path / "notary.db", VAULT))
    yield Desk(kit, Gate(kit), tmp_path / "notary.db")
    kit.store.close()


def waiting(outcome: Waiting | Completed) -> Draft:
    assert isinstance(outcome, Waiting)
    return outcome.draft


def completed(outcome: Waiting | Completed) -> Completed:
    assert isinstance(outcome, Completed)
    return outcome


# --- signing one after the other


def test_a_half_signed_agreement_waits_outside_the_log(desk: Desk) -> None:
    outcome = desk.hand_in(record("agreement"), desk.lender)
    draft = waiting(outcome)
    assert outcome.changed is True
    assert draft.signed == {desk.lender.public.kid: "lender"}
    assert (draft.record_id, draft.created_at, draft.expires_at) == (ID, NOW, NOW + 30 * DAY)
    assert desk.drafts.find(desk.kit.lender, ID) == draft
    assert desk.drafts.page(desk.kit.lender, "", 10) == ([draft], None)
    assert list(desk.kit.store.records()) == []
    assert desk.kit.log.head().size == 1


@pytest.mark.parametrize("first", ["lender", "borrower"])
def test_the_last_signature_brings_it_into_the_log_in_either_order(desk: Desk, first: str) -> None:
    keys = [desk.lender, desk.borrower] if first == "lender" else [desk.borrower, desk.lender]
    desk.hand_in(record("agreement"), keys[0])
    desk.now += DAY
    outcome = completed(desk.sign(keys[1]))
    assert outcome.placed is not None
    [(stored, _)] = desk.kit.store.records()
    assert stored.index == outcome.index == 1
    assert stored.received_at == NOW + DAY
    assert [item.kid for item in stored.envelope.signatures] == [key.public.kid for key in keys]
    assert stored.envelope.payload == canonical_json(record("agreement"))
    assert desk.drafts.page(desk.kit.lender, "", 10) == ([], None)
    with pytest.raises(NotFoundError):
        desk.drafts.find(desk.kit.lender, ID)


def test_an_envelope_adds_its_signatures_too(desk: Desk) -> None:
    desk.hand_in(record("agreement"), desk.lender)
    assert completed(desk.hand_in(record("agreement"), desk.lender, desk.borrower)).placed is not None
    assert desk.kit.store.record_at(1).envelope.signatures[0].kid == desk.lender.public.kid


def test_what_is_complete_at_once_is_recorded_at_once(desk: Desk) -> None:
    assert completed(desk.hand_in(record("agreement"), desk.borrower, desk.lender)).placed is not None
    assert completed(desk.hand_in(record("repayment", loan=record("agreement")["loan"]), desk.lender)).index == 2
    assert desk.drafts.page(desk.kit.lender, "", 10) == ([], None)


def test_all_keys_that_the_record_names_sign_before_it_is_complete(desk: Desk) -> None:
    second = desk.kit.register("borrower")
    value = record("agreement")
    parties = [dict(party) for party in value["parties"]]
    parties.append(dict(parties[1], subject_ref="cd" * 32))
    for party, key in zip(parties, (desk.lender, desk.borrower, second), strict=True):
        party["key"] = key.public.kid
    value["parties"] = parties
    waiting(desk.hand_in(value, desk.lender))
    assert waiting(desk.sign(desk.borrower, value)).signed.keys() == {desk.lender.public.kid, desk.borrower.public.kid}
    assert completed(desk.sign(second, value)).placed is not None


def test_the_same_again_changes_nothing(desk: Desk) -> None:
    first = waiting(desk.hand_in(record("agreement"), desk.lender))
    before = desk.state()
    for again in (desk.hand_in(record("agreement"), desk.lender), desk.sign(desk.lender)):
        assert again == Waiting(first, changed=False)
    assert desk.state() == before
    done = completed(desk.sign(desk.borrower))
    after = desk.state()
    assert desk.sign(desk.lender) == desk.hand_in(record("agreement"), desk.lender) == Completed(done.index)
    assert desk.state() == after


def test_a_second_signature_by_the_same_key_is_not_kept(desk: Desk) -> None:
    value = record("agreement")
    first = waiting(desk.hand_in(value, desk.borrower))
    # ECDSA signs the same otherwise each time.
    assert signed(value, desk.borrower) != signed(value, desk.borrower)
    assert desk.hand_in(value, desk.borrower) == Waiting(first, changed=False)
    completed(desk.sign(desk.lender))
    assert completed(desk.hand_in(value, desk.borrower)).placed is None


def test_a_party_that_the_type_does_not_ask_for_may_sign_meanwhile(desk: Desk) -> None:
    guarantor = desk.guarantor
    desk.hand_in(record("agreement"), desk.lender)
    assert set(waiting(desk.sign(guarantor)).signed.values()) == {"lender", "guarantor"}
    completed(desk.sign(desk.borrower))
    assert len(desk.kit.store.record_at(1).envelope.signatures) == 3
    late = desk.kit.register("guarantor")
    assert "is in the log already" in desk.refused(lambda: desk.sign(late), DuplicateRecordError)


# --- refusals


def test_a_draft_needs_a_signature_that_fits(desk: Desk) -> None:
    value = record("agreement")
    unsigned = canonical_json(Envelope(canonical_json(value)).to_json())
    stranger = generate_key("EdDSA")
    desk.refused(lambda: desk.drafts.hand_in(desk.kit.lender, unsigned, anything), InvalidSignatureError)
    desk.refused(lambda: desk.drafts.hand_in(desk.kit.lender, canonical_json(value), anything), InvalidEnvelopeError)
    desk.refused(lambda: desk.drafts.hand_in(desk.kit.lender, b"[]", anything), InvalidEnvelopeError)
    desk.refused(lambda: desk.hand_in(value, desk.lender, stranger), UnknownKeyError)
    desk.refused(lambda: desk.hand_in({"type": "gift"}, desk.lender), InvalidInputError)


def test_a_signature_over_anything_else_is_refused(desk: Desk) -> None:
    desk.hand_in(record("agreement"), desk.lender)
    other_loan, other_sum = record("agreement", loan="L-2"), record("agreement", purpose="other")
    for value in (other_loan, other_sum, record("repayment", id=ID)):
        text = desk.refused(lambda value=value: desk.sign(desk.borrower, value), InvalidSignatureError)  # type: ignore[misc]
        # The pointer is into what was sent: one signature.
        assert text.startswith("/: ")


def test_a_key_of_another_lender_signs_nothing_here(desk: Desk) -> None:
    other = add_lender(desk.kit.store, "Example Bank", b"x" * 32, NOW)
    theirs = generate_key("EdDSA")
    desk.kit.keys.register(other, "borrower", theirs.public.jwk)
    desk.hand_in(record("agreement"), desk.lender)
    assert "is not registered with this lender" in desk.refused(lambda: desk.sign(theirs), UnknownKeyError)
    # Nor does the other lender see the draft.
    for action in (
        lambda: desk.drafts.find(other, ID),
        lambda: desk.drafts.withdraw(other, ID),
        lambda: desk.drafts.sign(other, ID, b"{}", anything),
    ):
        assert desk.refused(action, NotFoundError) == "no record of this id waits for signatures"
    assert desk.drafts.page(other, "", 10) == ([], None)


def test_another_payload_of_the_same_id_is_refused(desk: Desk) -> None:
    desk.hand_in(record("agreement"), desk.lender)
    other = record("agreement", purpose="other")
    assert "withdraw it first" in desk.refused(lambda: desk.hand_in(other, desk.lender), DraftError)
    desk.drafts.withdraw(desk.kit.lender, ID)
    assert waiting(desk.hand_in(other, desk.lender)).payload == canonical_json(other)
    completed(desk.sign(desk.borrower, other))
    text = desk.refused(lambda: desk.hand_in(record("agreement"), desk.lender), DuplicateRecordError)
    assert "with other content" in text


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"protected":"e30"}', b'{"protected":"e30","signature":"AA"}', b'"x"']
)
def test_what_is_no_signature_is_refused(desk: Desk, body: bytes) -> None:
    desk.hand_in(record("agreement"), desk.lender)
    desk.refused(lambda: desk.drafts.sign(desk.kit.lender, ID, body, anything), InvalidInputError)


def test_too_many_signatures_are_refused(desk: Desk) -> None:
    guarantors = [desk.kit.register("guarantor") for _ in range(16)]
    desk.hand_in(record("agreement"), *guarantors)
    assert "more than 16 signatures" in desk.refused(lambda: desk.sign(desk.lender), InvalidEnvelopeError)


def test_an_envelope_that_would_be_too_long_is_refused(desk: Desk) -> None:
    value = record("agreement", clauses=[{"member": "/x", "clause": "c" * 225}] * 240)
    root = Authority.create()
    roots = RootRegistry(desk.kit.store, desk.clock)
    roots.register(desk.kit.lender, "lender", root.pem, organization="示范银行")
    roots.register(desk.kit.lender, "borrower", root.pem)
    payload = canonical_json(value)
    mine, theirs = (
        sign_envelope(payload, root.certify(name, padding=16_000).signer).encode() for name in ("示范银行", None)
    )
    waiting(desk.drafts.hand_in(desk.kit.lender, mine, anything))
    text = desk.refused(lambda: desk.drafts.hand_in(desk.kit.lender, theirs, anything), InvalidEnvelopeError)
    assert "more than 131072 bytes" in text


def test_the_log_s_refusal_leaves_the_draft_as_it_was(desk: Desk) -> None:
    value = record("dispute_resolution")
    draft = waiting(desk.hand_in(value, desk.lender))
    body = signature_of(value, desk.borrower)
    for _ in range(2):
        desk.refused(lambda: desk.drafts.sign(desk.kit.lender, draft.record_id, body, anything), TransitionError)
    assert desk.drafts.find(desk.kit.lender, draft.record_id) == draft


def test_what_speaks_against_a_complete_record_leaves_the_draft_as_it_was(desk: Desk) -> None:
    def documents_are_missing(submission: Submission) -> None:
        assert submission.record_id == ID
        raise MissingDocumentError(Fault("/documents/0/sha256", "was not deposited"))

    envelope, signature = (signed(record("agreement"), desk.lender), signature_of(record("agreement"), desk.borrower))
    # A record that is not complete is not asked about.
    draft = waiting(desk.drafts.hand_in(desk.kit.lender, envelope, documents_are_missing))
    text = desk.refused(
        lambda: desk.drafts.sign(desk.kit.lender, ID, signature, documents_are_missing), MissingDocumentError
    )
    assert text == "/documents/0/sha256: was not deposited"
    assert desk.drafts.find(desk.kit.lender, ID) == draft


# --- keys that do not count any more


def test_every_signature_is_checked_again_when_the_last_one_comes(desk: Desk) -> None:
    desk.hand_in(record("agreement"), desk.lender)
    desk.now += DAY
    KeyRegistry(desk.kit.store, SCHEMES, desk.clock).revoke(
        desk.kit.lender, desk.lender.public.kid, format_time(desk.now)
    )
    text = desk.refused(lambda: desk.sign(desk.borrower), KeyTimeError)
    assert text.startswith("/: the record cannot be completed: key ")
    assert f"is revoked from {format_time(desk.now)} on" in text


def test_a_key_must_count_when_its_signature_is_handed_in(desk: Desk) -> None:
    future = generate_key("EdDSA")
    desk.kit.keys.register(desk.kit.lender, "borrower", future.public.jwk, valid_from=format_time(NOW + DAY))
    desk.hand_in(record("agreement"), desk.lender)
    desk.now = NOW + DAY - 1
    assert "is valid only from" in desk.refused(lambda: desk.sign(future), KeyTimeError)
    desk.now = NOW + DAY
    completed(desk.sign(future))


# --- time


def test_a_draft_expires(desk: Desk) -> None:
    desk.hand_in(record("agreement"), desk.lender)
    desk.now = NOW + 30 * DAY - 1
    assert desk.drafts.find(desk.kit.lender, ID)
    desk.now += 1
    assert desk.drafts.page(desk.kit.lender, "", 10) == ([], None)
    for action in (lambda: desk.drafts.find(desk.kit.lender, ID), lambda: desk.sign(desk.borrower)):
        desk.refused(action, NotFoundError)
    # What has expired is gone, so the same id may wait again, with other content.
    other = record("agreement", purpose="other")
    assert waiting(desk.hand_in(other, desk.borrower)).expires_at == desk.now + 30 * DAY
    assert len(desk.kit.store.drafts(desk.kit.lender.number, "", 99, 0)) == 1


def test_drafts_come_in_pages(desk: Desk) -> None:
    ids = [record_id(number) for number in (3, 1, 2)]
    for number, name in enumerate(ids):
        desk.hand_in(record("agreement", id=name, loan=f"L-{number}"), desk.lender)
    first, after = desk.drafts.page(desk.kit.lender, "", 2)
    assert ([draft.record_id for draft in first], after) == (sorted(ids)[:2], sorted(ids)[1])
    rest, end = desk.drafts.page(desk.kit.lender, after or "", 2)
    assert ([draft.record_id for draft in rest], end) == (sorted(ids)[2:], None)


# --- what comes between


class Crash(BaseException):
    """The process ends here."""


def crash() -> None:
    raise Crash


def test_a_crash_before_the_log_is_made_good_by_the_same_again(desk: Desk) -> None:
    desk.hand_in(record("agreement"), desk.lender)
    desk.gate.before = crash
    with pytest.raises(Crash):
        desk.sign(desk.borrower)
    desk.gate.before = lambda: None
    assert list(desk.kit.store.records()) == []
    assert completed(desk.sign(desk.borrower)).placed is not None
    assert len(list(desk.kit.store.records())) == 1


def test_a_crash_after_the_log_leaves_no_duplicate(desk: Desk) -> None:
    desk.hand_in(record("agreement"), desk.lender)
    desk.gate.after = crash
    with pytest.raises(Crash):
        desk.sign(desk.borrower)
    desk.gate.after = lambda: None
    [before] = desk.kit.store.records()
    # The draft that was left behind is not shown, and goes with the next signature.
    assert desk.drafts.page(desk.kit.lender, "", 10) == ([], None)
    with pytest.raises(NotFoundError):
        desk.drafts.find(desk.kit.lender, ID)
    assert desk.sign(desk.borrower) == Completed(before[0].index)
    assert list(desk.kit.store.records()) == [before]
    assert desk.kit.store.drafts(desk.kit.lender.number, "", 99, 0) == []


def test_a_log_that_does_not_answer_keeps_the_signature(desk: Desk) -> None:
    def away() -> None:
        raise UnavailableError("the log's writer does not answer")

    desk.hand_in(record("agreement"), desk.lender)
    desk.gate.before = away
    with pytest.raises(UnavailableError):
        desk.sign(desk.borrower)
    desk.gate.before = lambda: None
    # Nobody else's signature is taken now: the record is complete as it is.
    late = desk.kit.register("guarantor")
    with pytest.raises(DuplicateRecordError):
        desk.sign(late)
    [(stored, _)] = desk.kit.store.records()
    assert {item.kid for item in stored.envelope.signatures} == {desk.lender.public.kid, desk.borrower.public.kid}


def test_a_record_that_was_submitted_elsewhere_meanwhile_ends_its_draft(desk: Desk) -> None:
    desk.hand_in(record("agreement"), desk.lender)
    desk.kit.submit(signed(record("agreement"), desk.borrower, desk.lender))
    assert desk.drafts.page(desk.kit.lender, "", 10) == ([], None)
    with pytest.raises(DuplicateRecordError):
        desk.sign(desk.borrower)
    assert desk.kit.store.drafts(desk.kit.lender.number, "", 99, 0) == []
    assert completed(desk.sign(desk.borrower)).placed is None


@pytest.mark.parametrize("completes", [True, False])
def test_a_signature_that_comes_in_between_is_not_lost(desk: Desk, completes: bool) -> None:
    other = desk.kit.register("guarantor")
    desk.hand_in(record("agreement"), desk.lender)
    between = [lambda: desk.sign(desk.guarantor)]

    class Interrupted(SqliteStore):
        def sign_draft(self, before: Draft, after: Draft) -> bool:
            if between:
                waiting(between.pop()())
            return super().sign_draft(before, after)

    store = Interrupted(desk.path, VAULT)
    drafts = Drafts(store, desk.gate, Registrar(store, SCHEMES, desk.clock), desk.clock)
    last = desk.borrower if completes else other
    outcome = drafts.hand_in(desk.kit.lender, signed(record("agreement"), last), anything)
    store.close()
    if completes:
        assert completed(outcome).placed is not None
        envelope = desk.kit.store.record_at(1).envelope
    else:
        envelope = waiting(outcome).envelope
        assert desk.drafts.find(desk.kit.lender, ID).envelope == envelope
    assert [item.kid for item in envelope.signatures] == [key.public.kid for key in (desk.lender, desk.guarantor, last)]


def test_of_many_last_signatures_at_once_one_completes(desk: Desk) -> None:
    keys = [desk.kit.register("borrower") for _ in range(6)]
    desk.hand_in(record("agreement"), desk.lender)
    start, outcomes = threading.Barrier(len(keys)), []

    def sign(key: PrivateKey) -> None:
        start.wait()
        try:
            outcomes.append(desk.sign(key))
        except DuplicateRecordError as error:
            outcomes.append(error)
        desk.kit.store.close()

    threads = [threading.Thread(target=sign, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == len(keys)
    [(stored, _)] = desk.kit.store.records()
    assert len(stored.envelope.signatures) == 2
    done = [item for item in outcomes if isinstance(item, Completed)]
    assert len(done) == 1
    assert desk.kit.store.drafts(desk.kit.lender.number, "", 99, 0) == []


def test_the_same_last_signature_many_times_at_once_is_one_record(desk: Desk) -> None:
    body = signature_of(record("agreement"), desk.borrower)
    desk.hand_in(record("agreement"), desk.lender)
    start, outcomes = threading.Barrier(6), []

    def sign() -> None:
        start.wait()
        outcomes.append(desk.drafts.sign(desk.kit.lender, ID, body, anything))
        desk.kit.store.close()

    threads = [threading.Thread(target=sign) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [completed(item).index for item in outcomes] == [1] * 6
    assert sum(item.placed is not None for item in outcomes if isinstance(item, Completed)) == 1
    assert len(list(desk.kit.store.records())) == 1


# --- any order


PARTIES = ("lender", "borrower", "guarantor")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    path = tmp_path_factory.mktemp("orders") / "notary.db"
    kit = kit_over(SqliteStore.create(path, VAULT))
    yield Desk(kit, Gate(kit), path)
    kit.store.close()


@given(order=st.lists(st.sampled_from(PARTIES), min_size=1, max_size=8))
def test_whatever_the_order_it_is_recorded_once_lender_and_borrower_have_signed(shared: Desk, order: list[str]) -> None:
    keys = dict(zip(PARTIES, (shared.lender, shared.borrower, shared.guarantor), strict=True))
    value = record("agreement", id=str(uuid4()), loan=str(uuid4()))
    seen: list[str] = []
    for party in order:
        if {"lender", "borrower"} <= set(seen) and party not in seen:
            with pytest.raises(DuplicateRecordError):
                shared.hand_in(value, keys[party])
            continue
        outcome = shared.hand_in(value, keys[party])
        fresh = party not in seen
        seen += [party] if fresh else []
        if {"lender", "borrower"} <= set(seen):
            assert (completed(outcome).placed is not None) == fresh
        else:
            assert outcome == Waiting(waiting(outcome), changed=fresh)
    recorded = shared.kit.store.loan_records(shared.kit.lender.number, value["loan"])
    assert len(recorded) == ({"lender", "borrower"} <= set(seen))
    for stored in recorded:
        assert [item.kid for item in stored.envelope.signatures] == [keys[party].public.kid for party in seen]
