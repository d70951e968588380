# SPDX-License-Identifier: Apache-2.0
"""Legal holds and erasures, on SQLite. `sqlite_statements/erasing.sql` holds the statements.

Every connection overwrites what it deletes (`secure_delete`), and a loan's keys are overwritten where they stand, which
is the only place that they ever stood at in the file. What the write-ahead log still holds of old pages goes when it is
emptied.
"""

import sqlite3
from typing import Any

from notary.errors import ErasedError, HeldError, NotFoundError, UnavailableError
from notary.ports.records import Hold
from notary.privacy.erasing import Erasure
from notary.privacy.vault import OwnerKeys
from notary.stores.sealed_rows import delivery_row, open_delivery
from notary.stores.sqlite_file import SqliteFile, translated
from notary.stores.sqlite_ids import id_text
from notary.stores.statements import STATEMENTS
from notary.webhooks import without_loan


class SqliteErasures(SqliteFile):
    """Implements `notary.privacy.erasing.ErasureStore` in the same database as `SqliteStore`."""

    def set_hold(self, lender: int, loan: str, hold: Hold) -> bool:
        with self._transaction() as connection:
            loan_id, erasure, _ = self._found(connection, lender, loan)
            if erasure:
                raise ErasedError(erasure)
            return connection.execute(STATEMENTS["add_hold"], (loan_id, hold.by, hold.set_at)).rowcount == 1

    def lift_hold(self, lender: int, loan: str, by: str) -> bool:
        with self._transaction() as connection:
            loan_id, *_ = self._found(connection, lender, loan)
            return connection.execute(STATEMENTS["remove_hold"], (loan_id, by)).rowcount == 1

    def holds(self, lender: int, loan: str) -> tuple[Hold, ...]:
        with self._transaction() as connection:
            loan_id, erasure, _ = self._found(connection, lender, loan)
            if erasure:
                raise ErasedError(erasure)
            return _holds(connection, loan_id)

    def erasure(self, lender: int, loan: str) -> Erasure | None:
        with self._transaction() as connection:
            loan_id, erasure, erased_at = self._found(connection, lender, loan)
            return Erasure(erasure, lender, _entries(connection, loan_id), erased_at) if erasure else None

    def begin_erasure(self, lender: int, loan: str, erasure: str) -> Erasure:
        with self._transaction() as connection:
            loan_id, begun, erased_at = self._found(connection, lender, loan)
            if not begun:
                if held := _holds(connection, loan_id):
                    raise HeldError(tuple(hold.by for hold in held))
                connection.execute(STATEMENTS["begin_erasure"], (erasure, loan_id))
            return Erasure(begun or erasure, lender, _entries(connection, loan_id), erased_at)

    def finish_erasure(self, lender: int, loan: str, now: int) -> None:
        owner = self.owner_keys(lender)
        with self._transaction() as connection:
            loan_id, erasure, erased_at = self._found(connection, lender, loan)
            if erasure and erased_at is None:
                self._wipe(connection, owner, lender, loan, loan_id, now)
        self._empty_write_ahead_log()

    def unfinished_erasures(self) -> list[tuple[int, str]]:
        rows = self._all("unfinished_erasures", ())
        return [(lender, self._vault.loan(lender, index, wrapped).number) for lender, index, wrapped in rows]

    def erasure_of_record(self, lender: int, record_id: str) -> str:
        row = self._one("erasure_of_record", (lender, self.owner_keys(lender).record(record_id)))
        return row[0] if row else ""

    def loan_reference(self, lender: int, loan: str) -> str:
        return "loan_" + self.owner_keys(lender).loan(loan).hex()

    def _found(self, connection: sqlite3.Connection, lender: int, loan: str) -> Any:
        row = connection.execute(STATEMENTS["erasure"], (lender, self._index(lender, loan))).fetchone()
        if row is None:
            raise NotFoundError("you have no loan of this number")
        return row

    def _wipe(
        self, connection: sqlite3.Connection, owner: OwnerKeys, lender: int, loan: str, loan_id: int, now: int
    ) -> None:
        rows = connection.execute(STATEMENTS["records_to_erase"], (loan_id,)).fetchall()
        left = ((index, whose, owner.record(id_text(record_id)), of) for index, whose, record_id, of in rows)
        connection.executemany(STATEMENTS["add_erased_record"], left)
        connection.execute(STATEMENTS["remove_records"], (loan_id,))
        connection.execute(STATEMENTS["wipe_loan_keys"], (loan_id,))
        connection.execute(STATEMENTS["wipe_loan"], (now, loan_id))
        for statement in ("wipe_drafts", "wipe_grants", "wipe_passes"):
            connection.execute(STATEMENTS[statement], (lender, owner.loan(loan)))
        for row in connection.execute(STATEMENTS["messages_of_lender"], (lender,)).fetchall():
            message = open_delivery(row, owner)
            rest = without_loan(message, loan)
            if rest is None:
                connection.execute(STATEMENTS["remove_message"], (message.id,))
            elif rest != message:
                connection.execute(STATEMENTS["change_message"], (delivery_row(rest, owner)[2], message.id))

    def _empty_write_ahead_log(self) -> None:
        with translated():
            busy, *_ = self._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise UnavailableError("the loan's keys are destroyed; the write-ahead log is in use: ask again")


def _holds(connection: sqlite3.Connection, loan_id: int) -> tuple[Hold, ...]:
    return tuple(Hold(*row) for row in connection.execute(STATEMENTS["holds"], (loan_id,)))


def _entries(connection: sqlite3.Connection, loan_id: int) -> tuple[int, ...]:
    return tuple(index for (index,) in connection.execute(STATEMENTS["entries_of_loan"], {"loan": loan_id}))
