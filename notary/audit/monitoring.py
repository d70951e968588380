# SPDX-License-Identifier: Apache-2.0
"""A log watched from outside: one look at it and at its chain, compared with what was seen before. No I/O of its own.

What contradicts (a fork, another key, an anchor of another log) is an alert at once. That nobody answers is none, until
it has lasted; then it is an alert of a kind of its own, which says nothing of tampering.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from notary.audit.anchors import RegistryHead, RegistryHistory
from notary.audit.sources import LogSource, tile_reader
from notary.encoding import format_time
from notary.errors import (
    ConsistencyProofError,
    CorruptLogError,
    InvalidInputError,
    NotFoundError,
    SignedNoteError,
    UnavailableError,
)
from notary.log.checkpoint import Checkpoint, open_checkpoint
from notary.log.key_history import signer_of
from notary.log.merkle import prove_consistency, root_hash, verify_consistency
from notary.log.signed_note import NoteVerifier, parse_verifier
from notary.log.tiles import node_reader

T = TypeVar("T")


class Kind(StrEnum):
    """What an alert is about."""

    FORK = "fork"
    """Two checkpoints of the log's key that do not belong to one log."""
    LOG_KEY = "log key"
    """A checkpoint that the log's key did not sign."""
    ANCHOR = "anchor"
    """The registry's newest anchor is not of this log, or of more entries than it shows."""
    REORGANISED = "reorganised"
    """The registry's newest anchor is smaller than one seen before: the chain dropped a block, or was put back."""
    OPERATOR = "operator"
    """Another account may anchor the log."""
    ANCHOR_AGE = "anchor age"
    """Entries have waited too long for an anchor."""
    UNREACHABLE = "unreachable"
    """The log or the chain has not answered for too long, or only with what is old; nothing else is known."""


@dataclass(frozen=True)
class Alert:
    """Something that its reader should look at."""

    kind: Kind
    detail: str


@dataclass(frozen=True)
class Limits:
    """How long, in seconds, entries may go without an anchor, and log or chain without an answer.

    `operator` is the account that should operate the log, lower-case hex with 0x; None takes the first one seen.
    """

    anchor_age: int
    silence: int
    operator: str | None = None


@dataclass(frozen=True)
class Memory:
    """What a monitor remembers from look to look; moments are seconds since 1970.

    `checkpoint` is the newest one that belongs to all earlier ones, `signed_by` the key that signed it (None: the one
    that the monitor was given), `operator` and `anchored` (a size) are the registry's. `log_silent` and `chain_silent`
    are since when nobody has answered, None while they do. `told` are the alerts that are standing and have been
    passed on.
    """

    checkpoint: str | None = None
    signed_by: str | None = None
    operator: str | None = None
    anchored: int = 0
    log_silent: int | None = None
    chain_silent: int | None = None
    told: tuple[Alert, ...] = ()

    def signer(self, log_key: NoteVerifier) -> NoteVerifier:
        """Return the key that signed `checkpoint`. Raises `SignedNoteError` for what is no key."""
        return log_key if self.signed_by is None else parse_verifier(self.signed_by)


@dataclass(frozen=True)
class Look:
    """What one look found: what to remember, all alerts that stand, and why something could not be read."""

    memory: Memory
    alerts: tuple[Alert, ...]
    unknown: tuple[str, ...]


