# SPDX-License-Identifier: Apache-2.0
"""The sequencer: gives records their places in the log, many in one commit.

There is one sequencer in a process; whoever calls it hands over what has come in meanwhile (group commit). Where
several processes write to one database, their sequencers take turns, and each begins where the one before it ended.
"""

from collections.abc import Callable, Sequence

from notary.errors import CorruptLogError, InvalidInputError, LogWentBackError, NotFoundError, RefusedError
from notary.hashing import leaf_hashes
from notary.log.anchors import LogHead
from notary.log.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from notary.log.draft import Draft, Place, States
from notary.log.entries import genesis_entry
from notary.log.right_edge import RightEdge
from notary.log.signed_note import LogSigner
from notary.log.submission import Placed, Submission
from notary.ports.log import Batch, LogStore

Answers = list[Placed | RefusedError]
"""Where submissions stand, or why they have no place, in their order."""

_FOLLOWED = 4096
"""Entries of others up to which hashing them onto the known edge costs less than loading the edge anew."""


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
        self._states = States()
        # Whether the head is one that a commit of this sequencer's own has answered for.
        self._committed = False
        with store.turn(None):
            self._edge, self._head = self._load()
            if self._head is None:
                self._begin(created)
        self._stale = False

    def append(
        self,
        submissions: Sequence[Submission],
        late: Callable[[], Sequence[Submission]] = tuple,
        drafted: Callable[[Answers], None] = lambda answers: None,
    ) -> Answers:
        """Place each submission, or say why not, and commit all that were placed; the answers stand in the same order.

        `late` is called once it is this sequencer's turn, and returns what came in while it waited: it is placed and
        answered behind the others. `drafted` is called with the answers as soon as they are worked out, in the turn and
        before the commit, so that others can go on from them meanwhile. They count once this has returned, and for
        nothing if it raises.

        Whatever else is raised (a full disk, `ForkError`, `LogWentBackError`), none of them was placed; where the
        connection to a database broke, that is not known, and to append them again is harmless.
        """
        with self._store.turn(self._head) as head:
            self._may_sign()
            if (self._stale or head != self._head) and not self._follow(head):
                self._load_again()
            submissions = [*submissions, *late()]
            draft = Draft(self._store, submissions, self._edge.size, self._states)
            places = [draft.place(submission) for submission in submissions]
            batch = self._batch(draft, places)
            answers = self._answers(places, submissions, batch)
            drafted(answers)
            if batch.head is not self._head:
                self._commit(batch)
        return answers

    def _batch(self, draft: Draft, places: Sequence[Place | RefusedError]) -> Batch:
        """Return what is to be committed, or one with the head that there is where nothing is to be.

        Where nothing was placed, what there is may be signed; and it is committed again before it is vouched for,
        where this sequencer does not know that it was: a database may show what it would lose with its machine.
        """
        assert self._head is not None
        if draft.records:
            # Until the commit is answered the edge is ahead of the store; if it fails, the next append loads it again
            # (not this one: what made the commit fail may still be there).
            self._stale = True
            self._edge.extend(leaf_hashes(draft.entries))
            return self._changed(Batch(self._sign(), draft.entries, draft.records, draft.loans()))
        if not self._signer.current().have_all_signed(self._head.checkpoint) or (
            not self._committed and any(isinstance(place, tuple) for place in places)
        ):
            # A key that began to sign since shows itself at once, not with the next record.
            return self._changed(Batch(self._sign()))
        return Batch(self._head)

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
        self._head, self._stale, self._committed = head, False, False
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
        self._edge, self._head, self._stale, self._committed = edge, head, False, False

    def _begin(self, created: str) -> None:
        entry = genesis_entry(self._signer.current().verifier.name, created)
        self._edge.extend(leaf_hashes([entry]))
        self._commit(self._changed(Batch(self._sign(), [entry])))

    def _sign(self) -> LogHead:
        signer = self._signer.current()
        checkpoint = Checkpoint(signer.verifier.name, self._edge.size, self._edge.root())
        return LogHead(checkpoint.size, checkpoint.root, sign_checkpoint(checkpoint, signer))

    def _changed(self, batch: Batch) -> Batch:
        batch.tiles = self._edge.take_changed_tiles(self._head.size if self._head else 0)
        return batch

    def _commit(self, batch: Batch) -> None:
        self._stale = True
        self._store.commit(self._head, batch)
        self._head, self._committed, self._stale = batch.head, True, False

    def _answers(
        self, places: Sequence[Place | RefusedError], submissions: Sequence[Submission], batch: Batch
    ) -> Answers:
        checkpoint, answers, tiles = batch.head.checkpoint, list[Placed | RefusedError](), batch.tiles
        each = list(zip(places, submissions, strict=True))
        wanted = (place[0] for place, item in each if item.prove and not isinstance(place, RefusedError) and place[2])
        first = next(wanted, self._edge.size)
        proofs = self._edge.proofs(first, tiles)
        for place, submission in each:
            if isinstance(place, RefusedError):
                answers.append(place)
                continue
            index, sequence, fresh, tag = place
            if submission.prove and fresh:
                answers.append(Placed(index, sequence, checkpoint, True, tag, proofs[index - first]))
            else:
                answers.append(Placed(index, sequence, checkpoint, fresh))
        return answers
