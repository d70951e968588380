# SPDX-License-Identifier: Apache-2.0
"""What the tables' adapters need of a database: named statements, transactions, the keys of organisations.

The adapters (`*_table.py`, `*_tables.py`) know neither SQLite nor PostgreSQL. A store is all of them on one of the two:
`notary.stores.sqlite`, `notary.stores.postgres`.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from notary.errors import CorruptLogError
from notary.privacy.vault import OwnerKeys, Vault

Values = Sequence[Any] | Mapping[str, Any]
"""What a statement takes: in the order of its `?`, or by the names that stand behind its `:`."""


class Runner(ABC):
    """Runs the statements of one connection: each by itself, or all within one transaction."""

    @abstractmethod
    def version(self) -> Hashable:
        """Return what is another one once anything has changed in the database; None where nothing tells that."""

    @abstractmethod
    def one(self, statement: str, values: Values = ()) -> Any:
        """Return the first row that a statement finds, None if there is none."""

    @abstractmethod
    def all(self, statement: str, values: Values = ()) -> Iterator[Any]:
        """Yield the rows that a statement finds; on SQLite it stays open as long as they are read."""

    @abstractmethod
    def each(self, statement: str, keys: Sequence[Sequence[Any]]) -> list[Any]:
        """Return the row that a statement finds for each key, None where it finds none."""

    @abstractmethod
    def do(self, statement: str, values: Values = ()) -> int:
        """Run a statement; return how many rows it has changed."""

    @abstractmethod
    def do_each(self, statement: str, rows: Iterable[Sequence[Any]]) -> int:
        """Run a statement for each of many rows; return how many rows it has changed."""

    @abstractmethod
    def together(self, rows: int) -> AbstractContextManager[None]:
        """Within a transaction, let what only changes go to a server in as few messages as it takes.

        `rows` is how many the largest of the statements changes, about. None of them says in it how many rows it has
        changed, and what it raises may come as late as the end of the block.
        """


class Database(ABC):
    """A database whose keys `vault` opens; any number of threads may use it."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._owners: dict[int, OwnerKeys] = {}

    @property
    @abstractmethod
    def _rows(self) -> Runner:
        """What runs each statement by itself: on disk, if it changes anything, when it returns."""

    @abstractmethod
    def _transaction(self, alone: str = "") -> AbstractContextManager[Runner]:
        """Change several rows, all or nothing, on disk at the end of the block.

        No two transactions of the same name `alone` overlap: what one of them has read stays true until its end. SQLite
        lets no two overlap whatever their names.
        """

    @abstractmethod
    def _reading(self) -> AbstractContextManager[Runner]:
        """Read several times in one go: on SQLite as of one moment, on PostgreSQL each statement as of its own."""

    @abstractmethod
    def _destroyed(self, rows: Runner, tables: Iterable[str]) -> None:
        """Note, in the transaction that overwrites or deletes them, of which tables rows must leave no trace."""

    @abstractmethod
    def _sweep(self) -> None:
        """Leave nothing in the database's files of what `_destroyed` was called for.

        Raises `UnavailableError` where somebody else's use of them forbids it for now.
        """

    @abstractmethod
    def close(self) -> None:
        """Give up what the calling thread holds open."""

    def owner_keys(self, number: int) -> OwnerKeys:
        """Return an organisation's keys. Raises `CorruptLogError` if it has none, as only an unknown one can."""
        keys = self._owners.get(number)
        if keys is None:
            row = self._rows.one("owner_keys", (number,))
            if row is None:
                raise CorruptLogError(f"organisation {number} has no keys")
            keys = self._owners[number] = self._vault.owner(number, row[0])
        return keys

    def _index(self, lender: int, loan: str) -> bytes:
        """Return the blind index of a loan number; of an unknown lender's, one that is no loan's."""
        try:
            return self.owner_keys(lender).loan(loan)
        except CorruptLogError:
            return b""
