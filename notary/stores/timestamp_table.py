# SPDX-License-Identifier: Apache-2.0
"""Timestamps."""

from dataclasses import astuple

from notary.log.anchors import Anchor
from notary.log.timestamps import Timestamp
from notary.stores.anchor_rows import anchor_from_row
from notary.stores.database import Database


class TimestampTable(Database):
    """Implements `notary.log.timestamps.TimestampStore`."""

    def save_timestamp(self, timestamp: Timestamp) -> None:
        with self._transaction() as rows:
            rows.do("save_timestamp", astuple(timestamp))

    def timestamps(self, size: int) -> list[Timestamp]:
        return [Timestamp(*row) for row in self._rows.all("timestamps", (size,))]

    def timestamp_over(self, index: int) -> Timestamp | None:
        row = self._rows.one("timestamp_over", (index,))
        return Timestamp(*row) if row else None

    def newest_timestamps(self) -> list[Timestamp]:
        return [Timestamp(*row) for row in self._rows.all("newest_timestamps", ())]

    def last_stamped_anchor(self, authority: str) -> int | None:
        row = self._rows.one("last_stamped_anchor", (authority,))
        return row[0] if row else None

    def anchors_after(self, size: int, limit: int) -> list[Anchor]:
        return [anchor_from_row(row) for row in self._rows.all("anchors_after", (size, size, limit))]
