# SPDX-License-Identifier: Apache-2.0
"""The log's key history as a file beside a published checkpoint: it only grows, as the log does."""

from collections.abc import Callable

from notary.audit.sources import KEYS
from notary.errors import CorruptLogError, InvalidInputError, NotFoundError, PublicationError, UnavailableError
from notary.log.key_history import MAX_HISTORY, parse_history, read_notes, related_keys
from notary.log.signed_note import NoteVerifier
from notary.ports.publication import Held, Publication


class PublishedKeys:
    """One log's key history at one place; `history` returns the log's own, None where nobody has one."""

    def __init__(self, publication: Publication, history: Callable[[], bytes | None]) -> None:
        self._publication, self._history = publication, history

    def put(self, trusted: NoteVerifier) -> int:
        """Bring the published history up to the log's, of which `trusted` is a key; return how many files were added.

        A log whose key never changed needs none. Raises `PublicationError` for one that the log's does not go on
        from, which stays as it is; `InvalidInputError` and `CorruptLogError` for a history of the log that proves
        nothing; `UnavailableError`.
        """
        history = self._history()
        if history is None:
            return 0
        _require_proven(history, trusted)
        held, added = self._held(), False
        if held is not None:
            self._require_growth(held, history)
            if held.data != history:
                self._publication.replace(KEYS, history, held.version)
        elif read_notes(history):
            added = self._publication.put_new(KEYS, history)
        else:
            return 0
        standing = self._held()
        if standing is None or standing.data != history:
            raise UnavailableError(f"{self._publication.place} shows another key history than it was given")
        return int(added)

    def difference(self) -> str | None:
        """Say how the published history differs from the log's, None if it does not. Raises `UnavailableError`."""
        history = self._history()
        if history is None:
            return None
        held = self._held()
        if held is None:
            return f"{KEYS} is missing" if read_notes(history) else None
        return None if held.data == history else f"{KEYS} is not what the log has there"

    def _held(self) -> Held | None:
        """Return what is published, None if there is nothing, no bytes if it is too long for any history."""
        try:
            return self._publication.get(KEYS, MAX_HISTORY)
        except NotFoundError:
            return None
        except CorruptLogError:
            return Held(b"", "")

    def _require_growth(self, held: Held, history: bytes) -> None:
        where = f"{self._publication.place}/{KEYS}"
        try:
            older = read_notes(held.data)
        except InvalidInputError as error:
            raise PublicationError(f"what stands at {where} is no key history: {error}") from error
        if read_notes(history)[: len(older)] != older:
            raise PublicationError(
                f"the log's key history does not go on from that at {where}: nothing was overwritten"
            )


def _require_proven(history: bytes, trusted: NoteVerifier) -> None:
    """Raise unless every key of a history is tied to one of the log."""
    successions = parse_history(history)
    known = (trusted, *related_keys(trusted, successions))
    if any(item.old not in known for item in successions):
        raise CorruptLogError(f"the log's key history has keys that nothing ties to {trusted.format()}")
