# SPDX-License-Identifier: Apache-2.0
"""The log, its records and its anchors."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from notary.errors import CorruptLogError, ForkError, NotFoundError
from notary.log.anchors import Anchor, AnchorState, LogHead
from notary.log.tiles import Tile
from notary.ports.log import Batch
from notary.ports.records import Loan, StoredRecord
from notary.privacy.cipher import fresh_nonces
from notary.stores.anchor_rows import anchor_from_row, anchor_to_row
from notary.stores.loan_tables import LoanTables, Name, Place
from notary.stores.record_ids import ids_bytes
from notary.stores.record_rows import RECORD_COLUMNS, open_loan, open_record, record_to_row

_PAGE = 1000
"""Rows that are read at once of those that nobody bounds: a statement that stays open keeps others waiting."""


class LogTables(LoanTables):
    """Implements `LogStore`, `RecordStore` and `AnchorStore`."""

    # --- the log

    def head(self) -> LogHead | None:
        row = self._rows.one("head")
        return LogHead(*row) if row else None

    def read_tiles(self, tiles: Sequence[Tile]) -> list[bytes]:
        # In no transaction: tiles only grow, and one alone is most often asked for.
        found = self._rows.each("read_tile", tiles)
        for tile, row in zip(tiles, found, strict=True):
            if row is None:
                raise NotFoundError(f"there is no tile {tile.level}/{tile.number}")
        return [row[0] for row in found]

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        for (entry,) in self._rows.all("entries", (start, stop)):
            yield entry

    def find_records(self, keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], StoredRecord]:
        if not keys:
            return {}
        with self._reading() as rows:
            ids = ids_bytes([record_id for _, record_id in keys])
            found = rows.each("find_record", [(lender, data) for (lender, _), data in zip(keys, ids, strict=True)])
        return {key: open_record(self._vault, row) for key, row in zip(keys, found, strict=True) if row}

    def commit(self, expected: LogHead | None, batch: Batch) -> None:
        first = batch.head.size - len(batch.entries)
        _check_places(batch, first)
        with self._transaction("log") as rows:
            row = rows.one("head")
            if (LogHead(*row) if row else None) != expected:
                raise ForkError("another writer has changed the log's head")
            # Before anything else is written: what is remembered of loans is held against the database as it was.
            places, new_loans, their_keys = self._save_loans(rows, batch.loans)
            with rows.together(len(batch.entries)):
                rows.do_each("add_loan", new_loans)
                rows.do_each("add_loan_keys", their_keys)
                rows.do_each("add_entry", enumerate(batch.entries, first))
                rows.do_each("add_record", self._record_rows(batch.records, places))
                rows.do_each("save_tile", [(*tile, data) for tile, data in batch.tiles.items()])
                rows.do("save_head", (batch.head.size, batch.head.root, batch.head.checkpoint))
            version = rows.version()
        self._remember(places)
        self._version = version

    def _record_rows(self, records: Sequence[StoredRecord], places: Mapping[Name, Place]) -> Iterator[tuple[Any, ...]]:
        ids, nonces = ids_bytes([record.record_id for record in records]), fresh_nonces(len(records))
        for record, record_id, nonce in zip(records, ids, nonces, strict=True):
            place = places.get((record.lender, record.loan))
            if place is None:
                raise CorruptLogError(f"record {record.record_id} belongs to no loan of its commit")
            yield record_to_row(record, record_id, place.loan_id, place.keys, nonce)

    # --- the records

    def record_at(self, index: int) -> StoredRecord:
        if row := self._rows.one("record_at", (index,)):
            return open_record(self._vault, row)
        raise NotFoundError(f"entry {index} is no record's")

    def loan_records(self, lender: int, loan: str) -> list[StoredRecord]:
        rows = self._rows.all("loan_records", (lender, self._index(lender, loan)))
        return [open_record(self._vault, row) for row in rows]

    def loan_began(self, lender: int, loan: str) -> int | None:
        row = self._rows.one("loan_began", (lender, self._index(lender, loan)))
        return row[0] if row else None

    def records(self) -> Iterator[tuple[StoredRecord, Loan]]:
        start = 0
        while page := list(self._rows.all("records", (start, _PAGE))):
            for row in page:
                yield open_record(self._vault, row[:RECORD_COLUMNS]), open_loan(self._vault, row[RECORD_COLUMNS:])
            start = page[-1][0] + 1

    def loan_numbers(self, lender: int) -> Iterator[str]:
        last = 0
        while page := list(self._rows.all("loan_numbers", (lender, last, _PAGE))):
            for _, *keys in page:
                yield self._vault.loan(*keys).number
            last = page[-1][0]

    # --- anchors

    def save_anchor(self, anchor: Anchor) -> None:
        self._rows.do("save_anchor", anchor_to_row(anchor))

    def anchors(self, *states: AnchorState) -> list[Anchor]:
        wanted = orjson.dumps(states or tuple(AnchorState)).decode()
        return [anchor_from_row(row) for row in self._rows.all("anchors", (wanted,))]

    def anchor_over(self, index: int) -> Anchor | None:
        row = self._rows.one("anchor_over", (index,))
        return anchor_from_row(row) if row else None

    def newest_anchor(self) -> Anchor | None:
        row = self._rows.one("newest_anchor")
        return anchor_from_row(row) if row else None


def _check_places(batch: Batch, first: int) -> None:
    indexes = {record.index for record in batch.records}
    if len(indexes) < len(batch.records) or not indexes <= set(range(first, batch.head.size)):
        raise CorruptLogError("a commit's records are not each of another entry of it")
