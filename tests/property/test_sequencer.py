# SPDX-License-Identifier: Apache-2.0
"""The sequencer against a simple model: appends, refusals, restarts, failures, then an audit of the whole log."""

import tempfile
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from notary.errors import DuplicateRecordError, ForkError, SequenceError, TransitionError
from notary.hashing import leaf_hash
from notary.log.checkpoint import open_checkpoint
from notary.log.entries import RecordEntry, commit, loan_tag
from notary.log.merkle import InclusionProof, verify_consistency, verify_inclusion
from notary.log.reader import Log
from notary.log.sequencer import Sequencer
from notary.log.submission import Placed, Submission
from notary.stores.sqlite import SqliteStore
from tests.support import reference_tree
from tests.support.builders import CREATED, NOW, VAULT, add_lender, in_batches, log_signer, submission

KINDS = ["agreement", "disbursement", "repayment", "settlement"]
# The life of a loan, written down a second time.
NEXT = {
    ("draft", "agreement"): "agreed",
    ("agreed", "disbursement"): "active",
    ("agreed", "repayment"): "agreed",
    ("agreed", "settlement"): "settled",
    ("active", "disbursement"): "active",
    ("active", "repayment"): "active",
    ("active", "settlement"): "settled",
}
CLAIMS = st.sampled_from(["none", "none", "right", "right with previous", "wrong", "wrong previous"])
SUBMISSIONS = st.tuples(st.integers(1, 2), st.integers(0, 25), st.sampled_from("ABC"), st.sampled_from(KINDS), CLAIMS)
BATCHES = st.lists(SUBMISSIONS, min_size=1, max_size=8)


@dataclass
class Model:
    """What the log should hold, in dictionaries."""

    records: dict[tuple[int, str], tuple[int, int, Submission]] = field(default_factory=dict)
    loans: dict[tuple[int, str], list[Submission]] = field(default_factory=dict)
    states: dict[tuple[int, str], str] = field(default_factory=dict)
    size: int = 1

    def place(self, item: Submission) -> tuple[int, int, bool] | type[Exception]:
        """Return (index, sequence, fresh), or the error that refuses the record."""
        if known := self.records.get((item.lender, item.record_id)):
            index, sequence, first = known
            return (index, sequence, False) if first.payload == item.payload else DuplicateRecordError
        loan = item.lender, item.loan
        before = tuple(self.loans.get(loan, []))
        last = sha256(before[-1].payload).digest() if before else b""
        if item.sequence not in (None, len(before)) or item.previous not in (None, last):
            return SequenceError
        state = NEXT.get((self.states.get(loan, "draft"), item.type))
        if state is None:
            return TransitionError
        self.states[loan] = state
        self.loans.setdefault(loan, []).append(item)
        index, self.size = self.size, self.size + 1
        self.records[item.lender, item.record_id] = index, len(before), item
        return index, len(before), True


