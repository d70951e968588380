# SPDX-License-Identifier: Apache-2.0
"""Loans on SQLite, for the writer: each record needs its loan's keys and state, so what was opened is remembered."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from notary.errors import UnavailableError
from notary.ports.records import Loan
from notary.privacy.vault import LoanKeys, Vault
from notary.stores.record_rows import open_loan, seal_loan
from notary.stores.sqlite_file import SqliteFile
from notary.stores.statements import STATEMENTS

_REMEMBERED = 16_384
_UNDER_WAY = "a loan is being erased; try again"

Name = tuple[int, str]
"""A loan's lender and number."""


class Place(NamedTuple):
    """A loan in the store: its number there, which never changes, its keys, and its state as it was read or written."""

    loan_id: int
    keys: LoanKeys
    sealed: bytes
    loan: Loan


class SqliteLoans(SqliteFile):
    """Implements the part of `notary.ports.log.LogStore` that is about loans."""

    def __init__(self, path: Path, vault: Vault) -> None:
        super().__init__(path, vault)
        self._places: dict[Name, Place] = {}

    def find_loans(self, keys: Sequence[Name]) -> dict[Name, Loan]:
        with self._reading() as connection:
            return {name: loan for name in keys if (loan := self._find(connection, name))}

    def _find(self, connection: sqlite3.Connection, name: Name) -> Loan | None:
        place = self._places.get(name)
        if place:
            row = connection.execute(STATEMENTS["loan_state"], (place.loan_id,)).fetchone()
            if row == (place.sealed, ""):
                return place.loan
            del self._places[name]
        lender, number = name
        row = connection.execute(STATEMENTS["find_loan"], (lender, self._index(lender, number))).fetchone()
        if row is None:
            return None
        *columns, loan_id = row
        loan = open_loan(self._vault, columns)
        if loan.erasure:
            # Its row has no number any more.
            return replace(loan, number=number)
        _, _, wrapped, _, sealed, _ = columns
        keys = self._vault.loan(lender, columns[1], wrapped)
        self._remember({name: Place(loan_id, keys, sealed, loan)})
        return loan

    def _save_loans(self, connection: sqlite3.Connection, loans: Sequence[Loan]) -> dict[Name, Place]:
        """Write the loans of a commit and return where they are, to be remembered once it is one."""
        places: dict[Name, Place] = {}
        new: list[tuple[Any, ...]] = []
        keys_of_new, grown = [], []
        following = connection.execute(STATEMENTS["last_loan"]).fetchone()[0] + 1
        for loan in loans:
            name = loan.lender, loan.number
            known = name in self._places or self._find(connection, name)
            if place := self._places.get(name):
                loan_id, keys = place.loan_id, place.keys
                sealed = seal_loan(loan, keys)
                grown.append((loan.records, sealed, loan_id))
            elif known:
                raise UnavailableError(_UNDER_WAY)
            else:
                index, loan_id = self.owner_keys(loan.lender).loan(loan.number), following + len(new)
                keys, wrapped = self._vault.new_loan(loan.lender, index, loan.number, loan.key)
                sealed = seal_loan(loan, keys)
                new.append((loan_id, loan.lender, index, loan.records, sealed))
                keys_of_new.append((loan_id, wrapped))
            places[name] = Place(loan_id, keys, sealed, loan)
        connection.executemany(STATEMENTS["add_loan"], new)
        connection.executemany(STATEMENTS["add_loan_keys"], keys_of_new)
        if connection.executemany(STATEMENTS["save_loan"], grown).rowcount < len(grown):
            raise UnavailableError(_UNDER_WAY)
        return places

    def _remember(self, places: dict[Name, Place]) -> None:
        if len(self._places) > _REMEMBERED:
            self._places.clear()
        self._places.update(places)
