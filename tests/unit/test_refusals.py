# SPDX-License-Identifier: Apache-2.0
"""Refusing by policy: on what a record is judged, and that nothing comes between the judgement and its place."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from notary.canonical import canonical_json
from notary.errors import (
    DuplicateRecordError,
    LogBusyError,
    PolicyRefusedError,
    RefusedError,
    SequenceError,
    TransitionError,
)
from notary.log.submission import Placed, Submission
from notary.policies import LenderPolicy, Policies, policy_text, read_policy
from notary.ports.parties import Lender
from notary.refusals import PolicyGate
from notary.stores.sqlite import SqliteStore
from tests.support.builders import NOW, VAULT, NotaryKit, kit_over, placed, record, record_id

# The kit's clock stands at the beginning of 2026.
EARLY, LATE = "2025-12-01T00:00:00Z", "2026-01-01T00:00:00Z"


class Crowded:
    """The kit's sequencer; `rivals` are records that reach it just before a call, by the number of the call."""

    def __init__(self, kit: NotaryKit) -> None:
        self.kit = kit
        self.calls: list[list[Submission]] = []
        self.rivals: dict[int, Submission] = {}

    def append(self, submissions: Sequence[Submission]) -> list[Placed | RefusedError]:
        self.calls.append(list(submissions))
        if rival := self.rivals.pop(len(self.calls), None):
            placed(self.kit.sequencer.append([rival]))
        return self.kit.sequencer.append(submissions)


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[NotaryKit]:
    kit = kit_over(SqliteStore.create(tmp_path / "notary.db", VAULT))
    yield kit
    kit.store.close()


@pytest.fixture
def log(kit: NotaryKit) -> Crowded:
    return Crowded(kit)


def refusing(kit: NotaryKit, log: Crowded, *codes: str) -> tuple[PolicyGate, Lender]:
    policy = read_policy({"refuse": list(codes)}) if codes else LenderPolicy()
    kit.store.set_policy(kit.lender.number, policy_text(policy), 0, "a" * 16)
    return PolicyGate(kit.store, log, Policies(kit.store)), kit.store.lender(kit.lender.number)


def made(kit: NotaryKit, kind: str, number: int, loan: str = "L-1", **changes: Any) -> Submission:
    value = record(kind, id=record_id(number), loan=loan, **{"occurred_at": LATE} | changes)
    return kit.registrar.submission(kit.lender, canonical_json(value), prove=True)


def paid(kit: NotaryKit, number: int, reference: str, loan: str = "L-1", **changes: Any) -> Submission:
    return made(kit, "repayment", number, loan, reference=reference, **changes)


def claimed(kit: NotaryKit, number: int, reference: str, sequence: int, previous: bytes) -> Submission:
    return paid(kit, number, reference, sequence=sequence, previous=sha256(previous).hexdigest())


def begin(kit: NotaryKit, *loans: str) -> None:
    for loan in loans or ("L-1",):
        placed(kit.sequencer.append([made(kit, "agreement", 1000 + kit.log.head().size, loan)]))


def outcome(answers: Sequence[Placed | RefusedError]) -> list[Any]:
    return [answer.sequence if isinstance(answer, Placed) else type(answer) for answer in answers]


def stored(kit: NotaryKit, loan: str = "L-1") -> list[str]:
    return [item.record_id for item in kit.store.loan_records(kit.lender.number, loan)]


def test_a_record_on_which_a_refused_finding_would_rest_is_not_taken(kit: NotaryKit, log: Crowded) -> None:
    gate, lender = refusing(kit, log, "F6")
    [answer] = gate.append(lender, [made(kit, "agreement", 1, occurred_at=EARLY)])
    assert isinstance(answer, PolicyRefusedError)
    [found] = answer.findings
    assert (found["code"], found["records"]) == ("F6", [{"sequence": 0, "id": record_id(1)}])
    assert str(answer) == f"F6: {found['en']}"
    assert "31 days later" in found["en"]
    assert "31 天后" in found["zh"]
    assert (log.calls, stored(kit)) == ([], [])
    assert outcome(gate.append(lender, [made(kit, "agreement", 1)])) == [0]


