# SPDX-License-Identifier: Apache-2.0
"""The ids of signed batches, on SQLite."""

from notary.stores.sqlite_file import SqliteFile
from notary.stores.sqlite_ids import id_bytes
from notary.stores.statements import STATEMENTS


class BatchTable(SqliteFile):
    """Implements `notary.ports.store.BatchStore`."""

    def claim_batch(self, lender: int, batch_id: str, statement: bytes) -> bool:
        key = (lender, id_bytes(batch_id))
        if row := self._one("batch_statement", key):
            return bool(row[0] == statement)
        with self._transaction() as connection:
            connection.execute(STATEMENTS["add_batch"], (*key, statement))
            (stored,) = connection.execute(STATEMENTS["batch_statement"], key).fetchone()
        return bool(stored == statement)
