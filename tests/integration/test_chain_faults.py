# SPDX-License-Identifier: Apache-2.0
"""Anchoring through a node that loses requests and answers, or cannot prove storage; and on a second kind of node."""

import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from chain.anchor_rules import EMBEDDED
from chain.anchorer import Anchorer
from chain.artifact import load_artifact
from chain.errors import ChainUnavailableError
from chain.evidence import verify_evidence
from chain.registry import Registry
from chain.rpc import Rpc
from chain.wallet import Wallet
from notary.log.anchors import AnchorState
from tests.support.anchor_store import MemoryAnchorStore
from tests.support.log import MemoryLog
from tests.support.node import BALANCE, Chain, Tamper, registered, running_chain, running_hardhat, tampered

CODE = {load_artifact().code_hash}
AT_ONCE = replace(EMBEDDED, interval=0)
Forward = Callable[[], tuple[int, bytes]]


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    with running_chain(tmp_path) as chain:
        yield chain


@pytest.fixture
def store() -> MemoryAnchorStore:
    return MemoryAnchorStore()


@contextmanager
def anchoring_through(tamper: Tamper, chain: Chain, log: MemoryLog, store: MemoryAnchorStore) -> Iterator[Anchorer]:
    with tampered(chain.node.url, tamper) as url:
        yield Anchorer(log, store, Registry(Rpc(url), chain.registry.deployment), chain.wallet, AT_ONCE)


def step_until_final(anchorer: Anchorer, store: MemoryAnchorStore, size: int, steps: int = 300) -> None:
    for _ in range(steps):
        anchorer.step()
        if store.states().get(size) == "final":
            return
        time.sleep(0.01)
    pytest.fail(f"not final after {steps} steps: {store.states()}, {anchorer.status.error}")


def test_a_node_that_cannot_prove_storage_gives_no_evidence(chain: Chain, store: MemoryAnchorStore) -> None:
    def tamper(method: str, forward: Forward) -> tuple[int, bytes]:
        if method == "eth_getProof":
            return 200, json.dumps({"id": 1, "error": {"code": -32601, "message": "method not found"}}).encode()
        return forward()

    with anchoring_through(tamper, chain, MemoryLog(4), store) as anchorer:
        step_until_final(anchorer, store, 4)
    (anchor,) = store.anchors()
    assert anchor.evidence is None
    assert anchor.block_hash is not None


def test_evidence_that_a_node_could_not_give_at_first_is_there_when_the_anchor_is_final(
    chain: Chain, store: MemoryAnchorStore
) -> None:
    refusing = True

    def tamper(method: str, forward: Forward) -> tuple[int, bytes]:
        if method == "eth_getProof" and refusing:
            return 200, json.dumps({"id": 1, "error": {"code": -32601, "message": "method not found"}}).encode()
        return forward()

    with tampered(chain.node.url, tamper) as url:
        registry = Registry(Rpc(url), chain.registry.deployment)
        anchorer = Anchorer(MemoryLog(4), store, registry, chain.wallet, replace(AT_ONCE, depth=3))
        while store.states() != {4: "mined"}:
            anchorer.step()
        assert store.anchors()[0].evidence is None
        refusing = False
        anchorer.step()
        assert store.anchors()[0].evidence is None, "mined anchors are not asked about again and again"
        chain.mine(3)
        step_until_final(anchorer, store, 4)
    (anchor,) = store.anchors()
    verify_evidence(anchor, CODE)
    chain.mine(200)  # The node has forgotten that state; the evidence is kept.
    assert store.anchors() == [anchor]


def test_an_anchor_without_its_event_waits_for_the_next_one(chain: Chain, store: MemoryAnchorStore) -> None:
    def tamper(method: str, forward: Forward) -> tuple[int, bytes]:
        return (200, b'{"result": []}') if method == "eth_getLogs" else forward()

    log = MemoryLog(4)
    with anchoring_through(tamper, chain, log, MemoryAnchorStore()) as anchorer:
        anchorer.step()
    time.sleep(0.1)
    with anchoring_through(tamper, chain, log, store) as anchorer:
        for _ in range(3):
            assert anchorer.step().error is None
        assert store.states() == {4: "replaced"}
        log.grow(1)
        step_until_final(anchorer, store, 5)
    assert store.states() == {4: "replaced", 5: "final"}


