# SPDX-License-Identifier: Apache-2.0
"""Which keys of a log a command's options trust: one, none, and those that a key history ties to the one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from api.cli.paths import FILE
from notary.log.key_history import read_related
from notary.log.signed_note import NoteVerifier, parse_verifier


@dataclass(frozen=True)
class TrustedKeys:
    """The key of the log that is trusted, if any was named, and the keys that a key history ties to it."""

    log_key: NoteVerifier | None
    related: tuple[NoteVerifier, ...]

    def or_named(self, named: str) -> tuple[NoteVerifier, ...]:
        """Return all of these keys, the trusted one first; the one that a document names if none is trusted.

        Raises `SignedNoteError` if that is none.
        """
        return (self.log_key or parse_verifier(named), *self.related)


def key_history_option(text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return what adds `--key-history`, an existing file, with this help."""
    return click.option("--key-history", type=FILE, help=text)


def trusted_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--log-key` and `--key-history`, together `trusted`."""

    def wrapped(log_key: str | None, key_history: Path | None, **rest: Any) -> Any:
        key = parse_verifier(log_key) if log_key else None
        return function(trusted=TrustedKeys(key, read_related(key, key_history)), **rest)

    wrapped.__name__, wrapped.__doc__ = function.__name__, function.__doc__
    wrapped.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
    for option in (
        key_history_option("The notary's key history (with --log-key): earlier and later keys of its log count too."),
        click.option("--log-key", help="The log's verifier key, as its operator publishes it."),
    ):
        wrapped = option(wrapped)
    return wrapped
