# SPDX-License-Identifier: Apache-2.0
"""The sequencer: gives records their places in the log, many in one commit.

There is one sequencer in a process; whoever calls it hands over what has come in meanwhile (group commit). Where
several processes write to one database, their sequencers take turns, and each begins where the one before it ended.
"""

import secrets
from collections.abc import Callable, Sequence
from typing import NamedTuple

from notary.errors import (
    CorruptLogError,
    DuplicateRecordError,
    ErasedError,
    InvalidInputError,
    LogWentBackError,
    NotFoundError,
    RefusedError,
    SequenceError,
)
from notary.hashing import leaf_hashes
from notary.lifecycle import DRAFT, LoanState, advance
from notary.log.anchors import LogHead
from notary.log.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from notary.log.entries import RECORD, SECRET_SIZE, genesis_entry, loan_tag
from notary.log.right_edge import RightEdge
from notary.log.signed_note import LogSigner
from notary.log.tiles import Tile
from notary.parties.signatures import PartyOfKey
from notary.ports.log import Batch, LogStore
from notary.ports.records import Loan, StoredRecord
from notary.records.facts import Facts

_REMEMBERED = 16_384
_FOLLOWED = 4096
"""Entries of others up to which hashing them onto the known edge costs less than loading the edge anew."""


class Submission(NamedTuple):
    """A record that was checked and waits for its place.

    `facts` is what its type's `notary.records.Record.facts` says, encoded; the sequencer reads no payload. `sequence`
    and `previous` (SHA-256 of the payload before it) are the lender's own claim of that place, if he makes one.
    `commitment` is over the whole envelope; `payload_digest` is the payload's SHA-256. `keys` are those that the
    signatures were verified with, in their order; they go into the receipt and not to the sequencer.
    """

    lender: int
    record_id: str
    loan: str
    type: str
    facts: str
    sequence: int | None
    previous: bytes | None
    payload: bytes
    payload_digest: bytes
    signatures: str
    nonce: bytes
    commitment: bytes
    received_at: int
    prove: bool
    keys: tuple[PartyOfKey, ...] = ()


class Placed(NamedTuple):
    """Where a record stands. `fresh` is False for one that was in the log before, with the same bytes.

    `checkpoint` is the signed note that covers it; `tag` and `proof` (inclusion hashes, leaf to root) are filled in for
    a fresh record whose submission asked for a proof.
    """

    index: int  # type: ignore[assignment]  # of the entry; nobody looks for a value in a place
    sequence: int
    checkpoint: str
    fresh: bool
    tag: bytes = b""
    proof: tuple[bytes, ...] = ()


