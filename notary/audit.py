# SPDX-License-Identifier: Apache-2.0
"""Audit of a stored log: everything is computed again from the entries up and compared with what is stored.

A clean audit means that the checkpoint covers exactly these entries, that every record opens its entry, that no
loan's history has a gap, and that every anchored root is that of the log at that size and stands in the registry.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from notary.anchors import Anchor, AnchorState, LogHead
from notary.canonical import parse_canonical
from notary.checkpoint import open_checkpoint
from notary.entries import commit, loan_tag, parse_genesis_entry, parse_record_entry
from notary.envelope import MAX_PAYLOAD
from notary.errors import InvalidInputError, NotaryError, NotFoundError, ProofError, UnavailableError
from notary.hashing import leaf_hash
from notary.lifecycle import LoanState, advance
from notary.log import Log
from notary.ports import Loan, Store, StoredRecord
from notary.records import parse_record
from notary.report import Verdict
from notary.right_edge import RightEdge
from notary.sealed_links import ChainWitness
from notary.signed_note import NoteVerifier

_STEP = 4096


@dataclass
class AuditReport:
    """What an audit found.

    `findings` are contradictions, each a place (`entry 5`, `tile 0/3`, `loan X`, `anchor 900`) and a sentence;
    `unknown` names what could not be checked, and why.
    """

    entries: int = 0
    records: int = 0
    loans: int = 0
    anchors: int = 0
    findings: list[tuple[str, str]] = field(default_factory=list)
    unknown: list[tuple[str, str]] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        """Return `invalid` if anything contradicts, else `cannot tell` if something could not be checked."""
        if self.findings:
            return Verdict.INVALID
        return Verdict.CANNOT_TELL if self.unknown else Verdict.VALID


class Audit:
    """One audit of one store. `chain` is a node to compare anchors with; `progress` gets the entries done so far."""

    def __init__(
        self, store: Store, verifier: NoteVerifier, chain: ChainWitness | None, progress: Callable[[int], None]
    ) -> None:
        self._store = store
        self._verifier = verifier
        self._chain = chain
        self._progress = progress
        self._report = AuditReport()

    def run(self) -> AuditReport:
        """Audit the log as far as its checkpoint at the start reaches."""
        head = Log(self._store).head()
        edge = self._hash_entries(head)
        try:
            checkpoint = open_checkpoint(head.checkpoint, self._verifier)
            signed = (checkpoint.size, checkpoint.root)
        except InvalidInputError as error:
            self._find("checkpoint", str(error))
            signed = (head.size, head.root)
        if (edge.size, edge.root()) != signed:
            found = f"the entries make {edge.size}, {edge.root().hex()}"
            self._find("checkpoint", f"signs size {signed[0]}, root {signed[1].hex()}; {found}")
        for anchor in self._store.anchors(AnchorState.MINED, AnchorState.FINAL):
            self._check_anchor(anchor)
        return self._report

    def _hash_entries(self, head: LogHead) -> RightEdge:
        edge, done = RightEdge(0, []), 0
        records = _Records(self._store.records())
        for index, entry in enumerate(self._store.entries(0, head.size)):
            edge.append(leaf_hash(entry))
            if index == 0:
                self._check_genesis(entry)
            elif problem := records.check(index, entry):
                self._find(f"entry {index}", problem)
            if edge.size - done == _STEP:
                self._compare_tiles(edge, done)
                done = edge.size
                self._progress(done)
        self._compare_tiles(edge, done)
        self._progress(edge.size)
        for loan, problem in records.gaps(head.size):
            self._find(f"loan {loan}", problem)
        self._report.entries = edge.size
        self._report.records, self._report.loans = records.count, len(records.loans)
        return edge

    def _check_genesis(self, entry: bytes) -> None:
        try:
            genesis = parse_genesis_entry(entry)
        except NotaryError as error:
            self._find("entry 0", str(error))
            return
        if genesis.origin != self._verifier.name:
            self._find("entry 0", f"begins the log {genesis.origin}, not {self._verifier.name}")

    def _compare_tiles(self, edge: RightEdge, done: int) -> None:
        for tile, hashes in edge.take_changed_tiles(done).items():
            try:
                [stored] = self._store.read_tiles([tile])
            except NotFoundError as error:
                self._find(f"tile {tile.level}/{tile.number}", str(error))
                continue
            # A tile that is partial in this step may be full in the store by now.
            if stored[: len(hashes)] != hashes:
                self._find(f"tile {tile.level}/{tile.number}", "does not hold the hashes of its entries")

    def _check_anchor(self, anchor: Anchor) -> None:
        place = f"anchor {anchor.size}"
        self._report.anchors += 1
        try:
            if Log(self._store).root(anchor.size) != anchor.root:
                self._find(place, "its root is not the log's at that size")
            if self._chain is None:
                raise UnavailableError("no node was asked")
            self._chain.confirm(anchor)
        except (ProofError, NotFoundError) as error:
            self._find(place, str(error))
        except UnavailableError as error:
            self._report.unknown.append((place, str(error)))

    def _find(self, place: str, sentence: str) -> None:
        self._report.findings.append((place, sentence))


@dataclass
class _History:
    """One loan as far as the audit has read it, beside what the store says of it."""

    stored: Loan
    records: int = 0
    state: LoanState = field(default_factory=LoanState)


class _Records:
    """Goes through the records beside the entries, and lives through each loan's history again."""

    def __init__(self, records: Iterator[tuple[StoredRecord, Loan]]) -> None:
        self._records = records
        self._next = next(records, None)
        self.count = 0
        self.loans: dict[tuple[int, str], _History] = {}

    def check(self, index: int, entry: bytes) -> str | None:
        """Compare an entry with its record; return what is wrong."""
        if self._next is None or self._next[0].index != index:
            return "has no record"
        record, loan = self._next
        self._next = next(self._records, None)
        self.count += 1
        history = self.loans.setdefault((loan.lender, loan.number), _History(loan))
        before, history.records = history.records, history.records + 1
        try:
            problem = _opening(entry, record, loan, before)
            _step(history, record)
        except NotaryError as error:
            return str(error)
        return problem

    def gaps(self, size: int) -> Iterator[tuple[str, str]]:
        """Yield the loans that the store has otherwise than the log; those that grew since `size` are left out."""
        grown = {(loan.lender, loan.number) for _, loan in self._rest(size)}
        for key, history in self.loans.items():
            stored = history.stored
            if key in grown:
                continue
            if history.records != stored.records:
                yield key[1], f"has {history.records} records in the log and {stored.records} by its own count"
            elif history.state.encode() != stored.state:
                yield key[1], f"is {history.state.stage} by its records, which the store has otherwise"

    def _rest(self, size: int) -> Iterator[tuple[StoredRecord, Loan]]:
        while self._next is not None:
            if self._next[0].index >= size:
                yield self._next
            self._next = next(self._records, None)


def _opening(entry: bytes, record: StoredRecord, loan: Loan, before: int) -> str | None:
    """Say what is wrong between an entry and the record that should open it; the loan has `before` earlier ones."""
    opened = parse_record_entry(entry)
    if record.sequence != before:
        return f"is number {record.sequence} of loan {loan.number}, which has {before} before it"
    if opened.commitment != commit(record.nonce, record.envelope.encode()):
        return f"does not commit to record {record.record_id}"
    if opened.tag != loan_tag(loan.key, record.sequence):
        return f"has not the tag of number {record.sequence} of loan {loan.number}"
    return None


def _step(history: _History, record: StoredRecord) -> None:
    """Take the loan one record further. Raises what registration and the sequencer would have raised."""
    value = parse_record(parse_canonical(record.payload, limit=MAX_PAYLOAD))
    history.state = advance(history.state, value.type, value.facts())
