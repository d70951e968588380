# SPDX-License-Identifier: Apache-2.0
"""A full audit as a job: what is audited, cut into parts that processes do in any order, and put together again.

A job is fixed by the checkpoint that was newest when it began, so a log that grows meanwhile is audited at one size,
and a part that was done before a crash is still good afterwards.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from notary.audit.finding import Findings
from notary.audit.histories import HistoriesAudit, HistoriesOutcome
from notary.audit.sources import LogSource, tile_reader
from notary.audit.tree import TreeOutcome, audit_tiles, audit_upper_tiles, root_over, settle_disputes
from notary.encoding import b64, parse_b64
from notary.errors import ConsistencyProofError, CorruptLogError, InvalidInputError, NotFoundError
from notary.hashing import EMPTY_ROOT
from notary.log.checkpoint import open_checkpoint
from notary.log.merkle import prove_consistency, verify_consistency
from notary.log.signed_note import NoteVerifier
from notary.log.tiles import WIDTH, node_reader
from notary.parties.signatures import Schemes
from notary.ports.store import Store

ENTRIES_A_PART = 64 * WIDTH
"""Some hundredths of a second of hashing: a bar moves, and handing a part out costs nothing beside it."""


class Part(NamedTuple):
    """Tiles of level 0, or loans by their numbers: those from `start` to below `stop`."""

    kind: Literal["tiles", "loans"]
    start: int
    stop: int


@dataclass(frozen=True)
class Job:
    """One audit. `checkpoint` is the signed note; `as_of` (milliseconds since 1970) the moment that findings are of.

    `loans` is the highest number of a loan, None for an audit without records; `step` is how many entries a part has.
    `lender` is the one whose loans are audited, None for all.
    """

    checkpoint: str
    size: int
    root: bytes
    origin: str
    as_of: int
    loans: int | None
    step: int = ENTRIES_A_PART
    lender: int | None = None

    @property
    def parts(self) -> list[Part]:
        """The parts, in the order in which they are best done."""
        tiles, width = -(-self.size // WIDTH), max(1, self.step // WIDTH)
        parts = [Part("tiles", start, min(start + width, tiles)) for start in range(0, tiles, width)]
        if self.loans:
            # Loans differ in length; on the average a part has as many records as the others have entries.
            width = max(1, self.loans * self.step // max(1, self.size))
            stop = self.loans + 1
            parts += [Part("loans", start, min(start + width, stop)) for start in range(1, stop, width)]
        return parts

    def weight(self, part: Part) -> int:
        """About how many entries or records a part has, for a progress bar."""
        share = part.stop - part.start
        return min(share * WIDTH, self.size) if part.kind == "tiles" else share * self.size // max(1, self.loans or 0)


def plan_job(
    source: LogSource,
    store: Store | None,
    verifier: NoteVerifier,
    as_of: int,
    findings: Findings,
    step: int = ENTRIES_A_PART,
) -> Job:
    """Return the job of auditing what the newest checkpoint covers; what is wrong with that goes to `findings`.

    A log that shows no checkpoint of its key is not read: there is nothing to hold it against. A database has its
    size in another place too. Raises `UnavailableError`.
    """
    note, loans = "", store.last_loan() if store else None
    head = store.head() if store else None
    try:
        # Not from the source, where the store has one: the two would be read at different moments.
        note = head.checkpoint if head else source.checkpoint()
        signed = open_checkpoint(note, verifier)
        if head and (head.size, head.root) != (signed.size, signed.root):
            findings.place("checkpoint", f"is of size {signed.size}, and the head says {head.size}, {head.root.hex()}")
        return Job(note, signed.size, signed.root, verifier.name, as_of, loans, step)
    except (InvalidInputError, NotFoundError, CorruptLogError) as error:
        findings.place("checkpoint", str(error))
    if store and head and any(store.numbered_entries(head.size - 1, head.size)):
        return Job(note, head.size, head.root, verifier.name, as_of, loans, step)
    return Job(note, 0, EMPTY_ROOT, verifier.name, as_of, None, step)


def newest_size(source: LogSource, verifier: NoteVerifier, job: Job, findings: Findings) -> int:
    """Return the size of the checkpoint that is newest now, which must extend the one that is audited.

    Raises `UnavailableError`.
    """
    try:
        newest = open_checkpoint(source.checkpoint(), verifier)
        if newest.size < job.size:
            raise ConsistencyProofError(f"is of size {newest.size} now, and was of size {job.size}")
        proof = prove_consistency(job.size, newest.size, node_reader(tile_reader(source, newest.size)))
        verify_consistency(proof, job.root, newest.root)
    except (InvalidInputError, NotFoundError, CorruptLogError, ConsistencyProofError) as error:
        findings.place("checkpoint", f"has no other after it that extends it: {error}")
        return job.size
    return newest.size


@dataclass
class Outcome:
    """What one part gave."""

    tree: TreeOutcome | None = None
    histories: HistoriesOutcome | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the outcome for a state file."""
        if self.tree:
            tree = self.tree
            members = {"roots": b64(tree.roots), "tail": b64(tree.tail), "disputed": tree.disputed}
            return {"tree": {"findings": tree.findings.to_json(), **members}}
        assert self.histories is not None
        lists = {name: getattr(self.histories, name).to_json() for name in ("findings", "doubts")}
        return {"histories": vars(self.histories) | lists}

    @classmethod
    def from_json(cls, value: Any) -> "Outcome":
        """Read what `to_json` returned. Raises `ValueError`, `TypeError` or `KeyError` for anything else."""
        if "tree" in value:
            members = value["tree"]
            found = Findings.from_json(members["findings"])
            return cls(TreeOutcome(found, parse_b64(members["roots"]), parse_b64(members["tail"]), members["disputed"]))
        members = dict(value["histories"])
        for name in ("assurance", "codes"):
            members[name] = Counter(members[name])
        for name in ("findings", "doubts"):
            members[name] = Findings.from_json(members[name])
        return cls(None, HistoriesOutcome(**members))


