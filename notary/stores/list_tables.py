# SPDX-License-Identifier: Apache-2.0
"""Lists of records and loans, in the order of the log."""

from notary.ports.lists import ListedLoan
from notary.ports.records import StoredRecord
from notary.stores.database import Database
from notary.stores.record_rows import open_loan, open_record


class ListTables(Database):
    """Implements `notary.ports.lists.ListStore`."""

    def lender_records(
        self, lender: int, start: int, stop: int, limit: int, *, loan: str | None = None, record_type: str | None = None
    ) -> list[StoredRecord]:
        values = {"lender": lender, "start": start, "stop": stop, "limit": limit}
        if loan is not None:
            rows = self._rows.all("lender_records_of_loan", {**values, "loan": self._index(lender, loan)})
        elif record_type is not None:
            rows = self._rows.all("lender_records_of_type", {**values, "type": record_type})
        else:
            rows = self._rows.all("lender_records", values)
        return [open_record(self._vault, row) for row in rows]

    def received_span(self, lender: int, received_from: int, received_until: int) -> tuple[int, int]:
        first, last = self._rows.one("received_span", (lender, received_from, received_until))
        return (0, 0) if first is None else (first, last + 1)

    def lender_loans(self, lender: int, start: int, limit: int) -> list[ListedLoan]:
        rows = self._rows.all("lender_loans", (lender, start, limit))
        return [ListedLoan(row[0], row[1], row[2], row[3], open_loan(self._vault, row[4:])) for row in rows]

    def anchored_sizes(self) -> tuple[int, int]:
        final, mined = self._rows.one("anchored_sizes")
        return final, mined