def test_other_findings_are_no_reason(kit: NotaryKit, log: Crowded) -> None:
    gate, lender = refusing(kit, log, "F3")
    assert outcome(gate.append(lender, [made(kit, "agreement", 1, occurred_at=EARLY)])) == [0]


def test_a_finding_on_an_older_record_is_no_reason(kit: NotaryKit, log: Crowded) -> None:
    kit.sequencer.append([made(kit, "agreement", 1, occurred_at=EARLY)])
    gate, lender = refusing(kit, log, "F6")
    assert outcome(gate.append(lender, [made(kit, "reminder", 2)])) == [1]


def test_the_thresholds_are_the_lender_s(kit: NotaryKit, log: Crowded) -> None:
    policy = read_policy({"refuse": ["F6"], "thresholds": {"backdated_days": 31}})
    kit.store.set_policy(kit.lender.number, policy_text(policy), 0, "a" * 16)
    gate = PolicyGate(kit.store, log, Policies(kit.store))
    assert outcome(
        gate.append(kit.store.lender(kit.lender.number), [made(kit, "agreement", 1, occurred_at=EARLY)])
    ) == [0]


def test_without_a_refusing_policy_all_goes_straight_to_the_log(kit: NotaryKit, log: Crowded) -> None:
    items = [made(kit, "agreement", 1, occurred_at=EARLY), paid(kit, 2, "R-1"), paid(kit, 3, "R-1")]
    gate = PolicyGate(kit.store, log, Policies(kit.store))
    assert outcome(gate.append(kit.lender, items)) == [0, 1, 2]
    gate, lender = refusing(kit, log)
    assert outcome(gate.append(lender, [paid(kit, 4, "R-1")])) == [3]
    assert log.calls[0] == items
    assert [item.sequence for item in log.calls[1]] == [None]


def test_of_one_batch_each_record_is_judged_after_those_before_it(kit: NotaryKit, log: Crowded) -> None:
    begin(kit, "A", "B")
    gate, lender = refusing(kit, log, "F2")
    items = [
        paid(kit, 1, "R-1", "A"), paid(kit, 2, "R-1", "B"), paid(kit, 3, "R-1", "A"), paid(kit, 4, "R-2", "A"),
        paid(kit, 5, "R-2", "B"), paid(kit, 6, "R-2", "A"), made(kit, "agreement", 7, "A"), paid(kit, 8, "R-3", "A"),
    ]  # fmt: skip
    answers = gate.append(lender, items)
    assert outcome(answers) == [1, 1, PolicyRefusedError, 2, 2, PolicyRefusedError, TransitionError, 3]
    assert isinstance(answers[2], PolicyRefusedError)
    assert [item["sequence"] for item in answers[2].findings[0]["records"]] == [1, 2]
    assert stored(kit, "A")[1:] == [record_id(number) for number in (1, 4, 8)]
    assert stored(kit, "B")[1:] == [record_id(number) for number in (2, 5)]
    # Loans go side by side, and none is judged on a history that is known to be old.
    assert [[item.record_id[-1] for item in call] for call in log.calls] == [["1", "2"], ["5"], ["4"], ["7"], ["8"]]


def test_a_record_that_came_between_is_judged_with(kit: NotaryKit, log: Crowded) -> None:
    begin(kit)
    gate, lender = refusing(kit, log, "F2")
    log.rivals = {1: paid(kit, 50, "R-1"), 3: paid(kit, 51, "R-2")}
    [answer] = gate.append(lender, [paid(kit, 1, "R-1")])
    # It was in order when it was judged, and no longer when it would have been placed.
    assert isinstance(answer, PolicyRefusedError)
    assert [len(call) for call in log.calls] == [1]
    assert stored(kit)[1:] == [record_id(50)]
    assert outcome(gate.append(lender, [paid(kit, 2, "R-3"), paid(kit, 3, "R-2")])) == [2, PolicyRefusedError]


def test_a_loan_that_never_rests_is_busy(kit: NotaryKit, log: Crowded) -> None:
    begin(kit)
    gate, lender = refusing(kit, log, "F2")
    log.rivals = {call: paid(kit, 100 + call, f"R-{call}") for call in range(1, 50)}
    with pytest.raises(LogBusyError):
        gate.append(lender, [paid(kit, 1, "R-0")])
    assert record_id(1) not in stored(kit)


