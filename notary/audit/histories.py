# SPDX-License-Identifier: Apache-2.0
"""The records, loan by loan: that each opens its entry, that none is missing, who signed, and each loan's life again.

One loan is in memory at a time. What a record says of itself (its loan, its number in it) is compared with what the
entry commits to, so that a row that was moved, changed or exchanged is named by its entry.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256

from notary.audit.finding import Findings
from notary.audit.opening import open_envelope, open_record
from notary.encoding import b64url
from notary.errors import CorruptLogError, NotaryError, NotFoundError, RefusedError
from notary.history import Book, Case, Event, findings
from notary.lifecycle import LoanState, advance
from notary.parties.keyring import Keyring
from notary.parties.signatures import Assurance, Schemes, verify_recorded
from notary.policies import Policies
from notary.ports.audit import LoanHistory, SealedRecord
from notary.ports.parties import PartyKey
from notary.ports.records import Loan, StoredRecord
from notary.ports.store import Store
from notary.records import Record
from notary.records.administration import Administration

_UNSIGNED = "[]"
_Row = tuple[StoredRecord | SealedRecord, bytes | None]


@dataclass
class HistoriesOutcome:
    """What reading some loans gave.

    `records` counts those below the audited size, `assurance` them by whose word they are, and `codes` the findings
    F1 to F22 that follow from them. `doubts` are signatures that fit, by keys that were revoked later. `broken` counts
    loans of which contradictions allow no finding. `erased` are the entries that erasures in the log name.
    """

    findings: Findings = field(default_factory=Findings)
    doubts: Findings = field(default_factory=Findings)
    loans: int = 0
    records: int = 0
    signatures: int = 0
    broken: int = 0
    erased: list[int] = field(default_factory=list)
    assurance: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)


class HistoriesAudit:
    """Audits the loans of one store, or those of one `lender` in it.

    `size` is that of the log audited, `as_of` the moment that findings are of.
    """

    def __init__(self, store: Store, schemes: Schemes, size: int, as_of: int, lender: int | None = None) -> None:
        self._store = store
        self._schemes = schemes
        self._size = size
        self._as_of = as_of
        self._only = lender
        self._lender = lru_cache(maxsize=1024)(store.lender)
        self._policies = Policies(store)
        self._keyring = Keyring(_KnownKeys(store), schemes)

    def run(self, loans: range) -> HistoriesOutcome:
        """Audit the loans of these numbers. Raises `UnavailableError`."""
        outcome = HistoriesOutcome()
        for history in self._store.loan_histories(loans.start, loans.stop):
            if self._only in (None, history.lender):
                self._history(history, outcome)
        return outcome

    def _history(self, history: LoanHistory, outcome: HistoriesOutcome) -> None:
        covered = [item for item in history.records if item[0].index < self._size]
        if history.records and not covered:
            return  # it came after the checkpoint that is audited
        outcome.loans += 1
        outcome.records += len(covered)
        if history.loan is None:
            outcome.broken += 1
            outcome.findings.place(history.row, history.fault)
            for record, _ in covered:
                outcome.findings.entry(record.index, "has a record of a loan whose keys do not open")
        else:
            self._loan(history.loan, history, covered, outcome)

    def _loan(self, loan: Loan, history: LoanHistory, covered: Sequence[_Row], outcome: HistoriesOutcome) -> None:
        before = outcome.findings.count
        if history.fault:
            outcome.findings.place(_name(loan), history.fault)
        events = self._events(loan, covered, outcome)
        grown = len(covered) < len(history.records)
        count = covered[-1][0].sequence + 1 if covered else 0
        if not grown and loan.records != count:
            text = f"has {count} records in the log and {loan.records} by its own count"
            outcome.findings.place(_name(loan), text)
        if outcome.findings.count == before:
            self._life(loan, covered, events, grown, outcome)
        if outcome.findings.count > before:
            outcome.broken += 1

    def _events(self, loan: Loan, covered: Sequence[_Row], outcome: HistoriesOutcome) -> list[Event]:
        """Open and read a loan's records in their order; what is wrong with one is a finding at its entry."""
        events: list[Event] = []
        expected, index = 0, 0
        previous: StoredRecord | None = None
        for record, entry in covered:
            if record.sequence > expected:
                outcome.findings.place(_name(loan), f"has no record {_numbers(expected, record.sequence)}")
            expected = record.sequence + 1
            if isinstance(record, SealedRecord):
                outcome.findings.entry(record.index, record.reason)
                continue
            try:
                encoded = b64url(record.payload)
                value = open_record(record, encoded, entry, loan, previous)
                if record.index <= index:
                    raise CorruptLogError(f"stands before an earlier record of loan {loan.number}")
                index = record.index
                if isinstance(value, Administration):
                    outcome.erased += value.entries or ()
                events.append(Event(record.sequence, record.received_at, value))
                self._signatures(record, encoded, value, outcome)
            except NotaryError as error:
                outcome.findings.entry(record.index, str(error))
            previous = record
        return events

    def _signatures(self, record: StoredRecord, encoded: str, value: Record, outcome: HistoriesOutcome) -> None:
        if record.signatures == _UNSIGNED:
            outcome.assurance[Assurance.RECEIVED.value] += 1
            return
        envelope, moment = open_envelope(record, encoded), record.received_at
        outcome.signatures += len(envelope.signatures)
        keys = self._keyring.keys_of(record.lender, envelope, moment)
        assurance, doubts = verify_recorded(envelope, value, keys, self._schemes, moment)
        outcome.assurance[assurance.value] += 1
        if doubts:
            outcome.doubts.entry(record.index, "; ".join(doubts))

    def _life(
        self,
        loan: Loan,
        covered: Sequence[_Row],
        events: Sequence[Event],
        grown: bool,
        outcome: HistoriesOutcome,
    ) -> None:
        """Live through a loan whose records are all in order, and count the findings that follow from them."""
        try:
            book = Book.of(events, self._as_of)
        except RefusedError:
            outcome.findings.entry(*_first_refused(covered, events))
            return
        state = book.state
        for event in events[len(book.events) :]:
            state = advance(state, event.record.type, event.record.facts())
        last = covered[-1][0] if covered else None
        digest = sha256(last.payload).digest() if isinstance(last, StoredRecord) else b""
        if not grown and (loan.state, loan.last_digest) != (state.encode(), digest):
            outcome.findings.place(_name(loan), f"is {state.stage} by its records, which the store has otherwise")
            return
        try:
            _, policy = self._policies.at(self._lender(loan.lender), self._as_of)
        except NotFoundError as error:
            outcome.findings.place(_name(loan), str(error))
            return
        outcome.codes.update(item.code for item in findings(Case(book, policy.thresholds)))


