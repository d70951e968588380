# SPDX-License-Identifier: Apache-2.0
"""The log that a command's options name: where it is, and whose checkpoints of it are believed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click

from api.audits.parts import Target
from api.cli.options import data_option
from api.cli.paths import FOLDER
from api.cli.trusted import key_history_option
from api.keys.log_keys import load_verifiers, log_keys
from api.log_fetch import url_fetch
from api.settings import DataFolder
from notary.audit.sources import folder_fetch, served_history
from notary.errors import CorruptLogError, InvalidInputError, NotFoundError, SignedNoteError, UnavailableError
from notary.log.key_history import parse_history, related_keys, signer_of
from notary.log.signed_note import NoteVerifier, parse_verifier


@dataclass(frozen=True)
class NamedLog:
    """A log, the key of it that is trusted, and who knows its key history.

    `folder` is the notary's own, if that is what was named. `history` returns the key history, None where there is
    none; it raises `UnavailableError` and `CorruptLogError`.
    """

    target: Target
    log_key: NoteVerifier
    history: Callable[[], bytes | None]
    folder: DataFolder | None = None

    def related(self) -> Sequence[NoteVerifier]:
        """Return the keys that the key history ties to the trusted one.

        Raises what `history` does, and `InvalidInputError` for a history that proves nothing of that key.
        """
        history = self.history()
        return related_keys(self.log_key, parse_history(history)) if history else ()

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


def log_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--data`, `--copy`, `--log`, `--log-key` and `--key-history`, together a `log`: one's own or another's."""

    def wrapped(
        folder: DataFolder, copy: Path | None, url: str | None, log_key: str | None, key_history: Path | None,
        **rest: Any,
    ) -> Any:  # fmt: skip
        return function(log=_named_log(folder, copy, url, log_key, key_history), **rest)

    wrapped.__name__, wrapped.__doc__ = function.__name__, function.__doc__
    wrapped.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
    for option in (
        key_history_option("The notary's key history, if it is not served beside the log: its other keys count too."),
        click.option("--log-key", help="The log's verifier key, as its operator publishes it (with --copy or --log)."),
        click.option("--log", "url", help="URL below which a log is served, instead of a data folder."),
        click.option(
            "--copy",
            type=FOLDER,
            help="A copy of a log that `export-log` wrote, instead of a data folder.",
        ),
        data_option,
    ):
        wrapped = option(wrapped)
    return wrapped


def _named_log(
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
    told = _read_history(key, key_history) if key_history else None
    if copy:
        target, history = Target("copy", str(copy)), partial(served_history, folder_fetch(copy))
    elif url:
        target, history = Target("url", url), partial(served_history, url_fetch(url))
    else:
        own = log_keys(folder)
        return NamedLog(Target("data", str(folder.path)), key, (lambda: told) if told else own.history, folder)
    return NamedLog(target, key, (lambda: told) if told else history)


def _read_history(key: NoteVerifier, file: Path) -> bytes:
    """Return a key history from a file. Raises `InvalidInputError` unless it is one that says something of `key`."""
    data = file.read_bytes()
    related_keys(key, parse_history(data))
    return data
