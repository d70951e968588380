# SPDX-License-Identifier: Apache-2.0
"""The hold on a log: while it is on, nothing is signed on top of what is stored.

It is set when the stored log is damaged, when it does not extend what the writer has seen of it, when the chain has
more of it than the database, and by `restore`, until the chain was asked. It outlives restarts: it is a file, or a row
in the database where several hosts sign. Whatever was signed stays readable and verifiable meanwhile.
"""

import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Literal

import orjson
import structlog

from notary.errors import SigningHeldError

Why = Literal["damaged", "behind the chain", "gone back", "restored"]

_log = structlog.get_logger()


class Hold(ABC):
    """The hold on a log, wherever it is kept."""

    def check(self) -> None:
        """Raise `SigningHeldError` while the hold is on."""
        if (found := self.read()) is not None:
            raise SigningHeldError(*found)

    def read(self) -> tuple[str, str] | None:
        """Return why the hold is on, and the details; None if it is not."""
        try:
            members = self._read()
            return None if members is None else (str(members["why"]), str(members["detail"]))
        except (OSError, ValueError, KeyError, TypeError):
            return "unreadable", "what is kept of it says not why"

    def place(self, why: Why, detail: str) -> None:
        """Set the hold, unless it is set."""
        if self.read() is None:
            self._write({"why": why, "detail": detail})
            # After `restore` it is as it should be.
            log = _log.info if why == "restored" else _log.error
            log("nothing is signed any more", why=why, detail=detail)

    @abstractmethod
    def lift(self) -> None:
        """Take the hold away."""

    @abstractmethod
    def _read(self) -> Any:
        """Return what `_write` has kept, None if that is nothing."""

    @abstractmethod
    def _write(self, members: dict[str, str]) -> None:
        """Keep the hold; it is on disk when this returns."""


class FileHold(Hold):
    """The hold of one data folder, in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def check(self) -> None:
        # A look at the name alone costs a microsecond, and each commit looks.
        if os.path.exists(self._path):
            super().check()

    def lift(self) -> None:
        self._path.unlink(missing_ok=True)

    def _read(self) -> Any:
        try:
            return orjson.loads(self._path.read_bytes())
        except FileNotFoundError:
            return None

    def _write(self, members: dict[str, str]) -> None:
        coming = self._path.with_suffix(".new")
        with os.fdopen(os.open(coming, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(orjson.dumps(members))
            file.flush()
            os.fsync(file.fileno())
        coming.replace(self._path)
