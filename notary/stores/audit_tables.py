# SPDX-License-Identifier: Apache-2.0
"""What an audit reads."""

from collections.abc import Iterator, Sequence
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

from notary.errors import CorruptLogError, DataKeyError
from notary.ports.audit import LoanHistory, SealedRecord
from notary.ports.records import Loan, StoredRecord
from notary.stores.database import Database
from notary.stores.record_rows import LOAN_COLUMNS, open_loan, open_record

_ENTRY = 1 + LOAN_COLUMNS
_RECORD = _ENTRY + 1
"""Where the entry, and the record's columns, begin in a row."""


class AuditTables(Database):
    """Implements the audit's part of `notary.ports.audit.AuditStore`."""

    def numbered_entries(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        return self._rows.all("numbered_entries", (start, stop))

    def last_loan(self) -> int:
        number: int = self._rows.one("last_loan")[0]
        return number

    def loan_histories(self, start: int, stop: int) -> Iterator[LoanHistory]:
        # With another data key nothing opens, which says nothing of the rows: found out first.
        for (organisation,) in self._rows.all("first_organisation_with_keys", ()):
            self.owner_keys(organisation)
        for loan_id, rows in groupby(self._rows.all("loan_histories", (start, stop)), key=itemgetter(0)):
            first = next(rows)
            # A loan without records is one row in which the record's columns are null.
            records = [
                (self._opened(row[_RECORD:]), row[_ENTRY]) for row in chain([first], rows) if row[_RECORD] is not None
            ]
            yield self._history(f"row {loan_id} of loans", first[1:_ENTRY], records)

    def _history(
        self, name: str, row: Sequence[Any], records: list[tuple[StoredRecord | SealedRecord, bytes | None]]
    ) -> LoanHistory:
        lender, index, wrapped, count, _, erasure = row
        try:
            keys = self._vault.loan(lender, index, wrapped)
        except (CorruptLogError, DataKeyError) as error:
            return LoanHistory(name, lender, None, records, f"has keys that do not open: {error}")
        try:
            return LoanHistory(name, lender, open_loan(self._vault, row), records)
        except CorruptLogError as error:
            loan = Loan(lender, keys.number, keys.tag_key, "", count, b"", erasure)
            return LoanHistory(name, lender, loan, records, f"has a state that does not open: {error}")

    def _opened(self, row: Sequence[Any]) -> StoredRecord | SealedRecord:
        try:
            return open_record(self._vault, row)
        except (CorruptLogError, DataKeyError) as error:
            # A damaged row may hold anything in a number's place.
            sequence = row[3] if isinstance(row[3], int) else -1
            return SealedRecord(row[0], sequence, f"has a record that does not open: {error}")

    def entries_without_record(self, start: int, stop: int) -> Iterator[int]:
        for (index,) in self._rows.all("entries_without_record", (start, stop)):
            yield index