class _KnownKeys:
    """Implements `notary.parties.keyring.KeySource`. An audit may keep what it has read: it is about one moment."""

    def __init__(self, store: Store) -> None:
        self._store = store
        # Bounded: a log has as many borrowers' keys as loans.
        self._key = lru_cache(maxsize=4096)(self._find)
        self.roots = lru_cache(maxsize=64)(store.roots)

    def party_keys(self, lender: int, kids: Sequence[str]) -> dict[str, PartyKey]:
        return {kid: key for kid in kids if (key := self._key(lender, kid))}

    def _find(self, lender: int, kid: str) -> PartyKey | None:
        return self._store.party_keys(lender, [kid]).get(kid)


def _first_refused(covered: Sequence[_Row], events: Sequence[Event]) -> tuple[int, str]:
    state = LoanState()
    for (record, _), event in zip(covered, events, strict=True):
        try:
            state = advance(state, event.record.type, event.record.facts())
        except RefusedError as error:
            return record.index, str(error)
    raise AssertionError("the book was refused, so one of its records is")


def _name(loan: Loan) -> str:
    return f"loan {loan.number} of lender {loan.lender}"


def _numbers(first: int, stop: int) -> str:
    return f"{first}" if stop - first == 1 else f"{first} to {stop - 1}"
