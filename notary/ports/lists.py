# SPDX-License-Identifier: Apache-2.0
"""Records and loans a page at a time."""

from dataclasses import dataclass
from typing import Protocol

from notary.ports.records import Loan, StoredRecord


@dataclass(frozen=True)
class ListedLoan:
    """A loan in a list: its number in the store, by which loans rise as they began, and its first and last record.

    `first` and `last` are the records' indexes, `began_at` is when the first was received.
    """

    number: int
    first: int
    began_at: int
    last: int
    loan: Loan


class ListStore(Protocol):
    """Records and loans a page at a time, in the order of the log. Each page costs what it holds, wherever it is."""

    def lender_records(
        self, lender: int, start: int, stop: int, limit: int, *, loan: str | None = None, record_type: str | None = None
    ) -> list[StoredRecord]:
        """Return the lender's first records of the indexes [start, stop): of one loan, or of one type, or all.

        Where a loan is named, the type is not looked at.
        """

    def received_span(self, lender: int, received_from: int, received_until: int) -> tuple[int, int]:
        """Return the indexes [start, stop) between which all the lender's records are that were received in a period.

        Others may be there too. The end of the period is not part of it; (0, 0) if there is no such record.
        """

    def lender_loans(self, lender: int, start: int, limit: int) -> list[ListedLoan]:
        """Return the lender's first loans from the number `start` of the store on."""

    def anchored_sizes(self) -> tuple[int, int]:
        """Return the largest size with a final anchor, and with one that is mined or final; 0 for none."""
