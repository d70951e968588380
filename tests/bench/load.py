# SPDX-License-Identifier: Apache-2.0
"""A light HTTP/1.1 load generator in a process of its own: prebuilt requests, keep-alive, epoll.

Each connection sends its next request once the answer to the one before is there, so as many requests are under way
as there are connections.
"""

import re
import select
import socket
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from time import perf_counter

Address = tuple[str, int]
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)
_STATUS = slice(9, 12)


@dataclass
class Load:
    """What came back: how many answers of each status, how long each took, and how long all of them, in seconds."""

    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds


@dataclass
class _Connection:
    socket: socket.socket
    answer: bytearray = field(default_factory=bytearray)
    sent_at: float = 0.0

    def send(self, request: bytes) -> None:
        self.answer.clear()
        self.sent_at = perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Take in what has come; say whether the answer is complete."""
        part = self.socket.recv(1 << 16)
        if not part:
            raise ConnectionResetError("the server has closed a connection")
        self.answer += part
        end = self.answer.find(b"\r\n\r\n")
        length = _LENGTH.search(self.answer, 0, end + 2) if end > 0 else None
        return length is not None and len(self.answer) == end + 4 + int(length[1])


def http_request(path: str, body: bytes, media_type: str = "application/json", api_key: str = "") -> bytes:
    """Return the bytes of a POST."""
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n"
    authorization = f"Authorization: Bearer {api_key}\r\n" if api_key else ""
    return f"{head}{authorization}\r\n".encode() + body


def drive(address: Address, requests: Sequence[bytes], connections: int, expected: int) -> Load:
    """Send all requests over so many connections. Raises `RuntimeError` for an answer of another status."""
    return drive_all([address], requests, connections, expected)


def drive_all(addresses: Sequence[Address], requests: Sequence[bytes], connections: int, expected: int) -> Load:
    """Send all requests over so many connections, to several addresses in turn. Raises as `drive` does."""
    return _drive_apart(addresses, _Made(requests), min(connections, len(requests)), expected)


def drive_from(make: Callable[[], Iterator[bytes]], address: Address, connections: int, expected: int) -> Load:
    """Send the requests that `make` yields, which is called in the process that sends them. Raises as `drive` does."""
    return _drive_apart([address], make, connections, expected)


def _drive_apart(
    addresses: Sequence[Address], make: Callable[[], Iterator[bytes]], connections: int, expected: int
) -> Load:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        load = pool.submit(_drive, addresses, make, connections).result()
    if set(load.statuses) != {expected}:
        raise RuntimeError(f"answers of status {dict(load.statuses)} where all should be {expected}")
    return load


class _Made:
    """Requests that were made before."""

    def __init__(self, requests: Sequence[bytes]) -> None:
        self._requests = requests

    def __call__(self) -> Iterator[bytes]:
        return iter(self._requests)


def _drive(addresses: Sequence[Address], make: Callable[[], Iterator[bytes]], connections: int) -> Load:
    opened = [_Connection(socket.create_connection(addresses[turn % len(addresses)])) for turn in range(connections)]
    load = Load()
    began = perf_counter()
    _exchange({item.socket.fileno(): item for item in opened}, make(), load)
    load.seconds = perf_counter() - began
    for item in opened:
        item.socket.close()
    return load


def _exchange(connections: dict[int, _Connection], requests: Iterator[bytes], load: Load) -> None:
    poll = select.epoll()
    for number, connection in connections.items():
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        poll.register(number, select.EPOLLIN)
        connection.send(next(requests))
    busy = len(connections)
    while busy:
        for number, _ in poll.poll():
            connection = connections[number]
            if not connection.receive():
                continue
            load.latencies.append(perf_counter() - connection.sent_at)
            load.statuses[int(connection.answer[_STATUS])] += 1
            if request := next(requests, None):
                connection.send(request)
            else:
                busy -= 1
    poll.close()
