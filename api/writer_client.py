# SPDX-License-Identifier: Apache-2.0
"""The way to the writer for a process that serves HTTP: one connection a thread."""

import socket
import threading
from collections.abc import Sequence
from pathlib import Path

from api.writer_protocol import LENGTH_SIZE, MAX_FRAME, frame, read_answer, write_request
from notary.errors import RefusedError, UnavailableError
from notary.sequencer import Placed, Submission

_TIMEOUT = 30.0


class WriterClient:
    """Hands submissions to the writer process and waits until they are on disk."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._local = threading.local()

    def append(self, submissions: Sequence[Submission]) -> list[Placed | RefusedError]:
        """Place each of at most `MAX_SUBMISSIONS` submissions, as `notary.sequencer.Sequencer.append` does.

        Raises `LogBusyError`, or `UnavailableError` where it is not known whether they were placed; sending
        them again is harmless, because the log holds a record of one lender and id once.
        """
        request = frame(write_request(submissions))
        try:
            answer = self._exchange(request)
        except (ConnectionError, FileNotFoundError):
            # The writer was started anew since this thread's last request, or is being started.
            self.close()
            try:
                answer = self._exchange(request)
            except OSError as error:
                raise self._unavailable(error) from error
        except OSError as error:
            raise self._unavailable(error) from error
        return read_answer(answer)

    def close(self) -> None:
        """Close the calling thread's connection."""
        connection: socket.socket | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    def _exchange(self, request: bytes) -> bytes:
        connection: socket.socket | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(_TIMEOUT)
            self._local.connection = connection
            connection.connect(self._path)
        connection.sendall(request)
        length = int.from_bytes(_receive(connection, LENGTH_SIZE))
        if length > MAX_FRAME:
            raise ConnectionError("the writer's answer is too long")
        return _receive(connection, length)

    def _unavailable(self, error: OSError) -> UnavailableError:
        self.close()
        return UnavailableError(f"the log's writer does not answer ({error}); it may have placed the records")


def _receive(connection: socket.socket, length: int) -> bytes:
    parts = []
    while length:
        part = connection.recv(min(length, 1 << 20))
        if not part:
            raise ConnectionResetError("the writer has closed the connection")
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
