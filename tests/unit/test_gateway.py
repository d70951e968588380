# SPDX-License-Identifier: Apache-2.0
"""What the gateway hands to whom: the short way, the application, and the application with a refusal."""

import asyncio
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]
from structlog.testing import capture_logs

from api.serving.gateway import Gateway
from api.serving.rsgi import Headers, HttpProtocol, Scope
from api.serving.single_post import Created, SinglePost
from api.traffic.middleware import REFUSAL
from notary.registration import MAX_BODY

HEADERS = {"authorization": "Bearer x", "content-type": "application/json"}


class Connection:
    """A request's body, which is there whole or breaks off (None), and its answer."""

    def __init__(self, body: bytes | None) -> None:
        self._body = body
        self.answered: list[tuple[int, Headers, bytes]] = []

    def __call__(self) -> "asyncio.Future[bytes]":
        reading = asyncio.get_running_loop().create_future()
        if self._body is None:
            reading.set_exception(ProtocolClosed())
        else:
            reading.set_result(self._body)
        return reading

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        self.answered.append((status, headers, body))


class Post:
    """Takes whatever it is given."""

    async def answer(self, _: dict[str, Any], body: bytes) -> Created:
        return Created([("Content-Length", "1")], body[:1])


def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Tell how long the body is, or the refusal; or begin an answer without an end."""
    body = environ["wsgi.input"].read()
    if REFUSAL in environ:
        return environ[REFUSAL](environ, start)
    if environ["PATH_INFO"] == "/long":
        start("200 OK", [])
        return iter(lambda: b"x", b"")
    said = b"%d" % len(body)
    start("200 OK", [("Content-Length", str(len(said)))])
    return [said]


def ask(body: bytes | None, said: int, path: str = "/v1/records") -> tuple[int, Headers, bytes]:
    """Answer a POST whose body is said to be so long."""
    scope = SimpleNamespace(
        http_version="1.1", client="127.0.0.1:1", server="127.0.0.1:2", scheme="http", method="POST", path=path,
        query_string="", headers=HEADERS | {"content-length": str(said)},
    )  # fmt: skip
    connection = Connection(body)
    gateway = Gateway(app, cast(SinglePost, Post()), 30.0)
    asyncio.run(gateway.__rsgi__(cast(Scope, scope), cast(HttpProtocol, connection)))
    [answer] = connection.answered
    return answer


def test_a_plain_record_goes_the_short_way() -> None:
    assert ask(b"abc", 3) == (201, [("Content-Length", "1")], b"a")


def test_whatever_else_comes_to_the_application() -> None:
    assert ask(b"abc", 3, "/v1/policy")[2] == b"3"


def test_a_record_that_is_shorter_than_it_says_is_none() -> None:
    assert ask(b"ab", 3)[::2] == (200, b"2")


def test_a_body_that_breaks_off_is_refused_by_the_application_with_none() -> None:
    assert ask(None, 3)[0] == 400


def test_the_longest_record_is_there_before_a_thread_is() -> None:
    assert ask(bytes(MAX_BODY), MAX_BODY, "/v1/policy")[2] == b"%d" % MAX_BODY


def test_that_no_pipe_is_to_be_had_is_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with capture_logs() as logged:
        status, headers, _ = ask(b"", 0, "/long")
    assert (status, dict(headers)["Retry-After"]) == (503, "1")
    assert [line["event"] for line in logged] == ["a long answer has no way to its client"]
