# SPDX-License-Identifier: Apache-2.0
"""The way to the log's writer for an event loop: one connection, one request under way, and no thread that waits.

A thread would have to win the interpreter back from the loop, which has other requests in hand, for each answer. What
is made of an answer is made while the commit is on its way to the disk.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from api.writer_client import PATIENCE, Places
from api.writer_protocol import LENGTH_SIZE, MAX_FRAME, frame, read_answer, read_verdict, write_part, write_request
from notary.errors import FrameError, UnavailableError
from notary.log.submission import Submission

T = TypeVar("T")


class WriterLink:
    """Hands submissions to the writer process; for the coroutines of one event loop, one at a time."""

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        """Connect to the socket at `path` once there is something to send; wait so many seconds for an answer."""
        self._path = path
        self._patience = patience
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def append(self, submissions: Sequence[Submission], draft: Callable[[Places], T]) -> T:
        """Place each submission, as `api.writer_client.WriterClient.append` does, and raise what that raises.

        `draft` is called with the places before they are on disk (anew, if the writer was), and what it made of them
        is returned once they are: nothing of it may be shown to anybody before.
        """
        request = frame(write_request((write_part(submissions),)))
        try:
            try:
                return await self._exchange(request, len(submissions), draft)
            except (ConnectionError, FileNotFoundError):
                # The writer was started anew since the last request, or is being started.
                return await self._exchange(request, len(submissions), draft)
        except OSError as error:
            raise UnavailableError(
                f"the log's writer does not answer ({error}); it may have placed the records"
            ) from error

    def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _exchange(self, request: bytes, count: int, draft: Callable[[Places], T]) -> T:
        if self._streams is None:
            self._streams = await asyncio.open_unix_connection(str(self._path))
        reader, writer = self._streams
        is_settled = False
        try:
            async with asyncio.timeout(self._patience):
                writer.write(request)
                places = read_answer(await _receive_frame(reader))
                if len(places) != count:
                    raise FrameError(f"the writer's answer: {len(places)} places")
                drafted = draft(places)
                read_verdict(await _receive_frame(reader))
            is_settled = True
            return drafted
        except TimeoutError:
            raise TimeoutError(f"nothing for {self._patience} seconds") from None
        except asyncio.IncompleteReadError:
            raise ConnectionResetError("the writer has closed the connection") from None
        finally:
            if not is_settled:
                # What was asked may still be answered, and would be taken for the answer to what is asked next.
                self.close()


async def _receive_frame(reader: asyncio.StreamReader) -> bytes:
    length = int.from_bytes(await reader.readexactly(LENGTH_SIZE))
    if length > MAX_FRAME:
        raise ConnectionError("the writer's answer is too long")
    return await reader.readexactly(length)
