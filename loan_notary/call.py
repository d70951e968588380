# SPDX-License-Identifier: Apache-2.0
"""Calls: each request of the API as a value, without any I/O.

`loan_notary.calls` makes them; `Client` and `AsyncClient` send them. ::

    call = calls.key("Z5l0_z0_leECU7ObqKtokiz3zbWDhYdjxBwEgxTa_RY")
    client.send(call)                # or: await async_client.send(call)
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode
from uuid import uuid4

import orjson

from loan_notary.errors import BadAnswerError, NotaryError, read_problem

JSON, NDJSON = "application/json", "application/x-ndjson"

T = TypeVar("T")


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request and how its answer is read. It may be sent any number of times: a POST keeps its `Idempotency-Key`.

    `body` is what is sent, or the file whose bytes are. `read` turns the body of an answer into what the call is for.
    """

    method: str
    path: str
    read: Callable[[bytes], T]
    body: bytes | Path | None = None
    media_type: str = ""
    more_headers: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def headers(self) -> dict[str, str]:
        """The headers that belong to this call and not to who sends it."""
        headers = {"Content-Type": self.media_type} if self.media_type else {}
        if self.method == "POST":
            headers["Idempotency-Key"] = f'"{uuid4()}"'
        return {**headers, **self.more_headers}

    def result(self, status: int, body: bytes) -> T:
        """Read an answer. Raises `ProblemError` for an error status and `BadAnswerError` for what cannot be read."""
        if status >= 400:
            raise read_problem(status, body)
        try:
            if not 200 <= status < 300:
                raise ValueError(f"HTTP status {status}")
            return self.read(body)
        except (ValueError, KeyError, TypeError, NotaryError) as error:
            raise BadAnswerError(f"{self.method} {self.path}: this is no answer of a notary: {error}") from error


@dataclass(frozen=True)
class Page(Generic[T]):
    """A part of a list, and the call for the next part if there is one."""

    items: list[T]
    following: Call["Page[T]"] | None = None


def path(*parts: str, **query: str | int | Sequence[str] | None) -> str:
    """Return a path of the API below `/v1`, each part quoted, with a query of the values that there are."""
    address = "/v1/" + "/".join(quote(part, safe=":") for part in parts)
    text = urlencode({name: value for name, value in query.items() if value not in (None, "", ())}, doseq=True)
    return f"{address}?{text}" if text else address


def get(address: str) -> Call[Any]:
    """Return a call that reads JSON."""
    return Call("GET", address, orjson.loads)


def get_bytes(address: str) -> Call[bytes]:
    """Return a call that reads bytes."""
    return Call("GET", address, bytes)


def get_lines(address: str) -> Call[Any]:
    """Return a call that reads one JSON value a line."""
    return Call("GET", address, json_lines)


def delete(address: str) -> Call[None]:
    """Return a call that removes something."""
    return Call("DELETE", address, _nothing)


def send_json(method: str, address: str, value: Mapping[str, Any] | None = None) -> Call[Any]:
    """Return a call that sends the members that are not None, if there is an object, and reads JSON."""
    if value is None:
        return Call(method, address, orjson.loads)
    body = orjson.dumps({name: item for name, item in value.items() if item is not None})
    return Call(method, address, orjson.loads, body, JSON)


def member(call: Call[Any], name: str) -> Call[Any]:
    """Return a call that reads one member of the object that `call` reads."""
    return Call(
        call.method, call.path, lambda body: call.read(body)[name], call.body, call.media_type, call.more_headers
    )


def json_lines(body: bytes) -> list[Any]:
    """Read one JSON value a line."""
    return [orjson.loads(line) for line in body.splitlines()]


def _nothing(_body: bytes) -> None:
    return None
