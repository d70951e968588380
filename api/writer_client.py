# SPDX-License-Identifier: Apache-2.0
"""The way to the writer for a process that serves HTTP: two connections, and one request under way on each.

The threads of the process go together, so requests grow with the load, as the writer's commits do. While the writer has
one request in hand the other is on its way, or its answer is being read: so it never waits for this process.
"""

import socket
import struct
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from api.together import Together
from api.tracing.spans import Tracing
from api.writer_protocol import (
    LENGTH_SIZE,
    MAX_FRAME,
    MAX_SUBMISSIONS,
    frame,
    read_answer,
    read_verdict,
    write_part,
    write_request,
)
from notary.errors import FrameError, RefusedError, UnavailableError
from notary.log.submission import Placed, Submission

PATIENCE = 30
"""Seconds that the writer may take for an answer."""
# Seconds and microseconds, as the kernel takes them: Python's own timeout costs a poll before each call.
_TIMEOUT = struct.pack("@ll", PATIENCE, 0)
_PIECE = 1 << 20

Places = list[Placed | RefusedError]


class WriterClient:
    """Hands submissions to the writer process and waits until they are on disk; for any number of threads."""

    def __init__(self, path: Path, tracing: Tracing | None = None) -> None:
        """Connect to the socket at `path` once there is something to send."""
        self.path = path
        self._links = (_Link(path, tracing), _Link(path, tracing))

    def append(self, submissions: Sequence[Submission]) -> Places:
        """Place each of at most `MAX_SUBMISSIONS` submissions, as `notary.log.sequencer.Sequencer.append` does.

        Raises `LogBusyError`, or `UnavailableError` where it is not known whether they were placed; sending them
        again is harmless, because the log holds a record of one lender and id once.
        """
        # Written before it is this thread's turn, because the writer may have nothing to do until then.
        part = _Part(len(submissions), write_part(submissions))
        return min(self._links, key=lambda link: link.together.burden).together.do(part)

    def close(self) -> None:
        """Close the connections."""
        for link in self._links:
            link.close()


class _Part(NamedTuple):
    """What one thread brings: how many submissions, and how they are written."""

    size: int
    written: bytes


class _Link:
    """One connection, which threads use in groups."""

    def __init__(self, path: Path, tracing: Tracing | None) -> None:
        self._tracing = tracing
        self._path = str(path)
        self._connection: socket.socket | None = None
        self.together = Together(self._append, lambda part: part.size, MAX_SUBMISSIONS)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _append(self, group: list[_Part]) -> list[Places]:
        places = self._ask([part.written for part in group])
        if len(places) != sum(part.size for part in group):
            raise FrameError(f"the writer's answer: {len(places)} places")
        following = iter(places)
        return [list(islice(following, part.size)) for part in group]

    def _ask(self, parts: Sequence[bytes]) -> Places:
        trace = self._tracing.traceparent() if self._tracing else ""
        request = frame(write_request(parts, trace))
        try:
            try:
                return self._exchange(request)
            except (ConnectionError, FileNotFoundError):
                # The writer was started anew since the last request, or is being started.
                return self._exchange(request)
        except OSError as error:
            raise UnavailableError(
                f"the log's writer does not answer ({error}); it may have placed the records"
            ) from error

    def _exchange(self, request: bytes) -> Places:
        try:
            connection = self._connection or self._connect()
            connection.sendall(request)
            places = read_answer(_receive_frame(connection))
            read_verdict(_receive_frame(connection))
            return places
        except BaseException:
            # A verdict may still come, and would be taken for the answer to what is asked next.
            self.close()
            raise

    def _connect(self) -> socket.socket:
        connection = self._connection = socket.socket(socket.AF_UNIX)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _TIMEOUT)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _TIMEOUT)
        connection.connect(self._path)
        return connection


def _receive_frame(connection: socket.socket) -> bytes:
    """Return the body of the next frame, and leave what follows it where it is."""
    received, end = bytearray(), LENGTH_SIZE
    while len(received) < end:
        part = connection.recv(min(_PIECE, end - len(received)))
        if not part:
            raise ConnectionResetError("the writer has closed the connection")
        received += part
        if end == LENGTH_SIZE <= len(received):
            end += int.from_bytes(received[:LENGTH_SIZE])
            if end > MAX_FRAME:
                raise ConnectionError("the writer's answer is too long")
    return bytes(received[LENGTH_SIZE:])
