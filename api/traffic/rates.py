# SPDX-License-Identifier: Apache-2.0
"""How much each key may ask in a minute, counted over all processes, of all hosts.

A process takes a part of the quota at a time and gives it out by itself, so that counting costs one statement for many
requests. What a process has taken and not given out when the minute ends is lost to the caller: at most a hundredth of
the quota for each process.
"""

import threading
from dataclasses import dataclass

from api.traffic.store import TrafficStore

WINDOW = 60
"""Seconds of a window."""
_PARTS = 100


@dataclass(frozen=True)
class Allowance:
    """What is left after a request: whether it is allowed, how many may follow, and in how many seconds all may.

    `is_news` is true of the first that this process refuses to a caller in a window.
    """

    allowed: bool
    quota: int
    remaining: int
    reset: int
    is_news: bool = False

    @property
    def policy(self) -> str:
        """The header `RateLimit-Policy`."""
        return f'"minute";q={self.quota};w={WINDOW}'

    @property
    def state(self) -> str:
        """The header `RateLimit`."""
        return f'"minute";r={self.remaining};t={self.reset}'


@dataclass
class _Part:
    start: int
    left: int
    remaining: int
    refused: bool = False


class RateLimiter:
    """Counts the requests of every caller. `quota` is for each of them and each window."""

    def __init__(self, file: TrafficStore, quota: int) -> None:
        self._file = file
        self._quota = quota
        self._step = max(1, quota // _PARTS)
        self._parts: dict[bytes, _Part] = {}
        self._lock = threading.Lock()

    def take(self, caller: bytes, now: int) -> Allowance:
        """Count one request of a caller at a moment in milliseconds. Raises `UnavailableError`."""
        start = _window(now)
        with self._lock:
            part = self._part_at_hand(caller, start) or self._fetch(caller, start)
            return self._taken(part, now)

    def at_hand(self, caller: bytes, now: int) -> Allowance | None:
        """Do the same where nothing is to be waited for; else count nothing, and return None."""
        if not self._lock.acquire(blocking=False):
            return None
        try:
            part = self._part_at_hand(caller, _window(now))
            return self._taken(part, now) if part else None
        finally:
            self._lock.release()

    def _part_at_hand(self, caller: bytes, start: int) -> _Part | None:
        part = self._parts.get(caller)
        is_spent = part is None or part.start != start or (part.left == 0 and part.remaining > 0)
        return None if is_spent else part

    def _taken(self, part: _Part, now: int) -> Allowance:
        allowed = part.left > 0
        if allowed:
            part.left -= 1
        is_news, part.refused = not (allowed or part.refused), not allowed
        return Allowance(allowed, self._quota, part.left + part.remaining, part.start + WINDOW - now // 1000, is_news)

    def _fetch(self, caller: bytes, start: int) -> _Part:
        """Take a part of the quota, as much as there is. A new window forgets the callers of the old ones."""
        if any(part.start != start for part in self._parts.values()):
            self._parts.clear()
            self._file.forget("forget_windows", start)
        (used,) = self._file.one("take", caller=caller, start=start, amount=self._step)
        before = used - self._step
        left = max(0, min(self._step, self._quota - before))
        part = self._parts[caller] = _Part(start, left, max(0, self._quota - used))
        return part


def _window(now: int) -> int:
    """Return the second in which the window of a moment began."""
    seconds = now // 1000
    return seconds - seconds % WINDOW
