# SPDX-License-Identifier: Apache-2.0
"""The input of a job: its parts, joined, as lines."""

from collections.abc import Generator

from api.jobs.job import Part
from notary.registration import MAX_BODY

_READ = 64 * 1024


class JobLines:
    """The lines of joined parts from a position on; `position` is behind the last one that was yielded."""

    def __init__(self, parts: tuple[Part, ...], position: int) -> None:
        self._parts = parts
        self.position = position

    def lines(self) -> Generator[bytes, None, None]:
        """Yield the lines without their ends; of one that is too long, its beginning."""
        rest, length = b"", 0
        for piece in self._pieces():
            *ended, last = piece.split(b"\n")
            for line in ended:
                self.position += length + len(line) + 1
                yield (rest + line)[: MAX_BODY + 1]
                rest, length = b"", 0
            rest, length = (rest + last)[: MAX_BODY + 1], length + len(last)
        if length:
            self.position += length
            yield rest

    def _pieces(self) -> Generator[bytes, None, None]:
        skip = self.position
        for part in self._parts:
            if skip >= part.size:
                skip -= part.size
                continue
            with part.open() as file:
                file.seek(skip)
                skip = 0
                while piece := file.read(_READ):
                    yield piece
