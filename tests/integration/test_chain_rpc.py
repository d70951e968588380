# SPDX-License-Identifier: Apache-2.0
"""Nodes that are down, hang, or answer with garbage: always ChainUnavailableError, never another library's error."""

import json
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from eth_hash.auto import keccak

from chain.deployment import Deployment
from chain.errors import ChainUnavailableError, NodeRefusedError, RegistryRefusedError, SizeNotGrowingError
from chain.registry import Registry
from chain.registry_deployment import plan_registry
from chain.rpc import Rpc
from chain.sender import call_registry, current_fees
from chain.wallet import Wallet
from tests.support.node import answering

HASH = b"\x11" * 32
ADDRESS = "0x" + "22" * 20
DEPLOYMENT = Deployment(1, "0x" + "00" * 32, ADDRESS, "0x" + "00" * 32, "o", ADDRESS, "0x" + "00" * 32)
REQUESTS: dict[str, Callable[[Rpc], object]] = {
    "chain_id": Rpc.chain_id,
    "latest": Rpc.latest,
    "block": lambda rpc: rpc.block(7),
    "transaction_count": lambda rpc: rpc.transaction_count(ADDRESS),
    "receipt": lambda rpc: rpc.receipt(HASH),
    "fees_offered": lambda rpc: rpc.fees_offered(HASH),
    "code": lambda rpc: rpc.code(ADDRESS),
    "eth_call": lambda rpc: rpc.eth_call({"to": ADDRESS}),
    "logs": lambda rpc: rpc.logs({}),
    "proof": lambda rpc: rpc.proof(ADDRESS, HASH, 1),
    "head": lambda rpc: Registry(rpc, DEPLOYMENT).head(),
    "is_anchored": lambda rpc: Registry(rpc, DEPLOYMENT).is_anchored(1, HASH, 1),
    "check_chain": lambda rpc: Registry(rpc, DEPLOYMENT).check_chain(),
    "events": lambda rpc: Registry(rpc, DEPLOYMENT).anchored_events(1),
    "fees": current_fees,
}
RESULTS = {
    "text": "0xzz",
    "number": 5,
    "odd": "0x123",
    "list": [],
    "list of numbers": [7],
    "object": {},
    "half a block": {"number": "0x1", "hash": "0x12", "timestamp": "0x1"},
    "float": 1.5,
    "unicode digits": "0x٤٢",
    "underscore": "0x1_0",
    "huge": "0x" + "f" * 100,
    "empty": "",
    "true": True,
}
BODIES = {
    "not json": b"<html>",
    "not utf-8": b"\xff\xfe",
    "empty": b"",
    "list": b"[]",
    "text": b'"x"',
    "null": b"null",
    "no result": b'{"jsonrpc":"2.0","id":1}',
    "error text": b'{"error":"broken"}',
    "deep": b"[" * 100_000,
}
TAKEN = {
    ("chain_id", "odd"),
    ("transaction_count", "odd"),
    ("check_chain", "odd"),
    ("code", "huge"),
    ("eth_call", "huge"),
    ("logs", "list"),
}
"""What looks wrong, but is an answer to this request."""


def say(result: object) -> Callable[[dict[str, Any]], tuple[int, bytes]]:
    return lambda request: (200, json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}).encode())


@pytest.mark.parametrize("body", list(BODIES))
@pytest.mark.parametrize("status", [200, 500])
def test_a_body_that_is_no_answer(body: str, status: int) -> None:
    with answering(lambda _: (status, BODIES[body])) as url, pytest.raises(ChainUnavailableError):
        Rpc(url).chain_id()


@pytest.mark.parametrize("result", list(RESULTS))
def test_a_result_of_the_wrong_form(result: str) -> None:
    with answering(say(RESULTS[result])) as url:
        rpc = Rpc(url)
        for name, request in REQUESTS.items():
            if (name, result) in TAKEN:
                continue
            with pytest.raises(ChainUnavailableError) as raised:
                request(rpc)
            assert raised.value.url == url, name


def test_a_node_that_is_down() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(ChainUnavailableError, match="ConnectionError"):
            Rpc(url).chain_id()


def test_a_node_that_hangs() -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        begin = time.monotonic()
        with pytest.raises(ChainUnavailableError, match="Timeout"):
            Rpc(f"http://127.0.0.1:{mute.getsockname()[1]}", timeout=0.2).chain_id()
        assert time.monotonic() - begin < 3


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://localhost", "http://", "http://[::1", "http://localhost:99999"])
def test_a_url_that_is_none(url: str) -> None:
    with pytest.raises(ChainUnavailableError):
        Rpc(url).chain_id()


def refuse(fault: object) -> Callable[[dict[str, Any]], tuple[int, bytes]]:
    return lambda request: (200, json.dumps({"jsonrpc": "2.0", "id": request["id"], "error": fault}).encode())


def test_an_error_of_the_node_keeps_its_words() -> None:
    with answering(refuse({"code": -32000, "message": "nonce too low"})) as url:
        with pytest.raises(NodeRefusedError) as raised:
            Rpc(url).send(b"\1")
        assert (raised.value.method, raised.value.code, raised.value.message) == (
            "eth_sendRawTransaction",
            -32000,
            "nonce too low",
        )


def test_a_revert_of_the_registry_is_told_from_other_errors() -> None:
    data = _size_not_growing(5, 9)
    with (
        answering(refuse({"code": 3, "message": "execution reverted", "data": "0x" + data.hex()})) as url,
        pytest.raises(SizeNotGrowingError) as raised,
    ):
        call_registry(Rpc(url), {"to": ADDRESS})
    assert (raised.value.size, raised.value.head_size) == (5, 9)


@pytest.mark.parametrize("data", ["0x", "0x12345678", None, "garbage", {}])
def test_a_revert_without_known_data(data: object) -> None:
    with (
        answering(refuse({"code": 3, "message": "execution reverted", "data": data})) as url,
        pytest.raises(RegistryRefusedError),
    ):
        call_registry(Rpc(url), {"to": ADDRESS})


def test_other_errors_are_no_refusal_of_the_registry() -> None:
    with (
        answering(refuse({"code": -32005, "message": "too many requests"})) as url,
        pytest.raises(NodeRefusedError, match="too many requests"),
    ):
        call_registry(Rpc(url), {"to": ADDRESS})


def test_nothing_is_sent_to_a_node_that_cannot_be_asked(wallet: Wallet) -> None:
    sent = []

    def answer(request: dict[str, Any]) -> tuple[int, bytes]:
        sent.append(request["method"])
        return 503, b""

    with answering(answer) as url, pytest.raises(ChainUnavailableError):
        plan_registry(Rpc(url), wallet.address, None)
    assert "eth_sendRawTransaction" not in sent


@pytest.fixture
def wallet() -> Wallet:
    return Wallet(b"\7" * 32)


def _size_not_growing(size: int, head_size: int) -> bytes:
    return keccak(b"SizeNotGrowing(uint48,uint48)")[:4] + size.to_bytes(32) + head_size.to_bytes(32)
