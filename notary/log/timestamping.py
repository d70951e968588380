# SPDX-License-Identifier: Apache-2.0
"""Has checkpoints stamped by outside authorities: each anchored one, and the newest where no anchor comes.

Nothing waits for an authority. One that is away, or answers with something else than was asked for, is told of in the
log and asked again later; the others go on. A crash at any instruction costs a token that is asked for again.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from notary.errors import NotaryError
from notary.log.anchors import LogHead, LogView
from notary.log.timestamps import Timestamp, TimestampStore
from notary.ports.records import RecordStore

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StampPolicy:
    """When to ask; times in seconds.

    Work is looked for every `poll`. The newest checkpoint is stamped, anchored or not, when the last stamp is older
    than `interval`. An authority that failed is left alone for `retry`. Of a backlog of anchors, as after an outage,
    `batch` are stamped at a time, oldest first.
    """

    interval: float = 3600.0
    poll: float = 2.0
    retry: float = 30.0
    batch: int = 16


class Authority(Protocol):
    """A timestamp authority, known by the URL that it is asked at."""

    @property
    def url(self) -> str:
        """The URL."""

    def stamp(self, head: LogHead) -> Timestamp:
        """Return its timestamp of a checkpoint, verified.

        Raises `UnavailableError` or `TimestampError`.
        """


class StampingStore(TimestampStore, RecordStore, Protocol):
    """What the timestamper reads and writes."""


class Timestamper:
    """Stamps one log's checkpoints. Two at a time do no harm: the first token is kept."""

    def __init__(
        self,
        log: LogView,
        store: StampingStore,
        authorities: Sequence[Authority],
        policy: StampPolicy,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log, self._store, self._authorities = log, store, authorities
        self._policy, self._clock = policy, clock
        self._asked_again = dict.fromkeys((authority.url for authority in authorities), float("-inf"))
        self._stamped = dict.fromkeys((authority.url for authority in authorities), float("-inf"))
        self._errors: dict[str, str] = {}

    def run(self, stop: threading.Event) -> None:
        """Step until `stop` is set."""
        while not stop.is_set():
            self.step()
            stop.wait(self._policy.poll)

    def step(self) -> None:
        """Ask each authority for what is due. Faults are written to the log, never raised."""
        for authority in self._authorities:
            if self._clock() < self._asked_again[authority.url]:
                continue
            try:
                for head in self._due(authority.url):
                    self._store.save_timestamp(authority.stamp(head))
                    self._stamped[authority.url] = self._clock()
            except NotaryError as error:
                self._note(authority.url, error)
            else:
                self._errors.pop(authority.url, None)

    def _due(self, url: str) -> list[LogHead]:
        last = self._store.last_stamped_anchor(url)
        if last is None:
            # An authority that is new to an old log begins with the present.
            newest = self._store.newest_anchor()
            anchors = [newest] if newest else []
        else:
            anchors = self._store.anchors_after(last, self._policy.batch)
        if anchors:
            heads = {anchor.size: LogHead(anchor.size, anchor.root, anchor.checkpoint) for anchor in anchors}
            return list(heads.values())
        head = self._log.head()
        old = self._clock() - self._stamped[url] >= self._policy.interval
        stamped = {item.authority: item.size for item in self._store.newest_timestamps()}
        return [head] if old and head.size > stamped.get(url, 0) else []

    def _note(self, url: str, error: NotaryError) -> None:
        self._asked_again[url] = self._clock() + self._policy.retry
        if self._errors.get(url) != str(error):
            _log.warning("no timestamp from %s: %s", url, error)
        self._errors[url] = str(error)
