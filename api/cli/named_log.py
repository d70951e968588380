# SPDX-License-Identifier: Apache-2.0
"""The log that a command's options name: where it is, and whose checkpoints of it are believed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from api.audit_parts import Target
from api.log_fetch import url_fetch
from api.settings import DataFolder
from api.wiring import load_verifiers
from notary.audit.sources import folder_fetch, served_keys
from notary.errors import CorruptLogError, InvalidInputError, NotFoundError, SignedNoteError, UnavailableError
from notary.log.key_history import read_related, signer_of
from notary.log.signed_note import NoteVerifier, parse_verifier


@dataclass(frozen=True)
class NamedLog:
    """A log, the key of it that is trusted, and who knows the keys that its key history ties to that.

    `related` is asked only where the trusted key did not sign; it raises `InvalidInputError` for a history that proves
    nothing of that key, `UnavailableError` and `CorruptLogError`.
    """

    target: Target
    log_key: NoteVerifier
    related: Callable[[], Sequence[NoteVerifier]]

    def signer_of(self, note: str) -> NoteVerifier:
        """Return the key that signed a note of the log. Raises what `related` does, `SignedNoteError` if none has."""
        try:
            return signer_of(note, self.log_key)
        except SignedNoteError:
            return signer_of(note, self.log_key, *self.related())

    def newest_signer(self) -> NoteVerifier:
        """Return the key of the newest checkpoint; the one that is trusted if that cannot be told.

        What is wrong then, whoever reads the checkpoint finds.
        """
        source, _ = self.target.open()
        try:
            return self.signer_of(source.checkpoint())
        except (InvalidInputError, NotFoundError, UnavailableError, CorruptLogError):
            return self.log_key


def named_log(
    folder: DataFolder, copy: Path | None, url: str | None, log_key: str | None, key_history: Path | None
) -> NamedLog:
    """Return the log that the options name. Raises `InvalidInputError` for a key or a history that is none."""
    if copy and url:
        raise click.UsageError("--copy and --log name two logs")
    if not copy and not url:
        folder.settings()  # says best what is wrong with a folder that is none
    elif not log_key:
        raise click.UsageError("--log-key is needed: whose checkpoints are to be believed?")
    key = parse_verifier(log_key) if log_key else load_verifiers(folder)[0]
    told = read_related(key, key_history)
    if copy:
        target, fetch = Target("copy", str(copy)), folder_fetch(copy)
    elif url:
        target, fetch = Target("url", url), url_fetch(url)
    else:
        return NamedLog(Target("data", str(folder.path)), key, lambda: told)
    return NamedLog(target, key, (lambda: told) if key_history else partial(served_keys, fetch, key))
