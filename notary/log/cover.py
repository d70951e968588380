# SPDX-License-Identifier: Apache-2.0
"""Which checkpoint proofs of an entry are given under, and who outside has seen it."""

from dataclasses import dataclass
from typing import Any, Protocol

from notary.log.anchors import Anchor
from notary.log.reader import Log
from notary.log.timestamps import TimestampStore
from notary.ports import RecordStore


class CoverStore(RecordStore, TimestampStore, Protocol):
    """What anchors and timestamps are read from."""


@dataclass(frozen=True)
class Cover:
    """A checkpoint with its anchors and timestamps (RFC 3161 tokens)."""

    size: int
    checkpoint: str
    anchors: tuple[Anchor, ...] = ()
    timestamps: tuple[bytes, ...] = ()

    def members(self) -> dict[str, Any]:
        """Return the arguments that `SealedDocument` takes of these."""
        return {"checkpoint": self.checkpoint, "anchors": self.anchors, "timestamps": self.timestamps}


def cover_of(store: CoverStore, log: Log, index: int) -> Cover:
    """Return the checkpoint that says most about an entry: an anchored one, else a timestamped one, else the newest."""
    anchor = store.anchor_over(index)
    found = anchor or store.timestamp_over(index) or log.head()
    stamps = (item.token for item in store.timestamps(found.size) if item.checkpoint == found.checkpoint)
    return Cover(found.size, found.checkpoint, (anchor,) if anchor else (), tuple(stamps))
