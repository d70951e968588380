# SPDX-License-Identifier: Apache-2.0
"""Refusing what the lender's own policy refuses: a record on which a finding of certain codes would rest.

A finding follows from the loan's whole history, so a record is judged on the history as it is stored, and is then
placed only if it comes next after just that history: the sequencer is told the number in the loan that the record was
judged for. If another record came between, it is judged again.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import orjson

from notary.errors import LogBusyError, PolicyRefusedError, RefusedError, SequenceError
from notary.history import Book, Case, Event, finding_json, findings_of, read_events
from notary.log.submission import Placed, Submission
from notary.policies import LenderPolicy, Policies
from notary.ports.log import LogStore
from notary.ports.parties import Lender
from notary.ports.records import RecordStore
from notary.records import parse_record

_TRIES = 10
"""How often one record is judged before the loan counts as too busy."""

Answer = Placed | RefusedError


class Appender(Protocol):
    """Whatever places submissions: the sequencer, or the way to it."""

    def append(self, submissions: Sequence[Submission]) -> list[Answer]:
        """Place each submission, or say why not, in the same order."""


class JudgingStore(LogStore, RecordStore, Protocol):
    """What is read to judge a record."""


class PolicyGate:
    """The way into the log that every record takes: an `Appender` that keeps to the lender's policy."""

    def __init__(self, store: JudgingStore, log: Appender, policies: Policies) -> None:
        self._store = store
        self._log = log
        self._policies = policies

    def append(self, lender: Lender, submissions: Sequence[Submission]) -> list[Answer]:
        """Place each of one lender's submissions, or say why not, in the same order.

        Raises `LogBusyError` if other records of a loan came between each time; some may have been placed by then, and
        sending them again is harmless.
        """
        policy = self._policies.of(lender)
        if not policy.refuse:
            return self._log.append(submissions)
        return _Session(self._store, self._log, policy, submissions).run()

    def append_unjudged(self, submissions: Sequence[Submission]) -> list[Answer]:
        """Place submissions of any lenders that have no policy of their own: only the log can refuse them."""
        return self._log.append(submissions)


@dataclass
class _Line:
    """The submissions of one loan that wait, by their places, and its history as far as it was read."""

    waiting: deque[int] = field(default_factory=deque)
    events: tuple[Event, ...] | None = None
    tries: int = 0


class _Session:
    """Places the submissions of one call: of each loan one at a time, all loans side by side."""

    def __init__(
        self, store: JudgingStore, log: Appender, policy: LenderPolicy, submissions: Sequence[Submission]
    ) -> None:
        self._store = store
        self._log = log
        self._policy = policy
        self._submissions = submissions
        self._answers: dict[int, Answer] = {}
        self._lines: dict[str, _Line] = {}
        for place, item in enumerate(submissions):
            self._lines.setdefault(item.loan, _Line()).waiting.append(place)

    def run(self) -> list[Answer]:
        while lines := [line for line in self._lines.values() if line.waiting]:
            judged = list(self._judged(lines))
            answers = self._log.append([item for _, item in judged]) if judged else []
            for (line, item), answer in zip(judged, answers, strict=True):
                self._take(line, item, answer)
        return [self._answers[place] for place in range(len(self._submissions))]

    def _judged(self, lines: Sequence[_Line]) -> Iterator[tuple[_Line, Submission]]:
        """Judge the first submission of each line; yield those to be placed, and answer the others."""
        for line in lines:
            item = self._submissions[line.waiting[0]]
            verdict = self._judge(line, item)
            if isinstance(verdict, RefusedError):
                self._answer(line, verdict)
            else:
                yield line, verdict

    def _judge(self, line: _Line, item: Submission) -> Submission | RefusedError:
        """Return what to hand to the log, bound to the history it was judged on; or why the record is refused."""
        if line.events is None:
            line.events = read_events(self._store.loan_records(item.lender, item.loan))
        # Read after the history: a record that is in neither was not there when the history was read.
        if self._store.find_records([(item.lender, item.record_id)]):
            return item
        number = len(line.events)
        if item.sequence not in (None, number):
            return SequenceError("/sequence", item.sequence, number)
        event = Event(number, item.received_at, parse_record(orjson.loads(item.payload)))
        found = _refused_findings((*line.events, event), self._policy)
        return PolicyRefusedError(*found) if found else item._replace(sequence=number)

    def _take(self, line: _Line, item: Submission, answer: Answer) -> None:
        """Note what the log has answered; a record for whose place it came too late is judged again."""
        if isinstance(answer, SequenceError) and answer.pointer == "/sequence":
            line.events, line.tries = None, line.tries + 1
            if line.tries == _TRIES:
                raise LogBusyError("other records of the loan came between each time; try again shortly")
            return
        if isinstance(answer, Placed) and line.events is not None:
            event = Event(answer.sequence, item.received_at, parse_record(orjson.loads(item.payload)))
            line.events = (*line.events, event) if answer.fresh else None
        self._answer(line, answer)

    def _answer(self, line: _Line, answer: Answer) -> None:
        self._answers[line.waiting.popleft()] = answer
        line.tries = 0


def _refused_findings(events: tuple[Event, ...], policy: LenderPolicy) -> list[dict[str, object]]:
    """Return the findings that rest on the last event and are of a code that the policy refuses."""
    # Clocks of several processes: the last event may not be the one that was received last.
    as_of = max(event.received_at for event in events)
    try:
        case = Case(Book.of(events, as_of), policy.thresholds)
    except RefusedError:
        return []  # no legal history: the log refuses the record itself, and says why
    return [finding_json(item) for item in findings_of(case, events[-1].sequence) if item.code in policy.refuse]
