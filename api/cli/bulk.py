# SPDX-License-Identifier: Apache-2.0
"""Submitting many records: in order within a loan, several loans side by side, resumable.

The lines of one loan always travel in one connection, in order, because a loan's history has one. Progress is kept
beside the source: how many lines were answered, and the SHA-256 of just these lines, so that a source that was
changed is not resumed in the middle.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any
from zlib import crc32

import orjson

from loan_notary import Client
from notary.encoding import parse_b64url
from notary.errors import Fault, InvalidInputError, UnavailableError

_CONNECTIONS = 4
_WINDOW = 8192


@dataclass
class Outcome:
    """What became of the lines: `placed` are new in the log, `known` were there before, `refused` are problems."""

    placed: int = 0
    known: int = 0
    skipped: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Lines dealt with."""
        return self.placed + self.known + self.skipped + len(self.refused)


def read_source(source: Path) -> Iterator[bytes]:
    """Yield the records or envelopes of a file (.json: one, else one a line), or of a folder of such files by name."""
    if source.is_dir():
        for path in sorted(source.iterdir()):
            if path.suffix in (".json", ".ndjson"):
                yield from read_source(path)
    elif source.suffix == ".json":
        # One record a line from here on; a record that is not JSON goes as it is and is refused by the notary.
        data = source.read_bytes()
        try:
            yield orjson.dumps(orjson.loads(data)) if b"\n" in data.strip() else data.strip()
        except orjson.JSONDecodeError:
            yield data.replace(b"\n", b" ")
    else:
        with source.open("rb") as file:
            for line in file:
                if stripped := line.strip():
                    yield stripped


class BulkSubmission:
    """Submits the lines of one source. `report` is called with the outcome so far, now and then."""

    def __init__(self, client: Client, source: Path, report: Callable[[Outcome], None]) -> None:
        self._client = client
        self._source = source
        self._report = report
        self._progress = source.with_name(source.name + ".progress")
        self._digest = sha256()
        self.outcome = Outcome()

    def run(self) -> Outcome:
        """Submit all lines that were not answered in an earlier run.

        Raises `UnavailableError` when the notary cannot be reached; calling again goes on where it stopped.
        """
        lines = read_source(self._source)
        self._skip(lines)
        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            sent: _Window | None = None
            answers: Iterator[list[_Answer]] = iter(())
            # While a window is on its way, the one before it is counted and the one after it is read. No window is
            # sent before the one before it was taken whole.
            for window in _windows(lines, self.outcome.done + 1):
                answered = list(answers)
                answers = pool.map(self._submit_lane, window.lanes)
                if sent:
                    self._settle(sent, answered)
                sent = window
            if sent:
                self._settle(sent, list(answers))
        self._progress.unlink(missing_ok=True)
        return self.outcome

    def _skip(self, lines: Iterator[bytes]) -> None:
        try:
            saved = orjson.loads(self._progress.read_bytes())
            count, digest, refused = saved["lines"], saved["sha256"], saved["refused"]
        except (OSError, ValueError, KeyError, TypeError):
            return
        for _, line in zip(range(count), lines, strict=False):
            self._digest.update(line + b"\n")
        if self._digest.hexdigest() != digest:
            raise InvalidInputError(
                Fault(
                    "", f"{self._source} was changed since it was half submitted; remove {self._progress} to begin anew"
                )
            )
        self.outcome.refused = list(refused)
        self.outcome.skipped = count - len(refused)

    def _settle(self, window: "_Window", answered: list[list["_Answer"]]) -> None:
        for answers in answered:
            for number, answer in answers:
                self._count(number, answer)
        for line in window.lines:
            self._digest.update(line + b"\n")
        outcome = self.outcome
        progress = {"lines": outcome.done, "sha256": self._digest.hexdigest(), "refused": outcome.refused}
        # Whole or not at all: half of it, after a kill, would have everything sent again.
        coming = self._progress.with_name(self._progress.name + ".new")
        coming.write_bytes(orjson.dumps(progress))
        coming.replace(self._progress)
        self._report(self.outcome)

    def _submit_lane(self, lane: list[tuple[int, bytes]]) -> list["_Answer"]:
        answers = self._client.submit_batch([line for _, line in lane]) if lane else []
        for answer in answers:
            # Not taken, which is no refusal: the whole window counts as not done, and is sent again by the next run.
            if answer["status"] >= 500:
                raise UnavailableError(f"{answer['title']}: {answer['detail']}")
        return [(number, answer) for (number, _), answer in zip(lane, answers, strict=True)]

    def _count(self, number: int, answer: dict[str, Any]) -> None:
        if answer["status"] == 201:
            self.outcome.placed += 1
        elif answer["status"] == 200:
            self.outcome.known += 1
        else:
            self.outcome.refused.append({**answer, "line": number})


_Answer = tuple[int, dict[str, Any]]
"""The number of a line, and what the notary has answered to it."""


@dataclass(frozen=True)
class _Window:
    """Lines that are under way together; `lanes` are the lines of each connection, with their numbers."""

    lines: list[bytes]
    lanes: list[list[tuple[int, bytes]]]


def _windows(lines: Iterator[bytes], first: int) -> Iterator[_Window]:
    """Cut what is left of the lines, the next of which has the number `first`, into windows."""
    while window := list(islice(lines, _WINDOW)):
        lanes: list[list[tuple[int, bytes]]] = [[] for _ in range(_CONNECTIONS)]
        for number, line in enumerate(window, first):
            lanes[crc32(_loan_of(line)) % _CONNECTIONS].append((number, line))
        yield _Window(window, lanes)
        first += len(window)


def _loan_of(line: bytes) -> bytes:
    """Return what tells the line's loan from others, or nothing for a line that the notary will refuse anyway."""
    try:
        value = orjson.loads(line)
        if "payload" in value:
            value = orjson.loads(parse_b64url(value["payload"]))
        return str(value["loan"]).encode()
    except (ValueError, KeyError, TypeError):
        return b""
