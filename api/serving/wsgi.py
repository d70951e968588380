# SPDX-License-Identifier: Apache-2.0
"""A WSGI application (PEP 3333) in threads, for requests that come over RSGI."""

import asyncio
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from http import HTTPStatus
from typing import Any, NamedTuple

import structlog

from api.serving.pipe import Pipe, SlowReaderError, cut_off
from api.serving.rsgi import Headers, HttpProtocol, Scope

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

_WHOLE = 1024 * 1024
"""Bytes of the longest answer that is sent in one piece."""
_SAME: dict[str, Any] = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}
_OWN_NAMES = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}

_log = structlog.get_logger()


def environ_of(scope: Scope) -> Environ:
    """Return a request's environment without its body.

    A header whose name has an underscore is left out: here it would pass for the one with a hyphen (RFC 3875 section
    4.1.18).
    """
    host, _, port = scope.server.rpartition(":")
    environ = {
        **_SAME,
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": scope.path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.url_scheme": scope.scheme,
    }
    for name, value in scope.headers.items():
        if "_" in name:
            continue
        key = _OWN_NAMES.get(name) or "HTTP_" + name.upper().replace("-", "_")
        # What comes twice is one list (RFC 9110 section 5.2), so that two keys are not the first of them.
        environ[key] = f"{environ[key]}{'; ' if name == 'cookie' else ','}{value}" if key in environ else value
    return environ


class _Answer(NamedTuple):
    """What the application says. Its body, if it is not here, comes by a pipe."""

    status: int
    headers: Headers
    body: bytes | Pipe


class WsgiThreads:
    """Runs a WSGI application in `threads` threads.

    A client that takes nothing for `patience` seconds is given up; in a twelfth of that while others wait for a thread.
    """

    def __init__(self, app: Wsgi, threads: int, patience: float) -> None:
        self._app = app
        self._count = threads
        self._patience = patience
        self._threads = ThreadPoolExecutor(threads, "request")
        self._in_hand = 0

    @property
    def are_busy(self) -> bool:
        """Whether another request would wait for a thread."""
        return self._in_hand >= self._count

    async def answer(self, environ: Environ, scope: Scope, protocol: HttpProtocol) -> None:
        """Have a request answered; `environ` has its body as `wsgi.input`."""
        loop = asyncio.get_running_loop()
        answering: asyncio.Future[_Answer] = loop.create_future()
        self._in_hand += 1
        working = loop.run_in_executor(self._threads, self._run, environ, scope, partial(_begin, loop, answering))
        working.add_done_callback(partial(self._settle, answering))
        status, headers, body = await answering
        if status == HTTPStatus.REQUEST_TIMEOUT:
            headers.append(("Connection", "close"))  # RFC 9110 section 15.5.9
        if isinstance(body, Pipe):
            protocol.response_file(status, headers, body.path)
            # granian takes a request whose coroutine has ended for one whose body nobody reads any more.
            await asyncio.wait((working,))
        elif body or "content-length" in {name.lower() for name, _ in headers}:
            protocol.response_bytes(status, headers, body)
        else:
            protocol.response_empty(status, headers)

    def _settle(self, answering: "asyncio.Future[_Answer]", working: "asyncio.Future[None]") -> None:
        self._in_hand -= 1
        error = working.exception()
        if error is None:
            return
        if answering.done():
            _log.error("an answer was cut off", exc_info=error)
        else:
            answering.set_exception(error)

    def _run(self, environ: Environ, scope: Scope, begin: Callable[[_Answer], None]) -> None:
        """Run the application in this thread; what is long or has no length yet is sent while it is made."""
        said: list[tuple[int, Headers]] = []

        def start(status: str, headers: Headers, _: Any = None) -> None:
            said[:] = [(int(status.split(" ", 1)[0]), headers)]

        body = self._app(environ, start)
        with closing(_Parts(body)) as parts:
            first = next(parts, b"")
            [(status, headers)] = said
            length = next((int(value) for name, value in headers if name.lower() == "content-length"), None)
            if not first or (length is not None and length <= _WHOLE):
                begin(_Answer(status, headers, first + b"".join(parts)))
                return
            pipe = Pipe(lambda: self._patience / 12 if self.are_busy else self._patience)
            try:
                begin(_Answer(status, headers, pipe))
                pipe.write(first)
                for part in parts:
                    pipe.write(part)
            except BrokenPipeError:
                pass  # the client has gone
            except SlowReaderError:
                cut_off(scope.client, scope.server)
            except BaseException:
                cut_off(scope.client, scope.server)
                raise
            finally:
                pipe.close()


class _Parts:
    """The parts of an answer that are not empty. Closing it closes the answer."""

    def __init__(self, body: Iterable[bytes]) -> None:
        self._body = body
        self._parts: Iterator[bytes] = filter(None, body)

    def __iter__(self) -> Iterator[bytes]:
        return self._parts

    def __next__(self) -> bytes:
        return next(self._parts)

    def close(self) -> None:
        """Close the answer, as PEP 3333 asks."""
        if close := getattr(self._body, "close", None):
            close()


def _begin(loop: asyncio.AbstractEventLoop, answering: "asyncio.Future[_Answer]", answer: _Answer) -> None:
    loop.call_soon_threadsafe(answering.set_result, answer)
