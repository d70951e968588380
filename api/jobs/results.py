# SPDX-License-Identifier: Apache-2.0
"""The answers of a job, in stretches as they came, each sealed by itself with its place in the file bound to it.

::

    uint32 length || nonce, ciphertext, tag

`Progress.written` says how many bytes of the file count. What a kill left behind them is cut off and written again,
with another nonce: nonces are random.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from api.folders.keys import FolderKey
from api.folders.state_files import file_errors
from api.jobs.job import Job

_LENGTH = 4


class ResultsWriter:
    """Adds to the answers."""

    def __init__(self, file: BinaryIO, key: FolderKey, written: int) -> None:
        self._file = file
        self._key = key
        self._written = written

    def append(self, answers: bytes) -> int:
        """Add some answers; they are on disk when this returns how many bytes of the file count with them."""
        sealed = self._key.seal(_name(self._written), answers)
        self._file.write(len(sealed).to_bytes(_LENGTH) + sealed)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._written += _LENGTH + len(sealed)
        return self._written


@contextmanager
def opened_results(job: Job) -> Iterator[ResultsWriter]:
    """Open the answers to add to those that count."""
    with job.results.open("ab") as file:
        # Behind them there may be answers of a slice that was cut short.
        file.truncate(job.progress.written)
        yield ResultsWriter(file, job.key, job.progress.written)


def read_results(job: Job) -> Iterator[bytes]:
    """Return the answers so far, whole lines at a time; what is behind them is not settled.

    Raises `UnavailableError` before the first of them where an erasure has just removed the job, and, as they are read,
    `CorruptLogError`.
    """
    if not job.progress.written:
        return iter(())
    with file_errors():
        return _read(job, job.results.open("rb"))


def _read(job: Job, file: BinaryIO) -> Iterator[bytes]:
    place = 0
    with file:
        while place < job.progress.written:
            length = int.from_bytes(file.read(_LENGTH))
            yield job.key.open(_name(place), file.read(length))
            place += _LENGTH + length


def _name(place: int) -> str:
    return f"results {place}"
