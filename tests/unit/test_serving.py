# SPDX-License-Identifier: Apache-2.0
"""What of the event loop's parts no client sees: how much waits in memory, and when a thread is free."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterable
from types import SimpleNamespace
from typing import Any, cast

from api.serving.bodies import StreamedBody, read_whole
from api.serving.rsgi import HttpProtocol, Scope
from api.serving.wsgi import Environ, WsgiThreads

PART = bytes(64 * 1024)
MANY = 40


class Reading:
    """A body that is there, and whether it was given up all the same."""

    def __init__(self) -> None:
        self.is_given_up = False

    def __call__(self) -> "Reading":
        return self

    def __await__(self) -> Generator[Any, None, bytes]:
        yield from asyncio.sleep(0).__await__()
        return b"body"

    def cancel(self) -> None:
        self.is_given_up = True


def test_a_body_that_is_there_is_not_given_up_later() -> None:
    reading = Reading()

    async def read() -> bytes:
        body = await read_whole(cast(HttpProtocol, reading), 0.01)
        await asyncio.sleep(0.05)
        return body

    assert asyncio.run(read()) == b"body"
    assert not reading.is_given_up


class Sender:
    """Sends parts as fast as they are taken in."""

    def __init__(self) -> None:
        self.sent = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(MANY):
            self.sent += 1
            yield PART


def test_a_sender_is_no_faster_than_what_becomes_of_it() -> None:
    sender, got = Sender(), list[bytes]()

    async def receive() -> None:
        body = StreamedBody(30.0)
        receiving = asyncio.get_running_loop().create_task(body.receive(cast(HttpProtocol, sender)))
        for _ in range(10 * MANY):
            await asyncio.sleep(0)
        assert sender.sent < MANY // 4
        await asyncio.to_thread(lambda: got.append(body.read()))
        await receiving

    asyncio.run(receive())
    assert b"".join(got) == PART * MANY


class Answers:
    """Takes an answer."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def response_bytes(self, _status: int, _headers: object, body: bytes) -> None:
        self.bodies.append(body)


class Body:
    """An answer that knows when it is closed."""

    def __init__(self) -> None:
        self.is_closed = False

    def __iter__(self) -> Any:
        return iter((b"a", b"", b"b"))

    def close(self) -> None:
        self.is_closed = True


def test_threads_are_busy_as_long_as_all_of_them_have_something_in_hand() -> None:
    go_on, body = threading.Event(), Body()

    def app(_: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        go_on.wait()
        start("200 OK", [("Content-Length", "2")])
        return body

    async def ask() -> list[bool]:
        threads, answers = WsgiThreads(app, 2, 30.0), Answers()
        scope = cast(Scope, SimpleNamespace(client="", server=""))
        told, asked = [threads.are_busy], []
        for _ in range(2):
            asked.append(asyncio.ensure_future(threads.answer({}, scope, cast(HttpProtocol, answers))))
            await asyncio.sleep(0)
            told.append(threads.are_busy)
        go_on.set()
        await asyncio.gather(*asked)
        while threads.are_busy:
            await asyncio.sleep(0.001)
        assert answers.bodies == [b"ab", b"ab"]
        return told

    assert asyncio.run(ask()) == [False, False, True]
    assert body.is_closed
