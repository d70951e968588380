# SPDX-License-Identifier: Apache-2.0
"""What of RSGI 1.5 is used here, as granian 2.8 implements it: the request, and the way to read and answer it."""

from collections.abc import AsyncIterator, Awaitable
from typing import Protocol

from granian.rsgi import ProtocolClosed as ProtocolClosed  # type: ignore[attr-defined]

Headers = list[tuple[str, str]]


class GivenHeaders(Protocol):
    """A request's headers, with names in small letters."""

    def items(self) -> Headers:
        """Return all, in the order in which they came."""


class Scope(Protocol):
    """A request but for its body. `client` and `server` are addresses "HOST:PORT"; the path is decoded."""

    http_version: str
    client: str
    server: str
    scheme: str
    method: str
    path: str
    query_string: str

    @property
    def headers(self) -> GivenHeaders:
        """Its headers."""


class Reading(Awaitable[bytes], Protocol):
    """A body that is being read."""

    def cancel(self) -> object:
        """Read no more: whoever waits gets a `CancelledError`, and the connection ends with the answer."""


class HttpProtocol(Protocol):
    """The connection: the request's body (whole or in parts), and one answer."""

    def __call__(self) -> Reading:
        """Read the body."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Read the body part by part, as fast as it is asked for."""

    def response_empty(self, status: int, headers: Headers) -> None:
        """Answer without a body."""

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        """Answer with a body."""

    def response_file(self, status: int, headers: Headers, file: str) -> None:
        """Answer with a file, which is read as fast as the client takes it."""