class Sequencer:
    """Appends to one log. Begins the log if the store holds none."""

    def __init__(
        self, store: LogStore, signer: LogSigner, created: str, may_sign: Callable[[], None] = lambda: None
    ) -> None:
        """Load the right edge and check it; `created` (RFC 3339) goes into the genesis entry of a new log.

        `may_sign` is called before each commit, and raises what stands against it (`SigningHeldError`).
        Raises `CorruptLogError` if the stored tiles do not hash to the last checkpoint, or another key signed that.
        """
        self._store = store
        self._signer = signer
        self._may_sign = may_sign
        self._states = _States()
        with store.turn(None):
            self._edge, self._head = self._load()
            if self._head is None:
                self._begin(created)
        self._stale = False

    def append(
        self, submissions: Sequence[Submission], late: Callable[[], Sequence[Submission]] = tuple
    ) -> list[Placed | RefusedError]:
        """Place each submission, or say why not, and commit all that were placed; the answers stand in the same order.

        `late` is called once it is this sequencer's turn, and returns what came in while it waited: it is placed and
        answered behind the others.

        Whatever else is raised (a full disk, `ForkError`, `LogWentBackError`), none of them was placed; where the
        connection to a database broke, that is not known, and to append them again is harmless.
        """
        with self._store.turn(self._head) as head:
            self._may_sign()
            if (self._stale or head != self._head) and not self._follow(head):
                self._load_again()
            submissions = [*submissions, *late()]
            draft = _Draft(self._store, submissions, self._edge.size, self._states)
            places = [draft.place(submission) for submission in submissions]
            tiles = self._commit_draft(draft)
        return self._answers(places, submissions, tiles)

    def _commit_draft(self, draft: "_Draft") -> dict[Tile, bytes]:
        """Commit what was placed and return the tiles that changed; where nothing was, what there is may be signed."""
        tiles: dict[Tile, bytes] = {}
        if draft.records:
            # Until the commit is answered the edge is ahead of the store; if it fails, the next append loads it again
            # (not this one: what made the commit fail may still be there).
            self._stale = True
            self._edge.extend(leaf_hashes(draft.entries))
            tiles = self._commit(Batch(self._sign(), draft.entries, draft.records, draft.loans()))
            self._stale = False
        elif self._head is not None and not self._signer.current().have_all_signed(self._head.checkpoint):
            # A key that began to sign since shows itself at once, not with the next record.
            self._stale = True
            self._commit(Batch(self._sign()))
            self._stale = False
        return tiles

    def _load(self) -> tuple[RightEdge, LogHead | None]:
        head = self._store.head()
        if head is None:
            return RightEdge(0, []), None
        edge = RightEdge.load(head.size, self._store.read_tiles)
        self._check(head, edge)
        return edge, head

    def _check(self, head: LogHead, edge: RightEdge) -> None:
        try:
            signed = open_checkpoint(head.checkpoint, *self._signer.current().known)
        except InvalidInputError as error:
            raise CorruptLogError(f"the stored checkpoint is not one of this log's key: {error}") from error
        if not (signed.size, signed.root) == (head.size, head.root) == (edge.size, edge.root()):
            raise CorruptLogError(f"the stored tiles do not hash to the checkpoint of size {signed.size}")

    def _follow(self, head: LogHead | None) -> bool:
        """Put what others have appended onto the known edge, so that it can only lead to a log that extends this one.

        Return False where that does not lead to what they signed: `_load_again` finds out why.
        """
        if self._stale or not self._head or not head or not 0 <= head.size - self._head.size <= _FOLLOWED:
            return False
        self._stale = True
        try:
            self._edge.follow(head.size, self._store.read_tiles)
            self._check(head, self._edge)
        except (CorruptLogError, NotFoundError):
            return False
        self._head, self._stale = head, False
        return True

    def _load_again(self) -> None:
        """Go on from what others have committed, or from what is there after a failure; never on top of less."""
        before = self._head
        edge, head = self._load()
        if before is not None:
            size = head.size if head else 0
            if size < before.size or RightEdge.load(before.size, self._store.read_tiles).root() != before.root:
                raise LogWentBackError(
                    f"the stored log of {size} entries does not extend the {before.size} seen before"
                )
        self._edge, self._head, self._stale = edge, head, False

    def _begin(self, created: str) -> None:
        entry = genesis_entry(self._signer.current().verifier.name, created)
        self._edge.extend(leaf_hashes([entry]))
        self._commit(Batch(self._sign(), [entry]))

    def _sign(self) -> LogHead:
        signer = self._signer.current()
        checkpoint = Checkpoint(signer.verifier.name, self._edge.size, self._edge.root())
        return LogHead(checkpoint.size, checkpoint.root, sign_checkpoint(checkpoint, signer))

    def _commit(self, batch: Batch) -> dict[Tile, bytes]:
        batch.tiles = self._edge.take_changed_tiles(self._head.size if self._head else 0)
        self._store.commit(self._head, batch)
        self._head = batch.head
        return batch.tiles

    def _answers(
        self, places: "Sequence[_Place | RefusedError]", submissions: Sequence[Submission], tiles: dict[Tile, bytes]
    ) -> list[Placed | RefusedError]:
        assert self._head is not None
        checkpoint, prove = self._head.checkpoint, self._edge.proofs(tiles)
        answers: list[Placed | RefusedError] = []
        for place, submission in zip(places, submissions, strict=True):
            if isinstance(place, RefusedError):
                answers.append(place)
                continue
            index, sequence, fresh, tag = place
            if submission.prove and fresh:
                answers.append(Placed(index, sequence, checkpoint, True, tag, prove(index)))
            else:
                answers.append(Placed(index, sequence, checkpoint, fresh))
        return answers


_Place = tuple[int, int, bool, bytes]
"""Index of the entry, sequence, whether it is fresh, tag."""


class _States:
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


class _Draft:
    """What one commit will add, record by record; a later record of the batch sees the earlier ones."""

    def __init__(self, store: LogStore, submissions: Sequence[Submission], size: int, states: _States) -> None:
        self.entries: list[bytes] = []
        self.records: list[StoredRecord] = []
        self._grown: dict[tuple[int, str], _Growth] = {}
        self._size = size
        self._states = states
        self._known = store.find_records([(item.lender, item.record_id) for item in submissions])
        self._loans = store.find_loans(list({(item.lender, item.loan) for item in submissions}))

    def place(self, item: Submission) -> _Place | RefusedError:
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

    def _add(self, item: Submission, loan: _Growth, state: LoanState) -> _Place:
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
