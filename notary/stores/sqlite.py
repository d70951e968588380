# SPDX-License-Identifier: Apache-2.0
"""The store on SQLite: the log, its records and anchors here, lenders, drafts and documents beside this one."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import orjson

from notary.errors import CorruptLogError, ForkError, NotFoundError
from notary.log.anchors import Anchor, AnchorState, LogHead
from notary.log.tiles import Tile
from notary.ports.log import Batch
from notary.ports.records import Loan, StoredRecord
from notary.stores.anchor_rows import anchor_from_row, anchor_to_row
from notary.stores.record_rows import RECORD_COLUMNS, open_loan, open_record, record_to_row
from notary.stores.sqlite_access import SqliteAccess
from notary.stores.sqlite_audit import SqliteAudit
from notary.stores.sqlite_batches import BatchTable
from notary.stores.sqlite_documents import DocumentTables
from notary.stores.sqlite_drafts import DraftTable
from notary.stores.sqlite_erasing import SqliteErasures
from notary.stores.sqlite_ids import id_bytes
from notary.stores.sqlite_lists import SqliteLists
from notary.stores.sqlite_loans import Name, Place, SqliteLoans
from notary.stores.sqlite_parties import PartyTables
from notary.stores.sqlite_policies import SqlitePolicies
from notary.stores.sqlite_timestamps import SqliteTimestamps
from notary.stores.statements import STATEMENTS


class SqliteStore(
    SqliteLoans,
    SqliteAudit,
    SqliteLists,
    PartyTables,
    BatchTable,
    DraftTable,
    SqlitePolicies,
    DocumentTables,
    SqliteTimestamps,
    SqliteAccess,
    SqliteErasures,
):
    """Implements `notary.ports.store.Store`."""

    # --- the log

    def head(self) -> LogHead | None:
        row = self._one("head")
        return LogHead(*row) if row else None

    def read_tiles(self, tiles: Sequence[Tile]) -> list[bytes]:
        result = []
        for tile in tiles:
            row = self._one("read_tile", tile)
            if row is None:
                raise NotFoundError(f"there is no tile {tile.level}/{tile.number}")
            result.append(row[0])
        return result

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        for (entry,) in self._all("entries", (start, stop)):
            yield entry

    def find_records(self, keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], StoredRecord]:
        rows = self._each("find_record", [(lender, id_bytes(record_id)) for lender, record_id in keys])
        return {key: open_record(self._vault, row) for key, row in zip(keys, rows, strict=True) if row}

    def turn(self, known: LogHead | None) -> AbstractContextManager[LogHead | None]:
        # The lock of the data folder lets in one writer, and `commit` looks for others.
        return nullcontext(known)

    def commit(self, expected: LogHead | None, batch: Batch) -> None:
        with self._transaction() as connection:
            row = connection.execute(STATEMENTS["head"]).fetchone()
            if (LogHead(*row) if row else None) != expected:
                raise ForkError("another writer has changed the log's head")
            first = batch.head.size - len(batch.entries)
            connection.executemany(STATEMENTS["add_entry"], enumerate(batch.entries, first))
            places = self._save_loans(connection, batch.loans)
            connection.executemany(STATEMENTS["add_record"], self._record_rows(batch.records, places))
            connection.executemany(STATEMENTS["save_tile"], ((*tile, data) for tile, data in batch.tiles.items()))
            connection.execute(STATEMENTS["save_head"], (batch.head.size, batch.head.root, batch.head.checkpoint))
        self._remember(places)

    def _record_rows(self, records: Sequence[StoredRecord], places: Mapping[Name, Place]) -> Iterator[tuple[Any, ...]]:
        for record in records:
            place = places.get((record.lender, record.loan))
            if place is None:
                raise CorruptLogError(f"record {record.record_id} belongs to no loan of its commit")
            yield record_to_row(record, place.loan_id, place.keys)

    # --- the records

    def record_at(self, index: int) -> StoredRecord:
        if row := self._one("record_at", (index,)):
            return open_record(self._vault, row)
        raise NotFoundError(f"entry {index} is no record's")

    def loan_records(self, lender: int, loan: str) -> list[StoredRecord]:
        rows = self._all("loan_records", (lender, self._index(lender, loan)))
        return [open_record(self._vault, row) for row in rows]

    def loan_began(self, lender: int, loan: str) -> int | None:
        row = self._one("loan_began", (lender, self._index(lender, loan)))
        return row[0] if row else None

    def records(self) -> Iterator[tuple[StoredRecord, Loan]]:
        for row in self._all("records", ()):
            yield open_record(self._vault, row[:RECORD_COLUMNS]), open_loan(self._vault, row[RECORD_COLUMNS:])

    def loan_numbers(self, lender: int) -> Iterator[str]:
        last = 0
        # Page by page: a statement that stays open keeps the write-ahead log from being emptied.
        while page := list(self._all("loan_numbers", (lender, last))):
            for _, *keys in page:
                yield self._vault.loan(*keys).number
            last = page[-1][0]

    # --- anchors

    def save_anchor(self, anchor: Anchor) -> None:
        with self._transaction() as connection:
            connection.execute(STATEMENTS["save_anchor"], anchor_to_row(anchor))

    def anchors(self, *states: AnchorState) -> list[Anchor]:
        wanted = orjson.dumps(states or tuple(AnchorState)).decode()
        return [anchor_from_row(row) for row in self._all("anchors", (wanted,))]

    def anchor_over(self, index: int) -> Anchor | None:
        row = self._one("anchor_over", (index,))
        return anchor_from_row(row) if row else None

    def newest_anchor(self) -> Anchor | None:
        row = self._one("newest_anchor")
        return anchor_from_row(row) if row else None
