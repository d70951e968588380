# SPDX-License-Identifier: Apache-2.0
"""A copy of the database that follows another one and can only be read."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Standing:
    """How far a replica has come.

    Attributes:
        follows: whether it is a replica still; one that was promoted follows nobody, and others write to it.
        connected: whether it is being sent what its primary commits.
        paused: whether it was told not to apply what it gets.
        behind_bytes: how much of the write-ahead log it has got and not applied; None where it was sent none.
        behind_seconds: 0 where it has applied all that it got and is being sent more; else for how long the newest
            commit has been applied, which it is behind at most by what it knows. None where no commit was applied.
    """

    follows: bool
    connected: bool
    paused: bool
    behind_bytes: int | None
    behind_seconds: float | None


class Replica(Protocol):
    """A replica, and where to write instead."""

    @property
    def writes_at(self) -> str:
        """The URL of a host that writes."""

    def standing(self) -> Standing:
        """Return how far it has come. Raises `UnavailableError`."""
