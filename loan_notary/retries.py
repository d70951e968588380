# SPDX-License-Identifier: Apache-2.0
"""When a request is sent again, and after how long. No I/O, no clock: who sends does the waiting.

Every request of the API may be repeated: records, documents and keys are known by what they are, and all else that is
made carries an `Idempotency-Key`.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import orjson

IN_PROGRESS = "urn:loan-notary:problem:idempotency-in-progress"
"""The problem of a repeated request whose first sending is still being answered."""
_AGAIN = frozenset({429, 502, 503, 504})


@dataclass(frozen=True)
class Retries:
    """How often a request is tried, and how long is waited between (seconds).

    The wait before the n-th repetition is drawn from [0, min(longest, first * 2^n)] ("full jitter"), so that clients
    that failed together do not come back together. A `Retry-After` is kept to; one that is longer than `patience` ends
    the attempts.
    """

    attempts: int = 5
    first: float = 0.5
    longest: float = 20.0
    patience: float = 60.0
    draw: random.Random = field(default_factory=random.SystemRandom, repr=False, compare=False)

    def after_silence(self, failed: int) -> float | None:
        """Return the seconds until the next attempt after `failed` ones without an answer; None for no more."""
        if failed >= self.attempts:
            return None
        return self.draw.uniform(0, min(self.longest, self.first * 2.0**failed))

    def after_answer(
        self, failed: int, status: int, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> float | None:
        """Return the seconds until the next attempt after an answer; None if it is to be taken as it is."""
        if status not in _AGAIN and not (status == 409 and _is_in_progress(body)):
            return None
        backoff = self.after_silence(failed)
        asked = _retry_after(headers.get("Retry-After", ""), now)
        if backoff is None or asked > self.patience:
            return None
        return asked + backoff


def _retry_after(text: str, now: datetime) -> float:
    """Return the seconds that `Retry-After` asks for (RFC 9110 section 10.2.3), 0 if it says nothing readable."""
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())


def _is_in_progress(body: bytes) -> bool:
    try:
        value = orjson.loads(body)
    except ValueError:
        return False
    return isinstance(value, dict) and value.get("type") == IN_PROGRESS
