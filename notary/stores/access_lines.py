# SPDX-License-Identifier: Apache-2.0
"""What the access log says and is told alike on both databases; the statements have one name on each."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from notary.access_log import Access, Head, NotedAccess


class AccessLines(ABC):
    """Reads the lines of the access log, covers them, and forgets them: most of `notary.access_log.AccessLog`."""

    def accesses(
        self, lender: int, before: int, limit: int, references: Sequence[str] | None = None
    ) -> list[NotedAccess]:
        values: dict[str, Any] = {"lender": lender, "before": before, "limit": limit}
        if references is None:
            return [_noted(row) for row in self._rows("accesses", values)]
        return [_noted(row) for row in self._rows("accesses_of", {**values, "references": self._list(references)})]

    def count(self, lender: int, references: Sequence[str]) -> int:
        [(found,)] = self._rows("count_accesses_of", {"lender": lender, "references": self._list(references)})
        return int(found)

    def heads(self) -> list[Head]:
        return [Head(*row) for row in self._rows("access_heads", {})]

    def covered(self, lender: int, number: int) -> None:
        self._change("cover_accesses", (number, lender))

    def forget(self, before: int) -> None:
        self._change("forget_accesses", (before,))

    @abstractmethod
    def _rows(self, statement: str, values: dict[str, Any]) -> list[Any]:
        """Return the rows that a statement finds."""

    @abstractmethod
    def _change(self, statement: str, values: tuple[Any, ...]) -> None:
        """Run a statement in a transaction of its own, while nobody else changes lines."""

    @staticmethod
    @abstractmethod
    def _list(references: Sequence[str]) -> object:
        """Return references as a statement takes them."""


def line_row(number: int, access: Access, hashed: bytes) -> tuple[Any, ...]:
    """Return a line as the row that it is in the table."""
    return (
        access.lender, number, access.at, access.reader, access.by, access.way, access.kind, access.loan,
        access.document, access.entry, access.query, access.trace_id, hashed,
    )  # fmt: skip


def _noted(row: Sequence[Any]) -> NotedAccess:
    lender, number, *rest, hashed = row
    return NotedAccess(number, Access(lender, *rest), hashed)
