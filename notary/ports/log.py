# SPDX-License-Identifier: Apache-2.0
"""The log, and what one commit adds to it."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from notary.log.anchors import LogHead
from notary.log.tiles import Tile
from notary.ports.records import Loan, StoredRecord


@dataclass
class Batch:
    """All that one commit adds: entries from `LogHead.size` of the old head on, and what belongs to them."""

    head: LogHead
    entries: list[bytes] = field(default_factory=list)
    records: list[StoredRecord] = field(default_factory=list)
    loans: list[Loan] = field(default_factory=list)
    tiles: dict[Tile, bytes] = field(default_factory=dict)


class LogStore(Protocol):
    """The log and the records behind it.

    A database is written by one process, or by several that take turns: `turn` is how they do.
    """

    def head(self) -> LogHead | None:
        """Return the newest checkpoint, or None for a database that no log was begun in."""

    def read_tiles(self, tiles: Sequence[Tile]) -> list[bytes]:
        """Return the tiles as they are stored. Raises `NotFoundError` if one is not there."""

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the entries of the indexes [start, stop), as far as there are any."""

    def find_records(self, keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], StoredRecord]:
        """Return the records with these (lender, record id); what is not there is left out."""

    def find_loans(self, keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Loan]:
        """Return the loans with these (lender, loan number); what is not there is left out."""

    def turn(self, known: LogHead | None) -> AbstractContextManager[LogHead | None]:
        """Keep all others from committing until the end of the context, or until the commit in it; yield the head.

        What the calling thread reads in it, it reads as the turn before left it. A store that has one writer only has
        nobody to keep away: it yields `known`, the head as that writer last saw it. Raises `UnavailableError` where
        somebody else keeps the turn for too long.
        """

    def commit(self, expected: LogHead | None, batch: Batch) -> None:
        """Add a batch on top of `expected`, all or nothing, and on disk when this returns.

        Raises `ForkError`, changing nothing, if the stored head is another one.
        """
