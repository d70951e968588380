# SPDX-License-Identifier: Apache-2.0
"""The ids of signed batches."""

from notary.stores.database import Database
from notary.stores.record_ids import id_bytes


class BatchTable(Database):
    """Implements `notary.ports.store.BatchStore`."""

    def claim_batch(self, lender: int, batch_id: str, statement: bytes) -> bool:
        key = (lender, id_bytes(batch_id))
        if row := self._rows.one("batch_statement", key):
            return bool(row[0] == statement)
        with self._transaction() as rows:
            rows.do("add_batch", (*key, statement))
            (stored,) = rows.one("batch_statement", key)
        return bool(stored == statement)