def test_a_block_that_is_dropped_while_it_is_looked_at(chain: Chain, store: MemoryAnchorStore) -> None:
    log, changed = MemoryLog(4), []
    number = hex(chain.rpc.latest().number + 1)

    def tamper(method: str, forward: Forward) -> tuple[int, bytes]:
        status, body = forward()
        if method == "eth_getBlockByNumber" and f'"number":"{number}"'.encode() in body and len(changed) < 3:
            block = json.loads(body)
            block["result"]["hash"] = "0x" + "77" * 32
            changed.append(block)
            return 200, json.dumps(block).encode()
        return status, body

    with anchoring_through(tamper, chain, log, store) as anchorer:
        step_until_final(anchorer, store, 4)
    assert changed
    assert "0x" + "77" * 32 not in {anchor.block_hash for anchor in store.history}


@pytest.mark.parametrize("answer", [b'{"result": [{}]}', b'{"result": [{"data": "0x12"}]}', b'{"result": {}}'])
def test_events_of_another_form_change_nothing(chain: Chain, store: MemoryAnchorStore, answer: bytes) -> None:
    def tamper(method: str, forward: Forward) -> tuple[int, bytes]:
        return (200, answer) if method == "eth_getLogs" else forward()

    log = MemoryLog(4)
    with anchoring_through(tamper, chain, log, MemoryAnchorStore()) as anchorer:
        anchorer.step()
    time.sleep(0.1)
    with anchoring_through(tamper, chain, log, store) as anchorer:
        assert isinstance(anchorer.step().error, ChainUnavailableError)
    assert store.states() == {4: "pending"}


@pytest.mark.parametrize("method", ["eth_sendRawTransaction", "eth_getTransactionReceipt", "eth_getProof", "eth_call"])
def test_an_answer_that_is_lost_once(chain: Chain, store: MemoryAnchorStore, method: str) -> None:
    lost = []

    def tamper(asked: str, forward: Forward) -> tuple[int, bytes]:
        answer = forward()
        if asked == method and not lost:
            lost.append(answer)
            return 502, b""
        return answer

    before = chain.rpc.transaction_count(chain.wallet.address)
    with anchoring_through(tamper, chain, MemoryLog(4), store) as anchorer:
        step_until_final(anchorer, store, 4)
    assert lost
    assert chain.rpc.transaction_count(chain.wallet.address) == before + 1
    verify_evidence(store.anchors()[0], CODE)


@pytest.mark.parametrize("seed", range(6))
def test_requests_and_answers_lost_at_random(chain: Chain, store: MemoryAnchorStore, seed: int) -> None:
    rng, log = random.Random(seed), MemoryLog(1)

    def tamper(_: str, forward: Forward) -> tuple[int, bytes]:
        fate = rng.random()
        if fate < 0.04:
            return 503, b""
        answer = forward()
        return (200, answer[1][: len(answer[1]) // 2]) if fate < 0.08 else answer

    before = chain.rpc.transaction_count(chain.wallet.address)
    with anchoring_through(tamper, chain, log, store) as anchorer:
        for _ in range(5):
            size = log.head().size
            step_until_final(anchorer, store, size)
            log.grow(rng.randrange(1, 9))
    assert chain.rpc.transaction_count(chain.wallet.address) == before + 5
    assert [anchor.state for anchor in store.anchors()] == [AnchorState.FINAL] * 5
    for anchor in store.anchors():
        verify_evidence(anchor, CODE)


def test_a_proxy_of_the_environment_is_not_asked_about_this_machine(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert Rpc(chain.node.url).chain_id() == chain.registry.deployment.chain_id


@pytest.fixture
def hardhat() -> Iterator[Rpc]:
    with running_hardhat() as rpc:
        yield rpc


def test_the_same_on_a_node_of_another_make(hardhat: Rpc, store: MemoryAnchorStore) -> None:
    wallet, log = Wallet(b"\7" * 32), MemoryLog(5)
    hardhat.call("hardhat_setBalance", wallet.address, hex(BALANCE))
    registry = Registry.connect(hardhat, registered(hardhat, wallet))
    anchorer = Anchorer(log, store, registry, wallet, AT_ONCE)
    step_until_final(anchorer, store, 5)
    log.grow(2)
    step_until_final(anchorer, store, 7)
    for anchor in store.anchors():
        verify_evidence(anchor, CODE)
