# SPDX-License-Identifier: Apache-2.0
"""Timestamps: what an authority outside the notary says about when a checkpoint existed; and the port that keeps them.

Times are milliseconds since 1970, UTC.
"""

from dataclasses import dataclass
from typing import Protocol

from notary.log.anchors import Anchor


@dataclass(frozen=True)
class Timestamp:
    """An authority's RFC 3161 token (DER) over a checkpoint's signed note.

    `authority` is the URL that it was asked at; `time` is the token's `genTime`; `size` is the checkpoint's.
    """

    size: int
    authority: str
    time: int
    checkpoint: str
    token: bytes


class TimestampStore(Protocol):
    """Keeps timestamps over restarts."""

    def save_timestamp(self, timestamp: Timestamp) -> None:
        """Keep a timestamp, durably; the first of a size and authority stays, since an earlier time says more."""

    def timestamps(self, size: int) -> list[Timestamp]:
        """Return the timestamps of the checkpoint of this size, earliest first."""

    def timestamp_over(self, index: int) -> Timestamp | None:
        """Return a timestamp of the smallest stamped size that covers an entry, if there is one."""

    def newest_timestamps(self) -> list[Timestamp]:
        """Return each authority's timestamp of the largest size, by authority."""

    def last_stamped_anchor(self, authority: str) -> int | None:
        """Return the largest size that is anchored (mined or final) and stamped by this authority, if there is one."""

    def anchors_after(self, size: int, limit: int) -> list[Anchor]:
        """Return anchors above `size` that are mined or final, smallest first.

        They are at least `limit`, as far as there are any: all anchors of one size come together.
        """
