# SPDX-License-Identifier: Apache-2.0
"""The hold on a log: while the file `hold.json` is there, nothing is signed on top of what is stored.

It is set when the stored log is damaged, when it does not extend what the writer has seen of it, when the chain has
more of it than the database, and by `restore`, until the chain was asked. It outlives restarts. Whatever was signed
stays readable and verifiable meanwhile.
"""

import os
from pathlib import Path
from typing import Literal

import orjson
import structlog

from notary.errors import SigningHeldError

Why = Literal["damaged", "behind the chain", "gone back", "restored"]

_log = structlog.get_logger()


class Hold:
    """The hold of one data folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def check(self) -> None:
        """Raise `SigningHeldError` while the hold is on."""
        # A look at the name alone costs a microsecond, and each commit looks.
        if os.path.exists(self._path):
            why, detail = self.read() or ("", "")
            raise SigningHeldError(why, detail)

    def read(self) -> tuple[str, str] | None:
        """Return why the hold is on, and the details; None if it is not."""
        try:
            members = orjson.loads(self._path.read_bytes())
            return str(members["why"]), str(members["detail"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            return "unreadable", f"{self._path.name} says not why"

    def place(self, why: Why, detail: str) -> None:
        """Set the hold, unless it is set."""
        if self.read() is not None:
            return
        coming = self._path.with_suffix(".new")
        with os.fdopen(os.open(coming, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(orjson.dumps({"why": why, "detail": detail}))
            file.flush()
            os.fsync(file.fileno())
        coming.replace(self._path)
        _log.error("nothing is signed any more", why=why, detail=detail)

    def lift(self) -> None:
        """Take the hold away."""
        self._path.unlink(missing_ok=True)