class Monitor:
    """Watches one log; `history` is its registry, None to watch the log alone.

    `related` returns the keys that the log's key history ties to `verifier`. It is asked for only where a checkpoint is
    of none of the keys that are known, and raises what a `LogSource` does.
    """

    def __init__(
        self,
        source: LogSource,
        verifier: NoteVerifier,
        history: RegistryHistory | None,
        limits: Limits,
        related: Callable[[], Sequence[NoteVerifier]] = tuple,
    ) -> None:
        self._source, self._verifier, self._history, self._limits = source, verifier, history, limits
        self._related = related

    def look(self, memory: Memory, now: int) -> Look:
        """Look at the chain, then at the log, so that what was anchored meanwhile contradicts nothing."""
        alerts: list[Alert] = []
        chain, log = _Silence("chain", memory.chain_silent), _Silence("log", memory.log_silent)
        head = chain.ask(self._history.head) if self._history else None
        newest = log.ask(lambda: self._checkpoint(memory, alerts))
        if newest:
            memory = newest.kept_in(memory)
        if head:
            if self._history and newest:
                history, checkpoint = self._history, newest.checkpoint
                root = log.ask(lambda: self._root_at(head.size, checkpoint, alerts)) if head.size else None
                if root and not chain.ask(lambda: history.holds(head.size, root, head.time), otherwise=True):
                    detail = f"the registry holds another root than the log's, {root.hex()}, at size {head.size}"
                    alerts.append(Alert(Kind.ANCHOR, detail))
                alerts += self._age(head, checkpoint, now)
            alerts += _changes(head, memory, self._limits.operator)
            memory = replace(memory, anchored=head.size, operator=memory.operator or head.operator)
        for silence in (chain, log):
            alerts += silence.alert(now, self._limits.silence)
        memory = replace(memory, chain_silent=chain.since(now), log_silent=log.since(now))
        return Look(memory, tuple(alerts), tuple(filter(None, (chain.reason, log.reason))))

    def _checkpoint(self, memory: Memory, alerts: list[Alert]) -> "_Newest | None":
        """Return the newest checkpoint if it belongs to the one remembered; what is wrong with it is an alert."""
        note = self._source.checkpoint()
        if not note.startswith(f"{self._verifier.name}\n"):
            raise UnavailableError("something answers that is not this log")
        try:
            signer = self._signer(note, memory)
            found = open_checkpoint(note, signer)
        except InvalidInputError as error:
            alerts.append(Alert(Kind.LOG_KEY, str(error)))
            return None
        newest = _Newest(note, found, None if signer == self._verifier else signer.format())
        if memory.checkpoint is None:
            return newest
        known = open_checkpoint(memory.checkpoint, memory.signer(self._verifier))
        older, newer = sorted((known, found), key=lambda item: item.size)
        if not self._belong(older.size, older.root, newer):
            detail = f"size {found.size}, root {found.root.hex()} and size {known.size}, root {known.root.hex()}"
            alerts.append(Alert(Kind.FORK, f"the log's key has signed two histories: {detail}"))
            return None
        if found.size < known.size:
            # From a cache on the way, or of a log that lost entries: the second lasts.
            raise UnavailableError(f"it shows an older checkpoint, of size {found.size}, than before: {known.size}")
        return newest

    def _signer(self, note: str, memory: Memory) -> NoteVerifier:
        known = (self._verifier, memory.signer(self._verifier))
        try:
            return signer_of(note, *known)
        except SignedNoteError:
            return signer_of(note, *known, *self._related())

    def _belong(self, size: int, root: bytes, newer: Checkpoint) -> bool:
        """Tell whether a tree is the beginning of that of a checkpoint. Raises `UnavailableError`."""
        if size == newer.size:
            return root == newer.root
        try:
            proof = prove_consistency(size, newer.size, node_reader(tile_reader(self._source, newer.size)))
        except (NotFoundError, CorruptLogError) as error:
            raise UnavailableError(f"the log does not show how it grew from {size} to {newer.size}: {error}") from error
        try:
            verify_consistency(proof, root, newer.root)
        except ConsistencyProofError:
            return False
        return True

    def _root_at(self, size: int, newest: Checkpoint, alerts: list[Alert]) -> bytes | None:
        """Return the log's root at an anchored size, or None with an alert if the log has not so many entries."""
        if size > newest.size:
            detail = f"size {size} is anchored, and the log shows {newest.size} entries"
            alerts.append(Alert(Kind.ANCHOR, detail))
            return None
        if size == newest.size:
            return newest.root
        try:
            root = root_hash(size, node_reader(tile_reader(self._source, newest.size)))
        except (NotFoundError, CorruptLogError) as error:
            raise UnavailableError(f"the log does not show its root at size {size}: {error}") from error
        if not self._belong(size, root, newest):
            raise UnavailableError(f"the log's tiles do not fit its checkpoint of size {newest.size}")
        return root

    def _age(self, head: RegistryHead, newest: Checkpoint, now: int) -> list[Alert]:
        if newest.size <= head.size or now - head.time <= self._limits.anchor_age:
            return []
        since = f"since {format_time(head.time * 1000)}" if head.size else "ever"
        return [Alert(Kind.ANCHOR_AGE, f"nothing was anchored {since}, at size {head.size}")]


def _changes(head: RegistryHead, memory: Memory, operator: str | None) -> list[Alert]:
    alerts = []
    wanted = operator or memory.operator
    if wanted is not None and head.operator != wanted:
        alerts.append(Alert(Kind.OPERATOR, f"{head.operator} operates the log, not {wanted}"))
    if head.size < memory.anchored:
        detail = f"the newest anchor is of size {head.size}, and was of size {memory.anchored}"
        alerts.append(Alert(Kind.REORGANISED, detail))
    return alerts


@dataclass(frozen=True)
class _Newest:
    """A log's newest checkpoint, as its note and read, and the key that signed it as in `Memory`."""

    note: str
    checkpoint: Checkpoint
    signed_by: str | None

    def kept_in(self, memory: Memory) -> Memory:
        return replace(memory, checkpoint=self.note, signed_by=self.signed_by)


class _Silence:
    """Whether somebody answers, and since when not."""

    def __init__(self, name: str, since: int | None) -> None:
        self._name, self._since = name, since
        self.reason: str | None = None

    def ask(self, question: Callable[[], T], otherwise: T | None = None) -> T | None:
        """Return the answer; without one `otherwise`, and `reason` says why."""
        try:
            return question()
        except (UnavailableError, NotFoundError, CorruptLogError) as error:
            self.reason = f"{self._name}: {error}"
            return otherwise

    def since(self, now: int) -> int | None:
        """Return since when nobody answers, None if somebody does."""
        return None if self.reason is None else now if self._since is None else self._since

    def alert(self, now: int, most: int) -> list[Alert]:
        """Return the alert for a silence of more than so many seconds."""
        since = self.since(now)
        if since is None or now - since < most:
            return []
        return [
            Alert(
                Kind.UNREACHABLE, f"the {self._name} has shown nothing new that fits since {format_time(since * 1000)}"
            )
        ]