class SequencerMachine(RuleBasedStateMachine):
    """Drives one sequencer over one database file."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "notary.db"
        self.signer = log_signer()
        self.store = SqliteStore.create(self.path, VAULT)
        for name in ("one", "two"):
            add_lender(self.store, name, sha256(name.encode()).digest(), NOW)
        self.sequencer = Sequencer(self.store, self.signer, CREATED)
        self.model = Model()
        self.heads = [self.store.head()]

    def submissions(self, drawn: list[tuple[int, int, str, str, str]]) -> list[Submission]:
        made = []
        for lender, number, loan, kind, claim in drawn:
            # Claims are about the loan as it is before the batch; within one they may turn out right or wrong.
            before = self.model.loans.get((lender, loan), [])
            previous = sha256(before[-1].payload).digest() if before else None
            claims = {
                "none": {},
                "right": {"sequence": len(before)},
                "right with previous": {"sequence": len(before), "previous": previous},
                "wrong": {"sequence": len(before) + 1},
                "wrong previous": {"previous": b"\x00" * 32},
            }[claim]
            made.append(submission(number, loan, kind, lender, **claims))  # type: ignore[arg-type]
        return made

    def append(self, sequencer: Sequencer, batch: list[Submission]) -> None:
        answers = sequencer.append(batch)
        wanted = [self.model.place(item) for item in batch]
        for item, answer, right in zip(batch, answers, wanted, strict=True):
            if not isinstance(answer, Placed):
                assert type(answer) is right
                continue
            assert (answer.index, answer.sequence, answer.fresh) == right
            checkpoint = open_checkpoint(answer.checkpoint, self.signer.verifier)
            assert checkpoint.size == self.model.size
            if answer.fresh:
                leaf = leaf_hash(RecordEntry(answer.tag, item.commitment).encode())
                verify_inclusion(InclusionProof(answer.index, checkpoint.size, answer.proof), leaf, checkpoint.root)
        head = self.store.head()
        if head != self.heads[-1]:
            self.heads.append(head)

    @rule(drawn=BATCHES)
    def append_any(self, drawn: list[tuple[int, int, str, str, str]]) -> None:
        self.append(self.sequencer, self.submissions(drawn))

    @rule(records=st.integers(1, 300), cut=st.integers(1, 299))
    def append_many(self, records: int, cut: int) -> None:
        first = 1000 + self.model.size
        loan = f"M-{first}"
        kinds = ["agreement", *["repayment"] * (records - 1)]
        items = [submission(first + number, loan, kind) for number, kind in enumerate(kinds)]
        for batch in in_batches(items, [cut]):
            self.append(self.sequencer, batch)

    @rule(restart=st.booleans())
    def start_again(self, restart: bool) -> None:
        if restart:
            self.store.close()
            self.store = SqliteStore.create(self.path, VAULT)
        self.sequencer = Sequencer(self.store, self.signer, CREATED)

    @precondition(lambda self: len(self.model.records) > 0)
    @rule(drawn=BATCHES)
    def another_writer_comes_between(self, drawn: list[tuple[int, int, str, str, str]]) -> None:
        other_store = SqliteStore(self.path, VAULT)
        other = Sequencer(other_store, self.signer, CREATED)
        number = 100_000 + self.model.size
        self.append(other, [submission(number, f"O-{number}", "agreement")])
        other_store.close()
        fresh = submission(number + 50_000, f"P-{number}", "agreement")
        with pytest.raises(ForkError):
            self.sequencer.append([*self.submissions(drawn), fresh])
        self.append(self.sequencer, [*self.submissions(drawn), fresh])

    @invariant()
    def nothing_is_there_that_was_not_placed(self) -> None:
        head = self.store.head()
        assert head is not None
        assert head.size == self.model.size
        assert sum(1 for _ in self.store.records()) == len(self.model.records)

    def teardown(self) -> None:
        try:
            self.audit()
        finally:
            self.store.close()
            self.folder.cleanup()

    def audit(self) -> None:
        entries = list(self.store.entries(0, 10**9))
        assert len(entries) == self.model.size
        log = Log(self.store)
        roots = {}
        for head in self.heads:
            assert head is not None
            checkpoint = open_checkpoint(head.checkpoint, self.signer.verifier)
            roots[head.size] = head.root
            assert (checkpoint.size, checkpoint.root) == (head.size, head.root)
        last, root = max(roots.items())
        assert root == reference_tree.mth(entries)
        for size, earlier in roots.items():
            verify_consistency(log.prove_consistency(size, last), earlier, root)
        for index, entry in enumerate(entries):
            verify_inclusion(log.prove_inclusion(index, last), leaf_hash(entry), root)
        for record, loan in self.store.records():
            index, sequence, item = self.model.records[record.lender, record.record_id]
            assert (record.index, record.sequence, record.payload) == (index, sequence, item.payload)
            opened = RecordEntry(loan_tag(loan.key, sequence), commit(record.nonce, record.envelope.encode()))
            assert entries[index] == opened.encode()
        for (lender, number), items in self.model.loans.items():
            mine = self.store.loan_records(lender, number)
            assert [record.sequence for record in mine] == list(range(len(items)))
            assert [record.payload for record in mine] == [item.payload for item in items]
            loan = self.store.find_loans([(lender, number)])[lender, number]
            assert (loan.records, loan.state) == (len(items), self.model.states[lender, number])


TestSequencer = SequencerMachine.TestCase
TestSequencer.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)
