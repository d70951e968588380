# SPDX-License-Identifier: Apache-2.0
"""The bodies of requests: small ones are there before a thread is, large ones are read by the thread as they come.

So whoever sends slowly holds up no thread with a small body, and with a large one not for long.
"""

import asyncio
import threading
import time

from werkzeug.exceptions import ClientDisconnected, RequestTimeout

from api.serving.rsgi import HttpProtocol, ProtocolClosed

SLOWEST = 10_000
"""Bytes a second that whoever sends a large body keeps up, once his patience is used up."""
_AHEAD = 256 * 1024
_SLOW, _CUT = "the body came too slowly", "the body broke off"
_CHUNKS = "the body's chunks broke off, are none, or have trailers behind them, which are not taken"


async def read_whole(protocol: HttpProtocol, patience: float) -> bytes:
    """Return a body. Raises 408 if it was not there within `patience` seconds, 400 if it broke off."""
    reading = protocol()
    timer = asyncio.get_running_loop().call_later(patience, reading.cancel)
    try:
        return await reading
    except asyncio.CancelledError:
        raise RequestTimeout(_SLOW) from None
    except ProtocolClosed:
        raise ClientDisconnected(_CUT) from None
    finally:
        timer.cancel()


class StreamedBody:
    """A body that a thread reads while `receive` takes it in; what WSGI calls the input, as far as it is used.

    What comes in small parts is handed over many at a time. No more than `_AHEAD` bytes wait for the thread, so that a
    sender is never faster than what becomes of it.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Event()
        self._room.set()
        self._change = threading.Condition()
        self._waiting: list[bytes] = []
        self._size = 0
        self._received = 0
        self._waited = 0.0
        self._ended: Exception | bool = False

    async def receive(self, protocol: HttpProtocol) -> None:
        """Take in a request's body until it ends or breaks off."""
        empty = 0
        try:
            async for part in protocol:
                # granian 2.8 gives one empty part at the end, and one more where chunks are no chunks, or end too
                # early; also for trailers, which nobody here has a use for.
                empty += not part
                if empty > 1:
                    self._end(ClientDisconnected(_CHUNKS))
                    return
                if part:
                    await self._take_in(part)
            self._end(True)
        except ProtocolClosed:
            self._end(ClientDisconnected(_CUT))

    def read(self, size: int = -1) -> bytes:
        """Return at most `size` bytes, all that there are without one; b"" at the end.

        There may be fewer: what has come is not kept back until there is more, because its sender may be waiting for
        an answer to it. Raises 408 when more than `patience` seconds, and one for each `SLOWEST` bytes, were spent
        waiting for it; 400 when its chunks broke off.
        """
        if size < 0:
            return b"".join(iter(lambda: self._taken(_AHEAD), b""))
        return self._taken(size)

    async def _take_in(self, part: bytes) -> None:
        with self._change:
            self._waiting.append(part)
            self._size += len(part)
            self._received += len(part)
            self._change.notify()
            if self._size > _AHEAD:
                self._room.clear()
        await self._room.wait()

    def _end(self, how: "Exception | bool") -> None:
        with self._change:
            self._ended = how
            self._change.notify()

    def _taken(self, size: int) -> bytes:
        """Return what waits, at most `size` bytes, and at least one unless the body is at its end."""
        with self._change:
            began = time.monotonic()
            left = self._patience + self._received / SLOWEST - self._waited
            if not self._change.wait_for(lambda: self._waiting or self._ended, max(left, 0.0)):
                raise RequestTimeout(_SLOW)
            self._waited += time.monotonic() - began
            data = b"".join(self._waiting)
            if not data and isinstance(self._ended, Exception):
                raise self._ended
            data, rest = data[:size], data[size:]
            self._waiting = [rest] if rest else []
            self._size = len(rest)
            if self._size <= _AHEAD:
                self._loop.call_soon_threadsafe(self._room.set)
        return data
