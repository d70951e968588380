# SPDX-License-Identifier: Apache-2.0
"""A WSGI application in threads: what it is told of a request, and how its long answers end."""

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from api.serving.rsgi import Headers, HttpProtocol, Scope
from api.serving.wsgi import Environ, Wsgi, WsgiThreads, environ_of

LONG = 8 * 1024 * 1024
NOWHERE = cast(Scope, SimpleNamespace(client="", server=""))


def test_addresses_of_ipv6_are_told_without_brackets() -> None:
    scope = SimpleNamespace(
        http_version="1.1", client="[::1]:5", server="[::1]:8000", scheme="http", method="GET", path="/",
        query_string="", headers={},
    )  # fmt: skip
    environ = environ_of(cast(Scope, scope))
    assert (environ["REMOTE_ADDR"], environ["SERVER_PORT"]) == ("::1", "8000")


class Client:
    """Notes the headers of an answer, and opens its file."""

    def __init__(self) -> None:
        self.reader = -1
        self.headers: Headers = []
        self.began = asyncio.Event()

    def response_bytes(self, _status: int, headers: Headers, _body: bytes) -> None:
        self.headers = headers

    def response_file(self, _status: int, _headers: Headers, file: str) -> None:
        self.reader = os.open(file, os.O_RDONLY)
        self.began.set()

    def leave(self) -> None:
        os.close(self.reader)


def endless(_: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
    start("200 OK", [("Content-Length", str(LONG))])
    return (bytes(size) for size in (1, LONG - 1))


def breaking(_: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
    def parts() -> Iterator[bytes]:
        yield b"x"
        raise RuntimeError("as asked")

    start("200 OK", [])
    return parts()


def test_a_request_that_took_too_long_is_the_last_of_its_connection() -> None:
    def app(_: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        start("408 REQUEST TIMEOUT", [("Content-Length", "4")])
        return [b"slow"]

    async def ask() -> Headers:
        client = Client()
        await WsgiThreads(app, 1, 30.0).answer({}, NOWHERE, cast(HttpProtocol, client))
        return client.headers

    assert ("Connection", "close") in asyncio.run(ask())


async def begun(threads: WsgiThreads) -> "tuple[Client, asyncio.Future[None]]":
    """Ask for an answer whose body comes by a pipe, and take its first byte, so that it is seen who reads."""
    client = Client()
    asked = asyncio.ensure_future(threads.answer({}, NOWHERE, cast(HttpProtocol, client)))
    await client.began.wait()
    assert len(await asyncio.to_thread(os.read, client.reader, 1)) == 1
    return client, asked


@pytest.mark.parametrize(("app", "said"), [(endless, []), (breaking, ["an answer was cut off"])])
def test_who_leaves_is_no_error_and_what_breaks_off_is_one(app: Wsgi, said: list[str]) -> None:
    async def ask() -> None:
        client, asked = await begun(WsgiThreads(app, 2, 30.0))
        if app is endless:
            client.leave()
        await asked
        if app is breaking:
            client.leave()
        # What is written down about it is written down right after.
        await asyncio.sleep(0)

    with capture_logs() as logged:
        asyncio.run(asyncio.wait_for(ask(), 30.0))
    assert [line["event"] for line in logged] == said


def test_who_takes_nothing_is_given_up_sooner_while_others_wait_for_a_thread() -> None:
    async def ask() -> tuple[bool, bool]:
        roomy, full = WsgiThreads(endless, 2, 12.0), WsgiThreads(endless, 1, 12.0)
        patient, waits = await begun(roomy)
        hasty, given_up = await begun(full)
        await given_up
        found = waits.done(), given_up.done()
        patient.leave()
        hasty.leave()
        await waits
        return found

    assert asyncio.run(asyncio.wait_for(ask(), 60.0)) == (False, True)


def test_an_empty_part_is_no_end_of_an_answer() -> None:
    def app(_: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        start("200 OK", [])
        return iter((b"", b"", b"p", b"", b"art"))

    async def ask() -> bytes:
        client, asked = await begun(WsgiThreads(app, 1, 30.0))
        heard = b""
        while part := await asyncio.to_thread(os.read, client.reader, 100):
            heard += part
        await asked
        client.leave()
        return heard

    assert asyncio.run(asyncio.wait_for(ask(), 30.0)) == b"art"
