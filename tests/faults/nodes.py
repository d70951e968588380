# SPDX-License-Identifier: Apache-2.0
"""A node that misbehaves in a way that can be changed while it runs; behind it is a real one."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import requests

from tests.support.node import answering

Request = dict[str, Any]
Reply = tuple[int, bytes]

HANG = 3.0
"""Seconds that a hanging node takes; whoever asks it should wait for less."""
_JUNK = (b"", b"{}", b"[]", b"<html>", b'{"result": "0x"}', b'{"result": []}', b'{"result": {}}', b'{"result": "0xzz"}')
_HUGE = "0x" + "ff" * 32


class FaultyNode:
    """Answers like the node at `url`, but for its `mode`, one of `MODES`; `other` is a node of another chain.

    A node that is `behind` has only the blocks up to `limit`.
    """

    def __init__(self, url: str, other: str, random: Random) -> None:
        self._url, self._other, self._random = url, other, random
        self._session = requests.Session()
        self._session.trust_env = False
        self.mode = "well"
        self.limit = 0

    def answer(self, request: Request) -> Reply:
        """Answer a request in the present mode."""
        return MODES[self.mode](self, request)

    def forward(self, request: Request, url: str | None = None) -> Reply:
        """Have a real node answer."""
        response = self._session.post(url or self._url, json=request, timeout=10)
        return response.status_code, response.content

    def hang(self, request: Request) -> Reply:
        time.sleep(HANG)
        return self.forward(request)

    def refuse(self, _: Request) -> Reply:
        return 200, b'{"error": {"code": -32000, "message": "internal error"}}'

    def babble(self, request: Request) -> Reply:
        status, body = self.forward(request)
        junk = (*_JUNK, body[: len(body) // 2], body.replace(b'"0x', b'"' + _HUGE.encode()[:40]))
        return status, self._random.choice(junk)

    def exaggerate(self, request: Request) -> Reply:
        """Put a number in that is too large, in one of the answer's places."""
        status, body = self.forward(request)
        document = json.loads(body)
        result = document.get("result")
        if isinstance(result, dict):
            names = [name for name, value in result.items() if isinstance(value, str) and len(value) < 30]
            result[self._random.choice(names)] = _HUGE
        elif isinstance(result, str) and len(result) < 30:
            document["result"] = _HUGE
        return status, json.dumps(document).encode()

    def lose(self, request: Request) -> Reply:
        status, body = self.forward(request)
        return (502, b"") if self._random.random() < 0.2 else (status, body)

    def be_another(self, request: Request) -> Reply:
        return self.forward(request, self._other)

    def lag(self, request: Request) -> Reply:
        """Answer as if the blocks after `limit` had not come yet."""
        method, params = request["method"], request["params"]
        if method in ("eth_call", "eth_getTransactionCount", "eth_getCode", "eth_getBalance"):
            return self._ask_state(request)
        if method == "eth_getBlockByNumber":
            number = self.limit if params[0] in ("latest", "pending") else None
            number = max(0, self.limit - 64) if params[0] in ("safe", "finalized") else number
            request = {**request, "params": [hex(number), *params[1:]]} if number is not None else request
        status, body = self.forward(request)
        document = json.loads(body)
        if "result" in document:
            document["result"] = self._known(document["result"])
        return status, json.dumps(document).encode()

    def mix(self, fault: Callable[["FaultyNode", Request], Reply], request: Request) -> Reply:
        """Answer some requests well, as a proxy before several nodes does."""
        return fault(self, request) if self._random.random() < 0.3 else self.forward(request)

    def _ask_state(self, request: Request) -> Reply:
        *first, block = request["params"]
        if isinstance(block, dict):
            of_block = {**request, "method": "eth_getBlockByHash", "params": [block["blockHash"], False]}
            _, body = self.forward(of_block)
            if self._known(json.loads(body).get("result")) is None:
                return 200, b'{"error": {"code": -32001, "message": "header not found"}}'
            return self.forward(request)
        return self.forward({**request, "params": [*first, hex(self.limit)]})

    def _known(self, result: Any) -> Any:
        if isinstance(result, list):
            return [item for item in result if self._known(item) is not None]
        if isinstance(result, dict):
            number = result.get("blockNumber", result.get("number"))
            return None if number is not None and int(number, 16) > self.limit else result
        return result


MODES: dict[str, Callable[[FaultyNode, Request], Reply]] = {
    "well": FaultyNode.forward,
    "down": lambda node, request: (503, b""),
    "hangs": FaultyNode.hang,
    "refuses": FaultyNode.refuse,
    "babbles": FaultyNode.babble,
    "exaggerates": lambda node, request: node.mix(FaultyNode.exaggerate, request),
    "loses answers": FaultyNode.lose,
    "is behind": FaultyNode.lag,
    "is behind at times": lambda node, request: node.mix(FaultyNode.lag, request),
    "is another chain's": FaultyNode.be_another,
    "is another chain's at times": lambda node, request: node.mix(FaultyNode.be_another, request),
}
"""How a node may be."""


@contextmanager
def faulty_node(url: str, other: str, random: Random) -> Iterator[tuple[str, FaultyNode]]:
    """Run a node in front of the one at `url`; yield its own URL, and what changes it."""
    node = FaultyNode(url, other, random)
    with answering(node.answer) as faulty_url:
        yield faulty_url, node
    node._session.close()
