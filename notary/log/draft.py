# SPDX-License-Identifier: Apache-2.0
"""What one commit will add to the log: each record's place, and how its loan stands after it.

Nothing here is signed or stored; the sequencer does that with what a draft holds.
"""

import secrets
from collections.abc import Sequence

from notary.errors import DuplicateRecordError, ErasedError, RefusedError, SequenceError
from notary.lifecycle import DRAFT, LoanState, advance
from notary.log.entries import RECORD, SECRET_SIZE, loan_tag
from notary.log.submission import Submission
from notary.ports.log import LogStore
from notary.ports.records import Loan, StoredRecord
from notary.records.facts import Facts

_REMEMBERED = 16_384

Place = tuple[int, int, bool, bytes]
"""Index of the entry, sequence, whether it is fresh, tag."""


class States:
    """Remembers what loans' states say: hardly one is read that was not written here before."""

    def __init__(self) -> None:
        self._decoded: dict[str, LoanState] = {}

    def decode(self, text: str) -> LoanState:
        """Do what `LoanState.decode` does."""
        return self._decoded.get(text) or LoanState.decode(text)

    def encode(self, state: LoanState) -> str:
        """Do what `LoanState.encode` does."""
        text = state.encode()
        if len(self._decoded) >= _REMEMBERED:
            self._decoded.clear()
        self._decoded[text] = state
        return text


class _Growth:
    """A loan that a commit lets grow. Its records may be many, so its state is written down once, at the end."""

    __slots__ = ("before", "last_digest", "records", "state")

    def __init__(self, before: Loan, state: LoanState) -> None:
        self.before = before
        self.state = state
        self.records = before.records
        self.last_digest = before.last_digest


class Draft:
    """What one commit will add, record by record; a later record of the batch sees the earlier ones."""

    def __init__(self, store: LogStore, submissions: Sequence[Submission], size: int, states: States) -> None:
        self.entries: list[bytes] = []
        self.records: list[StoredRecord] = []
        self._grown: dict[tuple[int, str], _Growth] = {}
        self._size = size
        self._states = states
        self._known = store.find_records([(item.lender, item.record_id) for item in submissions])
        self._loans = store.find_loans(list({(item.lender, item.loan) for item in submissions}))

    def place(self, item: Submission) -> Place | RefusedError:
        """Give a record its place, or say why it gets none."""
        known = self._known.get((item.lender, item.record_id))
        if known is not None:
            if (known.payload, known.signatures) != (item.payload, item.signatures):
                return DuplicateRecordError(item.record_id, known.index)
            return known.index, known.sequence, False, b""
        name = item.lender, item.loan
        try:
            loan = self._grown.get(name) or self._first(name)
            _check_sequence(item, loan)
            state = advance(loan.state, item.type, Facts.decode(item.facts))
        except RefusedError as error:
            return error
        self._grown[name] = loan
        return self._add(item, loan, state)

    def loans(self) -> list[Loan]:
        """Return the loans that have grown, as they are now."""
        encode = self._states.encode
        return [
            Loan(lender, number, loan.before.key, encode(loan.state), loan.records, loan.last_digest)
            for (lender, number), loan in self._grown.items()
        ]

    def _first(self, name: tuple[int, str]) -> _Growth:
        loan = self._loans.get(name) or Loan(*name, secrets.token_bytes(SECRET_SIZE), DRAFT, 0, b"")
        if loan.erasure:
            raise ErasedError(loan.erasure)
        return _Growth(loan, self._states.decode(loan.state))

    def _add(self, item: Submission, loan: _Growth, state: LoanState) -> Place:
        index, sequence = self._size + len(self.entries), loan.records
        loan.state, loan.records, loan.last_digest = state, sequence + 1, item.payload_digest
        tag = loan_tag(loan.before.key, sequence)
        record = StoredRecord(
            index, item.lender, item.record_id, item.loan, sequence, item.received_at, item.nonce, item.payload,
            item.signatures, item.type,
        )  # fmt: skip
        self.entries.append(RECORD + tag + item.commitment)
        self.records.append(record)
        self._known[item.lender, item.record_id] = record
        return index, sequence, True, tag


def _check_sequence(item: Submission, loan: _Growth) -> None:
    if item.sequence is not None and item.sequence != loan.records:
        raise SequenceError("/sequence", item.sequence, loan.records)
    if item.previous is not None and item.previous != loan.last_digest:
        raise SequenceError("/previous", item.previous.hex(), loan.last_digest.hex() or "none")
