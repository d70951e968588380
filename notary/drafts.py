# SPDX-License-Identifier: Apache-2.0
"""Half-signed records: they wait here until every party that their type asks for has signed.

A draft is not in the log and has no place in its loan. The signature that completes it brings it there, as if the whole
envelope had been submitted at that moment. Any number of processes may do this at once: a draft changes only from the
state in which it was seen, and the log takes one record of an id.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from notary.canonical import canonical_json, parse_json
from notary.envelope import MAX_SIGNATURES, Envelope, envelope_from_json
from notary.errors import (
    DraftError,
    DuplicateRecordError,
    Fault,
    InvalidEnvelopeError,
    InvalidInputError,
    InvalidSignatureError,
    LogBusyError,
    NotFoundError,
    RefusedError,
)
from notary.log.submission import Placed, Submission
from notary.parties.signatures import missing_signers
from notary.ports.drafts import Draft, DraftStore
from notary.ports.log import LogStore
from notary.ports.parties import Lender
from notary.ports.records import StoredRecord
from notary.records import Record
from notary.registration import MAX_BODY, Registrar

DAY = 86_400_000
_TRIES = 32


class DraftingStore(DraftStore, LogStore, Protocol):
    """Where drafts wait, and what shows that a record is in the log."""


Admission = Callable[[Submission], None]
"""Raises what speaks against a record that is complete, such as that its documents are not there."""


class Gate(Protocol):
    """The way into the log, such as `notary.refusals.PolicyGate`."""

    def append(self, lender: Lender, submissions: Sequence[Submission]) -> list[Placed | RefusedError]:
        """Place each of one lender's submissions, or say why not."""


@dataclass(frozen=True)
class Waiting:
    """A draft that lacks signatures; `changed` says whether what was handed in made or signed it."""

    draft: Draft
    changed: bool


@dataclass(frozen=True)
class Completed:
    """A record that is in the log, and what has just been submitted of it, unless it was there before."""

    index: int
    placed: tuple[Submission, Placed] | None = None