def test_each_record_has_its_own_patience(kit: NotaryKit, log: Crowded) -> None:
    begin(kit)
    gate, lender = refusing(kit, log, "F2")
    log.rivals = {call: paid(kit, 100 + call, f"R-{call}") for call in (1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13)}
    assert outcome(gate.append(lender, [paid(kit, 1, "R-x"), paid(kit, 2, "R-y")])) == [7, 14]


def test_a_clock_that_is_behind_hides_nothing(kit: NotaryKit, log: Crowded) -> None:
    begin(kit)
    gate, lender = refusing(kit, log, "F2")
    assert outcome(gate.append(lender, [paid(kit, 1, "R-1")])) == [1]
    behind = paid(kit, 2, "R-1")._replace(received_at=NOW - 60_000)
    assert outcome(gate.append(lender, [behind])) == [PolicyRefusedError]


def test_a_record_that_is_there_is_judged_no_more(kit: NotaryKit, log: Crowded) -> None:
    begin(kit)
    again, other = paid(kit, 1, "R-1"), paid(kit, 2, "R-1")
    kit.sequencer.append([again, other])
    gate, lender = refusing(kit, log, "F2", "F6")
    [answer] = gate.append(lender, [again])
    assert isinstance(answer, Placed)
    assert (answer.fresh, answer.sequence) == (False, 1)
    changed = paid(kit, 2, "R-9")
    assert outcome(gate.append(lender, [changed, again, paid(kit, 3, "R-1"), paid(kit, 4, "R-4")])) == [
        DuplicateRecordError, 1, PolicyRefusedError, 3,
    ]  # fmt: skip
    assert [[item.record_id[-1] for item in call] for call in log.calls] == [["1"], ["2"], ["1"], ["4"]]


def test_the_same_record_twice_in_one_batch_is_one(kit: NotaryKit, log: Crowded) -> None:
    begin(kit)
    gate, lender = refusing(kit, log, "F2")
    item = paid(kit, 1, "R-1")
    answers = gate.append(lender, [item, item])
    assert [(answer.sequence, answer.fresh) for answer in answers if isinstance(answer, Placed)] == [
        (1, True),
        (1, False),
    ]


def test_a_lender_s_own_order_holds(kit: NotaryKit, log: Crowded) -> None:
    begin(kit)
    gate, lender = refusing(kit, log, "F2")
    first = claimed(kit, 1, "R-1", 1, kit.store.loan_records(kit.lender.number, "L-1")[-1].payload)
    second = claimed(kit, 2, "R-2", 2, first.payload)
    assert outcome(gate.append(lender, [second, first])) == [SequenceError, 1]
    wrong = claimed(kit, 3, "R-3", 2, b"not what was before")
    assert outcome(gate.append(lender, [wrong])) == [SequenceError]
    assert len(log.calls) == 2
    # A claim that was right when the record was judged, and is not any more, is wrong.
    log.rivals = {3: paid(kit, 50, "R-50")}
    assert outcome(gate.append(lender, [second])) == [SequenceError]
    assert stored(kit)[1:] == [record_id(1), record_id(50)]


def test_a_claim_that_becomes_right_meanwhile_is_not_placed_without_judgement(kit: NotaryKit, log: Crowded) -> None:
    begin(kit)
    gate, lender = refusing(kit, log, "F2")
    log.rivals = {1: paid(kit, 50, "R-1")}
    # The reminder of another loan takes the call to the log.
    begin(kit, "L-2")
    items = [claimed(kit, 1, "R-1", 2, log.rivals[1].payload), made(kit, "reminder", 2, "L-2")]
    assert outcome(gate.append(lender, items)) == [SequenceError, 1]
    assert stored(kit)[1:] == [record_id(50)]


def test_what_is_no_legal_history_is_the_log_s_to_refuse_even_if_it_becomes_legal(kit: NotaryKit, log: Crowded) -> None:
    gate, lender = refusing(kit, log, "F6")
    assert outcome(gate.append(lender, [paid(kit, 1, "R-1", occurred_at=EARLY)])) == [TransitionError]
    log.rivals = {2: made(kit, "agreement", 50)}
    assert outcome(gate.append(lender, [paid(kit, 1, "R-1", occurred_at=EARLY)])) == [PolicyRefusedError]
    assert stored(kit) == [record_id(50)]
