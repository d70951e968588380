# SPDX-License-Identifier: Apache-2.0
"""Publishes a log as files that never change, and a checkpoint over them, for web servers and CDNs (C2SP tlog-tiles).

All files are made from the log's entries, a stretch at a time, and none leaves before the stretch is proven to be of
the tree that the newest checkpoint signs. Each is added, never put over another one, and read back; the checkpoint
comes last, in place of a smaller one and of no other. So whatever is interrupted, or done twice, or by two at once,
whoever finds a checkpoint finds all that it covers.

The log's key history stands beside the checkpoint as soon as there is something in it. It comes before a checkpoint
that a new key has signed, and is only ever replaced by one that goes on where it ends.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain

from notary.audit.sources import MAX_BUNDLE, MAX_CHECKPOINT, LogSource, tile_reader
from notary.errors import (
    CheckpointError,
    ConsistencyProofError,
    CorruptLogError,
    NotaryError,
    NotFoundError,
    PublicationError,
    UnavailableError,
)
from notary.log.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from notary.log.merkle import prove_consistency, verify_consistency
from notary.log.signed_note import NoteVerifier
from notary.log.tile_files import LogFile, Stretch, partial_folders, stretches
from notary.log.tiles import node_reader
from notary.ports.publication import Held, Publication
from notary.published_keys import PublishedKeys

CHECKPOINT = "checkpoint"
_AT_ONCE = 8
"""Files on their way at a time: an object store answers slowly, and many at once."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Published:
    """How many entries the published checkpoint covers, and how many files were added now."""

    size: int
    files: int