class Drafts:
    """Takes signatures until a record is complete. `clock` gives milliseconds since 1970; `lifetime` is in them too."""

    def __init__(
        self,
        store: DraftingStore,
        gate: Gate,
        registrar: Registrar,
        clock: Callable[[], int],
        lifetime: int = 30 * DAY,
    ) -> None:
        self._store = store
        self._gate = gate
        self._registrar = registrar
        self._clock = clock
        self._lifetime = lifetime

    def hand_in(self, lender: Lender, body: bytes, admit: Admission) -> Waiting | Completed:
        """Take an envelope with one signature or more: a new draft, or more signatures of one that waits.

        What is complete goes into the log at once, if `admit` lets it. Raises what that raises, `InvalidInputError` of
        any kind, `DraftError` where a record of this id waits with another payload, `DuplicateRecordError` where one is
        in the log, and whatever else the log refuses a record with; then nothing has changed. Raises `UnavailableError`
        where it is not known whether the log has taken it; then the same again is harmless.
        """
        value = parse_json(body, limit=MAX_BODY)
        if not isinstance(value, dict) or "payload" not in value:
            raise InvalidEnvelopeError(Fault("", "a draft is an envelope with at least one signature"))
        return self._take(lender, envelope_from_json(value), admit)

    def sign(self, lender: Lender, record_id: str, body: bytes, admit: Admission) -> Waiting | Completed:
        """Take one signature, `{"protected", "signature"}`, of a record that waits. Raises as `hand_in` does."""
        value = parse_json(body, limit=MAX_BODY)
        known = self._store.draft(lender.number, record_id, self._clock()) or self._recorded(lender, record_id)
        if known is None:
            raise _not_found()
        offered = {**Envelope(known.payload).to_json(), "signatures": [value]}
        try:
            return self._take(lender, envelope_from_json(offered), admit)
        except InvalidInputError as error:
            faults = (replace(item, pointer=item.pointer.removeprefix("/signatures/0")) for item in error.faults)
            raise type(error)(*faults) from None

    def find(self, lender: Lender, record_id: str) -> Draft:
        """Return a draft. Raises `NotFoundError`."""
        draft = self._store.draft(lender.number, record_id, self._clock())
        # One that was left behind, because whoever completed it came no further than the log, does not wait.
        if draft is None or self._recorded(lender, record_id):
            raise _not_found()
        return draft

    def page(self, lender: Lender, after: str, limit: int) -> tuple[list[Draft], str | None]:
        """Return the drafts among the lender's first `limit`, by rising id, whose id is above `after`.

        Return also where the next page begins, None if there is none.
        """
        drafts = self._store.drafts(lender.number, after, limit, self._clock())
        settled = self._store.find_records([(lender.number, draft.record_id) for draft in drafts])
        following = drafts[-1].record_id if len(drafts) == limit else None
        return [draft for draft in drafts if (lender.number, draft.record_id) not in settled], following

    def withdraw(self, lender: Lender, record_id: str) -> None:
        """Give a draft up. Raises `NotFoundError`."""
        if not self._store.remove_draft(lender.number, record_id):
            raise _not_found()

    def _take(self, lender: Lender, offered: Envelope, admit: Admission) -> Waiting | Completed:
        if not offered.signatures:
            raise InvalidSignatureError(Fault("/signatures", "needs at least one signature", "C3"))
        record, signed = self._registrar.check_signatures(lender, offered)
        # Somebody else may change the draft between two steps: then begin again with what it is by now.
        for _ in range(_TRIES):
            if outcome := self._try(lender, record, offered, signed, admit):
                return outcome
        raise LogBusyError("others sign the same record all the time; try again shortly")

    def _try(
        self, lender: Lender, record: Record, offered: Envelope, signed: dict[str, str], admit: Admission
    ) -> Waiting | Completed | None:
        now = self._clock()
        known = self._store.draft(lender.number, record.id, now)
        if known is None:
            if recorded := self._recorded(lender, record.id):
                return _same(recorded, offered)
            empty = Draft(lender.number, record.id, offered.payload, "[]", "{}", now, now + self._lifetime)
            draft = _grown(empty, offered, signed)
            if not missing_signers(record, signed):
                return self._complete(lender, None, draft, admit)
            return Waiting(draft, changed=True) if self._store.add_draft(draft) else None
        if known.payload != offered.payload:
            raise DraftError(record.id)
        if not missing_signers(record, known.signed):
            # Whoever completed it did not come as far as the log, or is on the way. What more comes now is too late.
            completed = self._complete(lender, known, known, admit)
            return completed if signed.keys() <= known.signed.keys() else None
        grown = _grown(known, offered, signed)
        if grown == known:
            return Waiting(known, changed=False)
        if missing_signers(record, grown.signed):
            return Waiting(grown, changed=True) if self._store.sign_draft(known, grown) else None
        return self._complete(lender, known, grown, admit)

    def _complete(self, lender: Lender, known: Draft | None, grown: Draft, admit: Admission) -> Completed | None:
        """Bring a draft into the log that has all its signatures; return None if it is not `known` any more."""
        submission = self._submission(lender, grown)
        admit(submission)
        # Kept first: once the last signature is here, no other one is taken beside it.
        if known is not None and known != grown and not self._store.sign_draft(known, grown):
            return None
        [placed] = self._gate.append(lender, [submission])
        if isinstance(placed, DuplicateRecordError):
            self._store.remove_draft(grown.lender, grown.record_id)
            raise placed
        if isinstance(placed, RefusedError):
            if known is not None:
                self._store.sign_draft(grown, known)
            raise placed
        self._store.remove_draft(grown.lender, grown.record_id)
        return Completed(placed.index, (submission, placed) if placed.fresh else None)

    def _submission(self, lender: Lender, draft: Draft) -> Submission:
        """Check all of a draft again, as of now."""
        try:
            return self._registrar.submission(lender, draft.envelope.encode(), prove=True)
        except InvalidInputError as error:
            # The pointers are not into what was sent, which may be one signature of several.
            faults = (Fault("", f"the record cannot be completed: {item.detail}", item.check) for item in error.faults)
            raise type(error)(*faults) from None

    def _recorded(self, lender: Lender, record_id: str) -> StoredRecord | None:
        key = (lender.number, record_id)
        return self._store.find_records([key]).get(key)


def _grown(draft: Draft, offered: Envelope, signed: dict[str, str]) -> Draft:
    """Return a draft with the signatures of `offered` whose keys have not signed it yet."""
    before = draft.envelope.signatures
    more = tuple(item for item in offered.signatures if item.kid not in draft.signed)
    if len(before) + len(more) > MAX_SIGNATURES:
        raise InvalidEnvelopeError(Fault("/signatures", f"would be more than {MAX_SIGNATURES} signatures"))
    envelope = Envelope(draft.payload, before + more)
    if len(envelope.encode()) > MAX_BODY:
        raise InvalidEnvelopeError(Fault("/signatures", f"would make an envelope of more than {MAX_BODY} bytes"))
    members = envelope.to_json()
    signers = {**draft.signed, **{item.kid: signed[item.kid] for item in more}}
    return replace(
        draft,
        signatures=canonical_json(members["signatures"]).decode("ascii"),
        signers=canonical_json(signers).decode("ascii"),
    )


def _same(recorded: StoredRecord, offered: Envelope) -> Completed:
    """Return the record that is in the log, if what was handed in is part of it."""
    kids = {signature.kid for signature in recorded.envelope.signatures}
    if recorded.payload != offered.payload or not {signature.kid for signature in offered.signatures} <= kids:
        raise DuplicateRecordError(recorded.record_id, recorded.index)
    return Completed(recorded.index)


def _not_found() -> NotFoundError:
    return NotFoundError("no record of this id waits for signatures")
