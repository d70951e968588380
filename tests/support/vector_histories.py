# SPDX-License-Identifier: Apache-2.0
"""History receipts for the published vectors: loans told record by record, and what breaks them."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from notary.canonical import canonical_json, parse_json
from notary.envelope import Envelope
from notary.hashing import leaf_hash
from notary.log.checkpoint import Checkpoint, sign_checkpoint
from notary.log.entries import RecordEntry, commit, loan_tag
from notary.log.merkle import prove_inclusion
from notary.receipts.history_receipt import HistoryReceipt
from notary.receipts.receipt import KeyOfParty, Receipt
from notary.receipts.sealed import write_sealed
from tests.support import vector_receipts as make
from tests.support.builders import record, record_id
from tests.support.trees import MemoryTree, leaf_hashes
from tests.support.vector_cases import LOG_KEY, Case, case
from tests.support.vector_receipts import Change, Members, anchored, changed, drop, put

LOAN = "示消贷字（2026）第7号"
BANK = {"name": "示范银行股份有限公司", "lei": "529900T8BM49AURSDO55"}
FUND = {"name": "Example Credit Fund", "lei": "5493001KJTIIGC8Y1R12"}
SIZE, FIRST, STEP = 307, 6, 9
_BEGAN = 1_772_415_000_125


def told(kind: str, number: int, **changes: Any) -> Members:
    """Return a record of the loan; None takes a member away."""
    members = record(kind, id=record_id(number), loan=LOAN) | changes
    return {name: value for name, value in members.items() if value is not None}


def cny(amount: str) -> dict[str, str]:
    """Return a sum as records hold it."""
    return {"currency": "CNY", "amount": amount}


def paid(number: int, principal: str, interest: str, amount: str, **changes: Any) -> Members:
    """Return a repayment."""
    split = {"principal": cny(principal), "interest": cny(interest)}
    return told("repayment", number, amount=cny(amount), split=split, **changes)


def settled(number: int, amount: str = "9211.51", **changes: Any) -> Members:
    """Return the end of the loan."""
    members = {"amount": cny(amount), "outstanding": cny("0.00"), "waived": None, "releases": None}
    return told("settlement", number, **(members | changes))


AGREED = [told("agreement", 0), told("disbursement", 1), paid(2, "788.49", "100.00", "888.49")]
FACILITY = [
    told("facility", 0),
    told("agreement", 1),
    told("disbursement", 2),
    paid(3, "10000.00", "0.00", "10000.00"),
    told("disbursement", 4, drawdown=2),
    told("limit_change", 5, facility=record_id(0)),
]
TRANSFERRED = [
    *AGREED,
    told("assignment", 3, assignor=BANK, assignee=FUND, share={"numerator": 1, "denominator": 3}),
    told("participation", 4, grantor=FUND, participant=BANK, share={"numerator": 1, "denominator": 6}),
]
LATE = [
    *AGREED,
    told("overdue_notice", 3),
    paid(4, "700.00", "88.49", "788.49"),
    told("reversal", 5, reverses=record_id(4), split={"principal": cny("790.99"), "interest": cny("100.00")}),
    told("restructuring", 6),
    told("dispute", 7),
    told("write_off", 8, amount=cny("1000.00")),
    told("recovery", 9),
]


def history_of(records: Sequence[Members], joint: bool = True, first: int = FIRST, step: int = STEP) -> Members:
    """Return the members of a history receipt of these records, sealed.

    They stand at entries 6, 15, 24 ... of a log of 307. The lender signs them, and the borrower the first too if it is
    `joint`; disputes are the borrower's.
    """
    envelopes = [_envelope(value, joint and number == 0) for number, value in enumerate(records)]
    indexes = [first + step * number for number in range(len(envelopes))]
    leaves = leaf_hashes(SIZE)
    tags = [loan_tag(make.LOAN_KEY, number) for number in range(len(envelopes))]
    for index, tag, envelope in zip(indexes, tags, envelopes, strict=True):
        leaves[index] = leaf_hash(RecordEntry(tag, commit(make.NONCE, envelope.encode())).encode())
    tree = MemoryTree(leaves)
    checkpoint = sign_checkpoint(Checkpoint(make.ORIGIN, SIZE, tree.root(SIZE)), make.LOG)
    common: dict[str, Any] = {"environment": "production", "lender": "示范银行", "checkpoint": checkpoint}
    common["log_key"] = LOG_KEY
    receipts = tuple(
        Receipt(
            received_at=_BEGAN + 60_000 * number,
            envelope=envelope,
            keys=_keys(envelope),
            documents=make.words_of(envelope),
            nonce=make.NONCE,
            tag=tag,
            index=index,
            inclusion=prove_inclusion(index, SIZE, tree.read).hashes,
            **common,
        )
        for number, (index, tag, envelope) in enumerate(zip(indexes, tags, envelopes, strict=True))
    )
    history = HistoryReceipt(loan_key=make.LOAN_KEY, records=receipts, **common)
    members: Members = parse_json(write_sealed(history, make.LOG), limit=make.LIMIT)
    return members


def _envelope(value: Members, joint: bool) -> Envelope:
    if value["type"] == "dispute":
        return make.envelope_of(value, make.BORROWER)
    return make.envelope_of(value, make.LENDER, *([make.BORROWER] if joint else []))


def _keys(envelope: Envelope) -> tuple[KeyOfParty, ...]:
    parties = {make.LENDER.public.kid: ("lender", make.LENDER), make.BORROWER.public.kid: ("borrower", make.BORROWER)}
    found = [parties[signature.kid] for signature in envelope.signatures]
    return tuple(KeyOfParty(party, key.public.jwk, make.KNOWN_FROM) for party, key in found)


def history_cases() -> Iterator[Case]:
    """Yield histories that are whole, and such as are not."""
    history = history_of(AGREED)
    final = anchored(history)
    yield case("a loan that was agreed, paid out and repaid once", history)
    yield case("the same, anchored", final)
    yield case("the log's key is the history's own", final, log_key=None)
    yield case("a single record", history_of(AGREED[:1]))
    yield case("a facility, drawn, paid back and drawn again", history_of(FACILITY))
    yield case("passed on to others", history_of(TRANSFERRED))
    yield case("late, taken back, restructured, disputed, written off", history_of(LATE))
    yield case("settled", history_of([*AGREED, settled(3)]))
    yield case("settled for less", history_of([*AGREED, settled(3, "9000.00", waived=cny("211.51"))]))
    yield case("records of the lender's alone", history_of(AGREED, joint=False))
    yield case(
        "a key that was revoked: nobody can tell", changed(history, put("/records/1/keys/0/revoked_from", _EARLY))
    )
    yield case("the last record left out: a shorter history is as good", changed(history, drop("/records/2")))
    yield case("the records of another clock", changed(history, put("/records/0/received_at", _LATE)))
    yield case("records that say where they stand", history_of(_claiming(AGREED)))
    yield case("entries that do not rise", history_of(AGREED, first=100, step=-7), "completeness")
    other = told("disbursement", 1, loan="示消贷字（2026）第8号")
    yield case("a record of another loan", history_of([AGREED[0], other]), "lifecycle")
    for name, claims in {"number": {"sequence": 2}, "predecessor": {"sequence": 1, "previous": "ab" * 32}}.items():
        wrong = [AGREED[0], AGREED[1] | {"previous": _digest(AGREED[0])} | claims]
        yield case(f"a record that names another {name}", history_of(wrong), "completeness")
    for name, records in _illegal():
        yield case(f"{name}, in a loan that does not take it", history_of(records), "lifecycle")
    for name, change, links in _changes():
        yield case(name, changed(final, change), *links)
    yield case("sealed by another log", make.sealed(final, make.OTHER_LOG), "seal")
    yield case(
        "a receipt that is called a history", changed(make.agreement(), put("/format", history["format"])), "format"
    )
    yield Case("a history with white space", canonical_json(history) + b" ", frozenset({"format"}))


_EARLY, _LATE = "2026-03-02T00:00:00.000Z", "2027-01-01T00:00:00.000Z"


def _claiming(records: Sequence[Members]) -> list[Members]:
    """Return records of which each names its number and the one before it."""
    made: list[Members] = []
    for number, value in enumerate(records):
        before = {"previous": _digest(made[-1])} if made else {}
        made.append(value | {"sequence": number} | before)
    return made


def _digest(value: Members) -> str:
    return sha256(canonical_json(value)).hexdigest()


def _illegal() -> Iterator[tuple[str, list[Members]]]:
    yield "a repayment first", [AGREED[2]]
    yield "an agreement after the money", [*AGREED, told("agreement", 3)]
    yield "another currency", [*AGREED, told("disbursement", 3, amount={"currency": "USD", "amount": "1.00"})]
    yield "a repayment after the settlement", [*AGREED, settled(3), paid(4, "1.00", "0.00", "1.00")]
    yield "a limit without a facility", [*AGREED, told("limit_change", 3)]
    yield "the end of a dispute that there is not", [*AGREED, told("dispute_resolution", 3)]
    yield "more than there is to give", [*TRANSFERRED, _transfer(5, FUND, BANK, 1, 3)]
    yield "a part that another participates in", [*TRANSFERRED, _transfer(5, FUND, BANK, 1, 4)]
    yield "what a stranger gives", [*AGREED, _transfer(3, FUND, BANK, 1, 3)]
    yield "a release under a court's freeze", [*AGREED, told("court_order", 3), _transfer(4, BANK, FUND, 1, 2)]
    denied = told("credit_decision", 0, outcome="denied", amount=None, limit=None, valid_until=None, reasons=["x"])
    yield "an agreement after a denial", [denied, told("agreement", 1)]


def _transfer(number: int, giver: Members, taker: Members, numerator: int, denominator: int) -> Members:
    share = {"numerator": numerator, "denominator": denominator}
    return told("assignment", number, assignor=giver, assignee=taker, share=share)


def _changes() -> Iterator[tuple[str, Change, tuple[str, ...]]]:
    lost = ("inclusion", "completeness")
    yield "the first record left out", drop("/records/0"), (*lost, "lifecycle")
    yield "a record in the middle left out", drop("/records/1"), lost
    yield "two records in another order", _swap, lost
    yield "a record twice", lambda m: m["records"].append(m["records"][-1]), lost
    yield "another key of the loan", put("/loan_key", "A" * 43), lost
    yield "a nonce", put("/records/1/nonce", "A" * 43), lost
    yield "a payload", put("/records/1/envelope/payload", "e30"), ("record", *lost)
    yield "an index", put("/records/2/index", 15), lost
    yield "no records", put("/records", []), ("format",)
    yield "a tag, which only receipts have", put("/records/0/tag", "A" * 43), ("format",)
    yield "a key of the loan that is too short", put("/loan_key", "AAAA"), ("format",)
    yield "an anchor of another size", put("/anchors/0/size", 306), ("anchor",)


def _swap(members: Members) -> None:
    members["records"][1:3] = reversed(members["records"][1:3])
