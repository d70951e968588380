# SPDX-License-Identifier: Apache-2.0
"""Loans, for the writer: each record needs its loan's keys and state, so what was opened is remembered."""

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

from notary.errors import UnavailableError
from notary.ports.records import Loan
from notary.privacy.cipher import fresh_nonces
from notary.privacy.vault import LoanKeys
from notary.stores.database import Database, Runner
from notary.stores.record_rows import open_loan, reopen_loan, seal_loan

_REMEMBERED = 16_384
_UNDER_WAY = "a loan is being erased; try again"

Row = tuple[Any, ...]
Name = tuple[int, str]
"""A loan's lender and number."""


class Place(NamedTuple):
    """A loan in the store: its number there, which never changes, its keys, and its state as it was read or written."""

    loan_id: int
    keys: LoanKeys
    sealed: bytes
    loan: Loan


class LoanTables(Database):
    """Implements the part of `notary.ports.log.LogStore` that is about loans."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._places: dict[Name, Place] = {}
        # The names of those that stand in the database of this version as they are remembered.
        self._current: set[Name] = set()
        self._version: Hashable = None

    def find_loans(self, keys: Sequence[Name]) -> dict[Name, Loan]:
        with self._reading() as rows:
            return self._find(rows, keys)

    def _find(self, rows: Runner, names: Sequence[Name]) -> dict[Name, Loan]:
        version = rows.version()
        if version is None or version != self._version:
            self._current.clear()
            self._version = version
        found = {name: self._places[name].loan for name in names if name in self._current}
        if len(found) == len(names):
            return found
        known = {name: place for name in names if name not in found and (place := self._places.get(name))}
        states = rows.each("loan_state", [(place.loan_id,) for place in known.values()])
        for (name, place), row in zip(known.items(), states, strict=True):
            if row is None or row[1]:
                self._places.pop(name, None)
                continue
            sealed, _, records = row
            if sealed != place.sealed:
                # Another process has gone on with it. Its key is what it was.
                place = place._replace(sealed=sealed, loan=reopen_loan(place.loan, place.keys, records, sealed))
                self._places[name] = place
            found[name] = place.loan
            self._current.add(name)
        unknown = [name for name in names if name not in found]
        stored = rows.each("find_loan", [(lender, self._index(lender, number)) for lender, number in unknown])
        for name, row in zip(unknown, stored, strict=True):
            if row is not None:
                found[name] = self._first_seen(name, row)
        return found

    def _first_seen(self, name: Name, row: Sequence[Any]) -> Loan:
        *columns, loan_id = row
        loan = open_loan(self._vault, columns)
        if loan.erasure:
            # Its row has no number any more.
            return loan._replace(number=name[1])
        lender, index, wrapped, _, sealed, _ = columns
        self._remember({name: Place(loan_id, self._vault.loan(lender, index, wrapped), sealed, loan)})
        return loan

    def _save_loans(self, rows: Runner, loans: Sequence[Loan]) -> tuple[dict[Name, Place], list[Row], list[Row]]:
        """Write the loans of a commit that were there, and return where all are, to be remembered once it is one.

        Return also the rows of those that are new and of their keys, which are still to be written.
        """
        places: dict[Name, Place] = {}
        new: list[Row] = []
        keys_of_new: list[Row] = []
        grown: list[Row] = []
        following = 0
        stored = self._find(rows, [name for loan in loans if (name := (loan.lender, loan.number)) not in self._places])
        for loan, nonce in zip(loans, fresh_nonces(len(loans)), strict=True):
            name = loan.lender, loan.number
            if place := self._places.get(name):
                loan_id, keys = place.loan_id, place.keys
                sealed = seal_loan(loan, keys, nonce)
                grown.append((loan.records, sealed, loan_id))
            elif name in stored:
                raise UnavailableError(_UNDER_WAY)
            else:
                following = following or rows.one("last_loan")[0] + 1
                index, loan_id = self.owner_keys(loan.lender).loan(loan.number), following + len(new)
                keys, wrapped = self._vault.new_loan(loan.lender, index, loan.number, loan.key)
                sealed = seal_loan(loan, keys, nonce)
                new.append((loan_id, loan.lender, index, loan.records, sealed))
                keys_of_new.append((loan_id, loan.lender, wrapped))
            places[name] = Place(loan_id, keys, sealed, loan)
        if rows.do_each("save_loan", grown) < len(grown):
            raise UnavailableError(_UNDER_WAY)
        return places, new, keys_of_new

    def _remember(self, places: dict[Name, Place]) -> None:
        if len(self._places) > _REMEMBERED:
            self._places.clear()
            self._current.clear()
        self._places.update(places)
        self._current.update(places)