class PartAuditor:
    """Does parts of a job, in one process."""

    def __init__(self, job: Job, source: LogSource, store: Store | None, schemes: Schemes) -> None:
        self._job = job
        self._source = source
        self._histories = HistoriesAudit(store, schemes, job.size, job.as_of, job.lender) if store else None

    def run(self, part: Part) -> Outcome:
        """Do one part. Raises `UnavailableError` if the source cannot be read now."""
        numbers = range(part.start, part.stop)
        if part.kind == "tiles":
            return Outcome(tree=audit_tiles(self._source, self._job.origin, self._job.size, numbers))
        assert self._histories is not None, "only a job with records has parts of loans"
        return Outcome(histories=self._histories.run(numbers))


@dataclass
class Whole:
    """All parts put together; `root` is what the entries hash to, None if some could not be read.

    `erased` counts the entries without a record that an erasure in the log names.
    """

    findings: Findings = field(default_factory=Findings)
    root: bytes | None = None
    histories: HistoriesOutcome = field(default_factory=HistoriesOutcome)
    erased: int = 0


def put_together(job: Job, outcomes: Mapping[Part, Outcome], source: LogSource, store: Store | None) -> Whole:
    """Join the outcomes of all parts that could be done, and check what no part sees alone.

    Raises `UnavailableError` if the source cannot be read now.
    """
    whole = Whole()
    trees, complete = [], True
    for part in job.parts:
        outcome = outcomes.get(part)
        if outcome is None:
            complete = False
        elif outcome.tree:
            trees.append(outcome.tree)
            whole.findings.extend(outcome.tree.findings)
        elif outcome.histories:
            _add(whole.histories, outcome.histories)
    whole.findings.extend(whole.histories.findings)
    if all(part in outcomes for part in job.parts if part.kind == "tiles"):
        whole.root = _check_root(job, trees, source, whole.findings)
    if store is not None and complete and job.lender is None:
        _check_counts(job, whole, store)
    return whole


def _check_root(job: Job, trees: list[TreeOutcome], source: LogSource, findings: Findings) -> bytes:
    roots, tail = b"".join(tree.roots for tree in trees), b"".join(tree.tail for tree in trees)
    audit_upper_tiles(source, roots, findings)
    root = root_over(roots, tail)
    disputed = [index for tree in trees for index in tree.disputed]
    explained = bool(disputed) and settle_disputes(source, job.size, job.root, root, disputed, findings)
    if root != job.root and not explained:
        findings.place("checkpoint", f"signs size {job.size}, root {job.root.hex()}; the entries make {root.hex()}")
    return root


def _check_counts(job: Job, whole: Whole, store: Store) -> None:
    """Name the entries that no loan has a record for, but those that an erasure in the log names.

    They are only looked for where the numbers differ.
    """
    records, findings = whole.histories.records, whole.findings
    named = {index for index in whole.histories.erased if index < job.size}
    missing = set(store.entries_without_record(1, job.size)) if records != job.size - 1 else set()
    for index in sorted(missing - named):
        findings.entry(index, "has no record")
    for index in sorted(named - missing):
        whole.histories.doubts.entry(index, "was to be erased and can be opened still: the erasure has not ended")
    whole.erased = len(named & missing)
    if records + len(missing) != job.size - 1 and not findings.count:
        findings.place("records", f"are {records} for {job.size - 1} entries")


def _add(total: HistoriesOutcome, part: HistoriesOutcome) -> None:
    total.findings.extend(part.findings)
    total.doubts.extend(part.doubts)
    total.loans += part.loans
    total.records += part.records
    total.signatures += part.signatures
    total.broken += part.broken
    total.erased += part.erased
    total.assurance.update(part.assurance)
    total.codes.update(part.codes)
