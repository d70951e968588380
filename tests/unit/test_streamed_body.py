# SPDX-License-Identifier: Apache-2.0
"""A body that a thread reads while it comes: its parts, its end, and how long a slow sender is waited for."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import TypeVar, cast

import pytest
from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]
from werkzeug.exceptions import ClientDisconnected, RequestTimeout

from api.serving.bodies import SLOWEST, StreamedBody, read_whole
from api.serving.rsgi import HttpProtocol

PART = bytes(64 * 1024)
Got = TypeVar("Got")


def received(parts: Callable[[], AsyncIterator[bytes]], patience: float, read: Callable[[StreamedBody], Got]) -> Got:
    """Have `read` read a body in a thread while `parts` sends it."""

    class Sender:
        def __aiter__(self) -> AsyncIterator[bytes]:
            return parts()

    async def receive() -> Got:
        body = StreamedBody(patience)
        receiving = asyncio.get_running_loop().create_task(body.receive(cast(HttpProtocol, Sender())))
        try:
            return await asyncio.to_thread(read, body)
        finally:
            receiving.cancel()

    return asyncio.run(receive())


def test_no_more_is_read_than_was_asked_for() -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b"abc"
        yield b"defgh"

    def read(body: StreamedBody) -> list[bytes]:
        return list(iter(lambda: body.read(2), b""))

    found = received(parts, 30.0, read)
    assert (b"".join(found), max(map(len, found))) == (b"abcdefgh", 2)


def test_what_came_before_it_broke_off_is_read_and_then_it_is_said() -> None:
    broken = threading.Event()

    async def parts() -> AsyncIterator[bytes]:
        yield b"abc"
        asyncio.get_running_loop().call_soon(broken.set)
        raise ProtocolClosed

    def read(body: StreamedBody) -> bytes:
        assert broken.wait(30.0)
        first = body.read(10)
        with pytest.raises(ClientDisconnected):
            body.read(10)
        return first

    assert received(parts, 30.0, read) == b"abc"


def test_what_is_left_of_a_part_keeps_the_sender_waiting() -> None:
    sent = []

    async def parts() -> AsyncIterator[bytes]:
        for number in range(40):
            sent.append(number)
            yield PART

    def read(body: StreamedBody) -> int:
        for _ in range(20):
            assert body.read(1) == b"\0"
            time.sleep(0.001)  # for the sender, which is faster where it is let
        return len(sent)

    assert received(parts, 30.0, read) < 10


def test_a_sender_who_drips_is_given_up_however_short_each_wait_is() -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(100):
            await asyncio.sleep(0.05)
            yield b"x"

    with pytest.raises(RequestTimeout):
        received(parts, 0.2, StreamedBody.read)


def test_what_has_come_earns_as_much_time_as_the_slowest_takes_for_it() -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield bytes(SLOWEST // 10)
        await asyncio.sleep(5)

    with pytest.raises(RequestTimeout):
        received(parts, 0.2, StreamedBody.read)


def test_a_small_body_that_breaks_off_is_said_to() -> None:
    class Broken:
        def __call__(self) -> "asyncio.Future[bytes]":
            reading = asyncio.get_running_loop().create_future()
            reading.set_exception(ProtocolClosed())
            return reading

    with pytest.raises(ClientDisconnected):
        asyncio.run(read_whole(cast(HttpProtocol, Broken()), 30.0))
