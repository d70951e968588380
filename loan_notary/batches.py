# SPDX-License-Identifier: Apache-2.0
"""Many records in requests of many: which lines go together, and which of them have to go again. No I/O."""

from collections.abc import Iterable, Iterator
from typing import Any

from loan_notary.call import Call
from loan_notary.calls.records import Submission, encode, submit_batch
from loan_notary.receipts import LineAnswer, read_line
from loan_notary.retries import Retries

LINES = 512
BYTES = 4 * 1024 * 1024
"""A request has at most so many lines and, but for the last of them, bytes: the notary places these together, so a
record is never placed before one that stands above it."""


class Lines:
    """Gathers records until there are enough for a request."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._size = 0
        self._taken = 0

    def add(self, item: Submission) -> bool:
        """Add a record or envelope; tell whether it is time for a request."""
        line = encode(item)
        self._lines.append(line)
        self._size += len(line)
        return len(self._lines) == LINES or self._size >= BYTES

    def take(self) -> "Batch":
        """Return what was gathered and begin anew."""
        batch = Batch(self._lines, self._taken + 1)
        self._taken += len(self._lines)
        self._lines, self._size = [], 0
        return batch


class Batch:
    """The lines of one request, the first of which has the number `first`, and the answers to them so far."""

    def __init__(self, lines: list[bytes], first: int) -> None:
        self._lines, self._first = lines, first
        self._answers: dict[int, LineAnswer] = {}
        self._failed = 0

    def call(self, documents_required: bool) -> Call[list[dict[str, Any]]] | None:
        """Return the call for the lines without an answer; None if there is none."""
        waiting = [self._lines[place] for place in self._waiting()]
        return submit_batch(waiting, documents_required=documents_required) if waiting else None

    def answered(self, answers: list[dict[str, Any]], retries: Retries) -> float:
        """Take the answers to the lines that had none, and return the seconds to wait before the next request.

        A line that the notary could not take now has no answer yet. After the last attempt its error is the answer.
        """
        self._failed += 1
        wait = retries.after_silence(self._failed)
        unavailable = False
        for place, members in zip(self._waiting(), answers, strict=True):
            if members["status"] >= 500 and wait is not None:
                unavailable = True
            else:
                self._answers[place] = read_line(members, self._first + place)
        return (wait or 0.0) if unavailable else 0.0

    def in_order(self) -> Iterator[LineAnswer]:
        """Yield the answers, once all are there."""
        return (self._answers[place] for place in range(len(self._lines)))

    def _waiting(self) -> list[int]:
        return [place for place in range(len(self._lines)) if place not in self._answers]


def batches(items: Iterable[Submission]) -> Iterator[Batch]:
    """Cut records into batches, reading no more than one batch ahead."""
    lines, pending = Lines(), False
    for item in items:
        pending = True
        if lines.add(item):
            pending = False
            yield lines.take()
    if pending:
        yield lines.take()
