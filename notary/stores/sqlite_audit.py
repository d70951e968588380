# SPDX-License-Identifier: Apache-2.0
"""What an audit reads from SQLite. `sqlite_statements/audit.sql` holds its statements."""

from collections.abc import Iterator
from itertools import chain, groupby
from operator import itemgetter

from notary.ports import Loan, StoredRecord
from notary.stores.record_rows import record_from_row
from notary.stores.sqlite_file import SqliteFile


class SqliteAudit(SqliteFile):
    """Implements the audit's part of `notary.ports.AuditStore`."""

    def numbered_entries(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        return self._all("numbered_entries", (start, stop))

    def last_loan(self) -> int:
        number: int = self._one("last_loan")[0]
        return number

    def loan_histories(self, start: int, stop: int) -> Iterator[tuple[Loan, list[tuple[StoredRecord, bytes | None]]]]:
        for _, rows in groupby(self._all("loan_histories", (start, stop)), key=itemgetter(0)):
            first = next(rows)
            # A loan without records is one row in which the record's columns are null.
            records = [(record_from_row(row[8:]), row[7]) for row in chain([first], rows) if row[8] is not None]
            yield Loan(*first[1:7]), records

    def entries_without_record(self, start: int, stop: int) -> Iterator[int]:
        for (index,) in self._all("entries_without_record", (start, stop)):
            yield index