class Publisher:
    """Publishes one log to one place; `verifiers` returns the keys that checkpoints may be signed by now.

    `history` returns the log's key history (`notary.log.key_history`), None where nobody has one.
    `size` is that of the published checkpoint, as far as it is known; `error` why the last step failed, None if it did
    not.
    """

    def __init__(
        self,
        source: LogSource,
        verifiers: Callable[[], Sequence[NoteVerifier]],
        publication: Publication,
        history: Callable[[], bytes | None],
    ) -> None:
        self._source, self._verifiers, self._publication = source, verifiers, publication
        self._keys = PublishedKeys(publication, history)
        self._trusted = False
        self.size = 0
        self.error: str | None = None

    @property
    def place(self) -> str:
        """Where it publishes."""
        return self._publication.place

    def run(self, stop: threading.Event, interval: float) -> None:
        """Publish what is new every `interval` seconds until `stop` is set, whatever goes wrong.

        Faults are written to the log, once; those that nobody thought of with their traceback.
        """
        while not stop.is_set():
            try:
                self.publish(stop=stop)
                self.error = None
            except NotaryError as error:
                if self.error != str(error):
                    _log.warning("the log cannot be published to %s: %s", self.place, error)
                self.error = str(error)
            except BaseException as error:  # noqa: BLE001 - told below; a panic of a library in Rust is no Exception
                told = f"{type(error).__name__}: {error}"
                if self.error != told:
                    _log.exception("the log cannot be published to %s", self.place)
                self.error = told
            stop.wait(interval)

    def publish(self, everything: bool = False, stop: threading.Event | None = None) -> Published:
        """Bring the publication up to the newest checkpoint, or as far as it comes before `stop` is set.

        Looks at nothing that the published checkpoint covers, unless `everything` is asked for: then each file is
        compared and what is missing added. Raises `PublicationError` for what is there already and is something else,
        which stays as it is; `CorruptLogError` for a log that does not hash to its checkpoint; `UnavailableError`.
        """
        note = self._source.checkpoint()
        verifiers = self._verifiers()
        newest = open_checkpoint(note, *verifiers)
        standing, size = self._standing(newest)
        self.size = size
        if standing:
            self._require_conditions(standing)
        # Before the checkpoint: whoever meets a new key's signature finds out whose it is.
        added = self._keys.put(verifiers[0])
        if standing and standing.data == note.encode() and not everything:
            return Published(size, added)
        for stretch in stretches(self._source, 0 if everything else size, newest):
            if stop and stop.is_set():
                return Published(size, added)
            added += self._put_stretch(stretch, newest, everything)
        self._put_checkpoint(note.encode(), standing)
        self.size = newest.size
        self._tidy(size, newest.size)
        return Published(newest.size, added)

    def check(self) -> list[str]:
        """Compare every file under the published checkpoint with the log; return what is missing or something else.

        Changes nothing. Raises what `publish` raises for a checkpoint that is not this log's, and `NotFoundError` if
        there is none.
        """
        newest = open_checkpoint(self._source.checkpoint(), *self._verifiers())
        standing, size = self._standing(newest)
        if standing is None:
            raise NotFoundError(f"nothing is published at {self.place}")
        found: list[str] = []
        for stretch in stretches(self._source, 0, newest, stop=size):
            self._require_proven(stretch, newest)
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                found += filter(None, pool.map(self._difference, chain(stretch.files, stretch.upper)))
        return [*found, *filter(None, [self._keys.difference()])]

    def _standing(self, newest: Checkpoint) -> tuple[Held | None, int]:
        """Return the published checkpoint and its size, which must be of this log.

        That its root is the log's says more than a signature would, and lets keys change.
        """
        try:
            held = self._publication.get(CHECKPOINT, MAX_CHECKPOINT)
        except NotFoundError:
            return None, 0
        try:
            text = held.data.decode().partition("\n\n")[0] + "\n"
            found = parse_checkpoint(text)
        except (UnicodeDecodeError, CheckpointError) as error:
            raise PublicationError(f"what stands at {self.place}/{CHECKPOINT} is no checkpoint: {error}") from error
        if found.origin != newest.origin:
            raise PublicationError(f"{self.place} is for the log {found.origin}, not for {newest.origin}")
        if found.size > newest.size:
            raise PublicationError(
                f"{self.place} shows {found.size} entries, and the log has only {newest.size}: nothing is taken back"
            )
        if not self._extends(found.size, found.root, newest):
            raise PublicationError(
                f"the checkpoint at {self.place}, of size {found.size}, is not of this log's entries"
            )
        return held, found.size

    def _extends(self, size: int, root: bytes, newest: Checkpoint) -> bool:
        """Tell whether the log's own tiles prove that a tree is the beginning of that of its newest checkpoint."""
        try:
            proof = prove_consistency(size, newest.size, node_reader(tile_reader(self._source, newest.size)))
            verify_consistency(proof, root, newest.root)
        except ConsistencyProofError:
            return False
        return True

    def _require_proven(self, stretch: Stretch, newest: Checkpoint) -> None:
        if not self._extends(stretch.size, stretch.root, newest):
            raise CorruptLogError(
                f"the first {stretch.size} entries do not hash to the checkpoint of size {newest.size}: nothing of the "
                f"last of them is published"
            )

    def _put_stretch(self, stretch: Stretch, newest: Checkpoint, everything: bool) -> int:
        self._require_proven(stretch, newest)
        # The topmost tile comes last: where it stands all the others do, and a run that goes on need not look.
        if stretch.is_full and not everything and self._held(stretch.upper[-1].path) == stretch.upper[-1].data:
            return 0
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            running = [pool.submit(self._put, file) for file in stretch.files]
            try:
                added = sum(item.result() for item in running)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        return added + sum(map(self._put, stretch.upper))

    def _put(self, file: LogFile) -> bool:
        """Add a file, look whether it is there then, and say whether it was not there before."""
        added = self._publication.put_new(file.path, file.data)
        held = self._held(file.path)
        if held is None:
            raise UnavailableError(f"{self.place} says that {file.path} is there, and does not have it")
        if held != file.data:
            raise PublicationError(f"{self.place} has other bytes at {file.path} than the log: nothing was overwritten")
        return added

    def _held(self, path: str) -> bytes | None:
        """Return what is published at a path, None if there is nothing, no bytes if it is too long for any file."""
        try:
            return self._publication.get(path, MAX_BUNDLE).data
        except NotFoundError:
            return None
        except CorruptLogError:
            return b""

    def _difference(self, file: LogFile) -> str | None:
        held = self._held(file.path)
        if held is None:
            return f"{file.path} is missing"
        return None if held == file.data else f"{file.path} is not what the log has there"

    def _put_checkpoint(self, note: bytes, standing: Held | None) -> None:
        if standing is None:
            self._publication.put_new(CHECKPOINT, note)
        else:
            self._publication.replace(CHECKPOINT, note, standing.version)
        if self._publication.get(CHECKPOINT, MAX_CHECKPOINT).data != note:
            raise UnavailableError(f"{self.place} shows another checkpoint than the one that it was given")

    def _require_conditions(self, standing: Held) -> None:
        """Try once whether the store refuses what it must, on a file that would not be changed by it.

        One that knows no conditional requests would put an older checkpoint over a newer one. Raises
        `PublicationError`.
        """
        if self._trusted:
            return
        taken = self._publication.put_new(CHECKPOINT, standing.data)
        if taken or self._publication.replace(CHECKPOINT, standing.data, '"0"'):
            raise PublicationError(f"{self.place} overwrites what it should not: it ignores conditions of requests")
        self._trusted = True

    def _tidy(self, old: int, new: int) -> None:
        """Remove the partial tiles that full ones have taken the place of: readers take these instead (C2SP)."""
        try:
            for folder in partial_folders(old, new):
                for path in self._publication.names(folder):
                    self._publication.remove(path)
        except UnavailableError as error:
            _log.warning("partial tiles that are full now stay: %s", error)
