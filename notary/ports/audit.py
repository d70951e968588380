# SPDX-License-Identifier: Apache-2.0
"""All rows as they stand, for the audit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from notary.ports.log import LogStore
from notary.ports.records import Loan, StoredRecord


@dataclass(frozen=True)
class SealedRecord:
    """A record's row that does not open: it, or where it stands, was changed, or its loan's keys were."""

    index: int
    sequence: int
    reason: str


@dataclass(frozen=True)
class LoanHistory:
    """All rows of a lender's loan as an audit finds them: its records by rising sequence, each with its entry or None.

    `loan` is None where its keys do not open; `row` names it then. `fault` says what of the loan's own row does not
    open.
    """

    row: str
    lender: int
    loan: Loan | None
    records: Sequence[tuple[StoredRecord | SealedRecord, bytes | None]]
    fault: str = ""


class AuditStore(LogStore, Protocol):
    """All that is stored, for the audit: every row as it stands, contradictions included.

    Loans are numbered by the store, from 1, in the order in which they came.
    """

    def numbered_entries(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """Yield index and bytes of the entries that are there of the indexes [start, stop)."""

    def last_loan(self) -> int:
        """Return the highest number of a loan, 0 if there is none."""

    def loan_histories(self, start: int, stop: int) -> Iterator[LoanHistory]:
        """Yield the loans numbered [start, stop) with their records; an erased loan has none, and is left out."""

    def damage(self) -> list[str]:
        """Return what the database itself finds wrong with how it is stored; nothing for one that is whole.

        The log says nothing of such damage: an index that leads elsewhere than its table, a page that cannot be read.
        """

    def entries_without_record(self, start: int, stop: int) -> Iterator[int]:
        """Yield the indexes within [start, stop) of entries that no loan has a record for."""
