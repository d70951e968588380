# SPDX-License-Identifier: Apache-2.0
"""The way to the writer for a process that serves HTTP: one connection, and one request under way on it.

The threads of the process go together: whoever finds no request under way leads, and takes along what the others have
brought meanwhile. So requests grow with the load, as the writer's commits do, and a lone thread waits for nobody.
"""

import socket
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from api.writer_protocol import LENGTH_SIZE, MAX_FRAME, MAX_SUBMISSIONS, frame, read_answer, write_request
from notary.errors import RefusedError, UnavailableError
from notary.log.sequencer import Placed, Submission

# Seconds and microseconds, as the kernel takes them: Python's own timeout costs a poll before each call.
_TIMEOUT = struct.pack("@ll", 30, 0)
_PART = 1 << 20

Places = list[Placed | RefusedError]


@dataclass
class _Request:
    """What one thread brings. Its `turn` is released when it has its `outcome`, or when it is to lead."""

    submissions: Sequence[Submission]
    turn: threading.Lock = field(default_factory=threading.Lock)
    outcome: Places | UnavailableError | None = None


class WriterClient:
    """Hands submissions to the writer process and waits until they are on disk; for any number of threads."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._connection: socket.socket | None = None
        self._mutex = threading.Lock()
        self._waiting: list[_Request] = []
        self._led = False

    def append(self, submissions: Sequence[Submission]) -> Places:
        """Place each of at most `MAX_SUBMISSIONS` submissions, as `notary.log.sequencer.Sequencer.append` does.

        Raises `LogBusyError`, or `UnavailableError` where it is not known whether they were placed; sending them
        again is harmless, because the log holds a record of one lender and id once.
        """
        mine = _Request(submissions)
        mine.turn.acquire()
        with self._mutex:
            self._waiting.append(mine)
            leads, self._led = not self._led, True
        if not leads:
            mine.turn.acquire()
        if mine.outcome is None:
            self._lead()
        if isinstance(mine.outcome, UnavailableError):
            raise mine.outcome
        assert mine.outcome is not None
        return mine.outcome

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _lead(self) -> None:
        with self._mutex:
            group = self._take_group()
        outcome: Places | UnavailableError = UnavailableError("the request to the log's writer came to nothing")
        try:
            outcome = self._ask([item for request in group for item in request.submissions])
        finally:
            # Whatever happens here, nobody is left waiting for a leader.
            self._hand_over()
            _hand_out(group, outcome)

    def _hand_over(self) -> None:
        """Have somebody who waits lead next; before the answers are handed out, because the writer is idle now."""
        with self._mutex:
            self._led = bool(self._waiting)
            if self._waiting:
                self._waiting[0].turn.release()

    def _take_group(self) -> list[_Request]:
        """Take the requests that go together: the first one, and those after it that fit into the same frame."""
        size, count = 0, 0
        for request in self._waiting:
            size += len(request.submissions)
            if count and size > MAX_SUBMISSIONS:
                break
            count += 1
        group = self._waiting[:count]
        del self._waiting[:count]
        return group

    def _ask(self, submissions: Sequence[Submission]) -> Places | UnavailableError:
        request = frame(write_request(submissions))
        try:
            try:
                answer = self._exchange(request)
            except (ConnectionError, FileNotFoundError):
                # The writer was started anew since the last request, or is being started.
                self.close()
                answer = self._exchange(request)
            return read_answer(answer)
        except OSError as error:
            self.close()
            return UnavailableError(f"the log's writer does not answer ({error}); it may have placed the records")
        except UnavailableError as error:
            return error

    def _exchange(self, request: bytes) -> bytes:
        connection = self._connection
        if connection is None:
            connection = self._connection = socket.socket(socket.AF_UNIX)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _TIMEOUT)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _TIMEOUT)
            connection.connect(self._path)
        connection.sendall(request)
        return _receive_frame(connection)


def _receive_frame(connection: socket.socket) -> bytes:
    """Return the body of the one frame that is on its way."""
    received, end = bytearray(), LENGTH_SIZE
    while len(received) < end:
        part = connection.recv(_PART)
        if not part:
            raise ConnectionResetError("the writer has closed the connection")
        received += part
        if end == LENGTH_SIZE <= len(received):
            end += int.from_bytes(received[:LENGTH_SIZE])
            if end > MAX_FRAME:
                raise ConnectionError("the writer's answer is too long")
    return bytes(received[LENGTH_SIZE:])


def _hand_out(group: Sequence[_Request], outcome: Places | UnavailableError) -> None:
    start = 0
    for request in group:
        end = start + len(request.submissions)
        request.outcome = outcome if isinstance(outcome, UnavailableError) else outcome[start:end]
        request.turn.release()
        start = end
