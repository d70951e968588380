# SPDX-License-Identifier: Apache-2.0
"""How one key of a log followed another, for those who trust one of them and meet the other.

A succession is a signed note (C2SP signed-note) of six lines, signed by both keys::

    loan-notary/log-key@1
    <origin>
    <verifier key of the old one>
    <verifier key of the new one>
    <when it was announced, RFC 3339>
    <until when the old one signs too, RFC 3339>

A key history is all successions of a log. It says nothing of a key that was stolen: whoever has that can announce a
successor too, so a history is to be taken from the notary.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, NoReturn

from pydantic import Field, ValidationError

from notary.canonical import canonical_json, parse_canonical
from notary.encoding import format_time, parse_time
from notary.errors import Fault, SignedNoteError
from notary.log.signed_note import NoteSigner, NoteVerifier, open_note, parse_verifier
from notary.records.fields import Model

FORMAT = "loan-notary/log-keys@1"
MAX_HISTORY = 256 * 1024
_FIRST_LINE = "loan-notary/log-key@1"


@dataclass(frozen=True)
class Succession:
    """One key of a log after another; times in milliseconds since 1970."""

    old: NoteVerifier
    new: NoteVerifier
    announced_at: int
    until: int

    def format(self) -> str:
        """Write the text that both keys sign."""
        times = (format_time(self.announced_at), format_time(self.until))
        return "\n".join((_FIRST_LINE, self.old.name, self.old.format(), self.new.format(), *times)) + "\n"


def sign_succession(both: NoteSigner, announced_at: int, until: int) -> str:
    """Return the note that the second key of a signer follows the first, signed by both."""
    old, new = both.known
    return both.sign_note(Succession(old, new, announced_at, until).format())


def open_succession(note: str) -> Succession:
    """Read what `sign_succession` writes; both signatures are verified. Raises `SignedNoteError`."""
    lines = note.split("\n")
    if len(lines) < 6 or lines[0] != _FIRST_LINE:
        _refuse("is not the succession of one key of a log to another")
    try:
        found = Succession(
            parse_verifier(lines[2]), parse_verifier(lines[3]), parse_time(lines[4]), parse_time(lines[5])
        )
    except ValueError:
        _refuse("has a time that is none")
    if found.old.name != found.new.name or found.old == found.new:
        _refuse("does not name two keys of one log")
    for key in (found.old, found.new):
        if open_note(note, key) != found.format():
            _refuse("is not written as this format has it")
    return found


def write_history(successions: Iterable[str]) -> bytes:
    """Return the key history of these notes, oldest first."""
    return canonical_json({"format": FORMAT, "successions": list(successions)})


def read_notes(history: bytes) -> tuple[str, ...]:
    """Return the notes of a key history, oldest first; none is verified. Raises `InvalidInputError`."""
    value = parse_canonical(history, limit=MAX_HISTORY)
    try:
        return _Shape.model_validate(value).successions
    except ValidationError:
        _refuse(f"is not a key history of the format {FORMAT}")


def parse_history(data: bytes) -> tuple[Succession, ...]:
    """Read a key history and verify each succession. Raises `InvalidInputError` of several kinds."""
    return tuple(map(open_succession, read_notes(data)))


def related_keys(log_key: NoteVerifier, history: Sequence[Succession]) -> tuple[NoteVerifier, ...]:
    """Return the keys that a history ties to `log_key`, before it and after it, over any number of steps.

    Raises `SignedNoteError` for a history of another log: nothing in it is about `log_key`.
    """
    found = [log_key]
    for key in found:
        beside = [item.new for item in history if item.old == key] + [item.old for item in history if item.new == key]
        found += [other for other in dict.fromkeys(beside) if other not in found]
    if history and len(found) == 1:
        _refuse(f"the key history says nothing of {log_key.format()}")
    return tuple(found[1:])


def read_related(log_key: NoteVerifier | None, history: Path | None) -> tuple[NoteVerifier, ...]:
    """Return the keys that a file of history ties to a key; none without a file.

    Raises `SignedNoteError` for a history without a key that is trusted, `OSError` for a file that cannot be read.
    """
    if history is None:
        return ()
    if log_key is None:
        _refuse("a key history says nothing without a key of the log that you trust")
    return related_keys(log_key, parse_history(history.read_bytes()))


def choose_key(named: str, log_key: NoteVerifier | None, related: Sequence[NoteVerifier]) -> NoteVerifier:
    """Return the key to check a document with that names one.

    It is `log_key`, which is trusted, or one of those related to it; the one that is named if none is trusted. Raises
    `SignedNoteError` if that is none.
    """
    if log_key is None:
        return parse_verifier(named)
    return next((key for key in related if key.format() == named), log_key)


def signer_of(note: str, *keys: NoteVerifier) -> NoteVerifier:
    """Return the first of these keys that signed a note. Raises `SignedNoteError` if none has, or one wrongly."""
    open_note(note, *keys)
    return next(key for key in keys if _has_signed(key, note))


def source_of(key: NoteVerifier, log_key: NoteVerifier | None, kind: str) -> str:
    """Say for a report where the key that `choose_key` chose comes from."""
    if log_key is None:
        return f"as the {kind} names it: compare it with the operator's"
    return "given by you" if key == log_key else f"which a key history ties to the one given by you, {log_key.format()}"


def _has_signed(key: NoteVerifier, note: str) -> bool:
    try:
        open_note(note, key)
    except SignedNoteError:
        return False
    return True


class _Shape(Model):
    format: Literal["loan-notary/log-keys@1"]
    successions: Annotated[tuple[str, ...], Field(strict=False, max_length=1000)]


def _refuse(detail: str) -> NoReturn:
    raise SignedNoteError(Fault("", detail))
