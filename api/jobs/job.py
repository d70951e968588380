# SPDX-License-Identifier: Apache-2.0
"""A bulk job, its parts, and how far it has come."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from api.folders.keys import FolderKey

TREE = "tree"
"""For what a job's tree is sealed."""


@dataclass(frozen=True)
class Progress:
    """How far a job has come.

    `lines` were answered, of which `placed` are new in the log, `known` were there, and `refused` are problems. They
    take `read` bytes of the input, and the first `written` bytes of the file of results hold the answers. `busy` counts
    the milliseconds that the worker has spent on them.
    """

    lines: int = 0
    placed: int = 0
    known: int = 0
    refused: int = 0
    read: int = 0
    written: int = 0
    busy: int = 0
    finished_at: int | None = None


@dataclass(frozen=True)
class Part:
    """A part of a job's input: its number from 1, its SHA-256 in hex, its bytes."""

    number: int
    sha256: str
    size: int
    path: Path
    key: FolderKey = field(repr=False)

    def open(self) -> BinaryIO:
        """Open what was uploaded. Raises `OSError`, `CorruptLogError`, `DataKeyError`."""
        return self.key.open_file(part_name(self.number), self.path)


@dataclass(frozen=True)
class Job:
    """A job as it stands. Times are milliseconds since 1970."""

    id: str
    lender: int
    created_at: int
    documents_required: bool
    started_at: int | None
    cancelled_at: int | None
    parts: tuple[Part, ...]
    progress: Progress
    folder: Path
    key: FolderKey = field(repr=False)

    @property
    def state(self) -> str:
        """One of "open", "running", "done", "cancelled"."""
        if self.progress.finished_at is not None:
            return "done"
        if self.cancelled_at is not None:
            return "cancelled"
        return "open" if self.started_at is None else "running"

    @property
    def is_over(self) -> bool:
        """Tell whether it is done or cancelled."""
        return self.state in ("done", "cancelled")

    @property
    def size(self) -> int:
        """Bytes of the input."""
        return sum(part.size for part in self.parts)

    @property
    def results(self) -> Path:
        """The file of the answers (`api.jobs.results`)."""
        return self.folder / "results"

    @property
    def tree(self) -> Path:
        """The file of the tree over the records, once a batch under one signature is known to be what was signed."""
        return self.folder / TREE


def part_name(number: int) -> str:
    """Return for what a part is sealed."""
    return f"part {number}"
