# SPDX-License-Identifier: Apache-2.0
"""Faults of the chain and of its node, each by itself; then random walks over all of them (more by `make faults`)."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from chain.anchor_rules import EMBEDDED, AnchorPolicy
from chain.anchorer import Anchorer
from chain.artifact import load_artifact
from chain.embedded import EmbeddedNode
from chain.errors import ChainUnavailableError, NodeRefusedError, WrongChainError
from chain.evidence import verify_evidence
from chain.history import NodeHistory
from chain.registry import Registry
from chain.rpc import Rpc
from chain.rpc_values import Fees
from notary.log.anchors import AnchorState
from tests.faults.chain import walk
from tests.faults.nodes import FaultyNode, faulty_node
from tests.support.anchor_store import MemoryAnchorStore
from tests.support.log import MemoryLog
from tests.support.node import BALANCE, Chain, running_chain

GWEI = 10**9
CODE = {load_artifact().code_hash}
DEPTH = 3
POLICY = AnchorPolicy(interval=0, poll=0, bump_after=10, depth=DEPTH)
AT_ONCE = replace(EMBEDDED, interval=0)


class Scene:
    """A chain, a node in front of it that can be made to misbehave, a log, and its anchorer."""

    def __init__(self, chain: Chain, url: str, node: FaultyNode, policy: AnchorPolicy = POLICY) -> None:
        self.chain, self.node, self.url, self.now = chain, node, url, 0.0
        self.log, self.store = MemoryLog(4), MemoryAnchorStore()
        self.begin(policy)

    def begin(self, policy: AnchorPolicy) -> None:
        registry = Registry(Rpc(self.url, timeout=1.5), self.chain.registry.deployment)
        self.anchorer = Anchorer(self.log, self.store, registry, self.chain.wallet, policy, lambda: self.now)

    def step(self, times: int = 1) -> None:
        for _ in range(times):
            status = self.anchorer.step()
            assert status.error is None, status.error
            self.chain.rpc.call("anvil_mine", "0x0")  # a request that waits for the automine of what was sent

    def anchor(self, state: str) -> None:
        """Step until the newest entry's anchor has a state."""
        size = self.log.head().size
        for _ in range(40):
            self.anchorer.step()
            if self.store.states().get(size) == state:
                return
            if state == "final" and self.store.states().get(size) == "mined":
                self.chain.mine()
        pytest.fail(f"{size} is not {state}: {self.store.states()}")

    def said(self, *states: AnchorState) -> list[int]:
        """Return the sizes whose anchors were ever in one of these states."""
        return [anchor.size for anchor in self.store.history if anchor.state in states]

    def sizes(self, state: AnchorState) -> list[int]:
        return [anchor.size for anchor in self.store.anchors(state)]

    def raw(self, size: int) -> str:
        [anchor] = [anchor for anchor in self.store.anchors() if anchor.size == size]
        return str(self.chain.rpc.call("eth_getRawTransactionByHash", anchor.transaction_hash))

    def assert_proved(self) -> None:
        """Every final anchor is in its block, and its evidence, if the node could give any, leads there."""
        for anchor in self.store.anchors(AnchorState.FINAL):
            block = self.chain.rpc.block(anchor.block_number or 0)
            assert block is not None
            assert anchor.block_hash == "0x" + block.hash.hex()
            if anchor.evidence is not None:
                verify_evidence(anchor, CODE)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with (
        running_chain(tmp_path) as chain,
        EmbeddedNode.start(tmp_path / "other", "--timestamp", "1700000000") as other,
        faulty_node(chain.node.url, other.url, Random(1)) as (url, node),
    ):
        yield Scene(chain, url, node)


@pytest.mark.parametrize("depth", [1, 2, 3, 8, 21, 64])
def test_a_reorganisation_of_any_depth_around_an_anchor(scene: Scene, depth: int) -> None:
    scene.chain.mine(66)
    scene.anchor("mined")
    scene.chain.mine(min(depth, DEPTH) - 1)
    scene.step()
    scene.chain.rpc.call("anvil_reorg", depth, [])
    scene.step()
    assert scene.said(AnchorState.REORGED) == [4]
    scene.anchor("final")
    scene.assert_proved()


def test_a_node_that_fell_behind_was_taken_for_a_reorganisation(scene: Scene) -> None:
    scene.anchor("final")
    scene.log.grow(1)
    scene.anchor("mined")
    before = scene.store.anchors()
    scene.node.mode, scene.node.limit = "is behind", scene.chain.rpc.latest().number - 5
    scene.log.grow(1)
    error = scene.anchorer.step().error
    assert isinstance(error, ChainUnavailableError)
    assert "behind block" in str(error)
    assert scene.store.anchors() == before
    scene.begin(POLICY)
    assert isinstance(scene.anchorer.step().error, ChainUnavailableError)
    assert scene.store.anchors() == before
    scene.node.mode = "well"
    scene.anchor("final")
    assert scene.said(AnchorState.REORGED, AnchorState.LOST, AnchorState.REPLACED) == []


def test_nodes_that_are_not_equally_far_were_taken_for_reorganisations(scene: Scene) -> None:
    for _ in range(12):
        scene.log.grow(1)
        scene.node.mode = "well"
        scene.step()
        scene.node.mode, scene.node.limit = "is behind at times", scene.chain.rpc.latest().number - 1
        for _ in range(6):
            scene.anchorer.step()
        scene.chain.mine()
    scene.node.mode = "well"
    scene.anchor("final")
    assert scene.said(AnchorState.REORGED, AnchorState.LOST) == []
    history = NodeHistory(scene.chain.node.url, scene.chain.registry.deployment)
    assert scene.sizes(AnchorState.FINAL) == [anchor.size for anchor in history.anchors()]


def test_a_final_anchor_in_a_dropped_block_went_unnoticed_once_a_later_one_was_there(scene: Scene) -> None:
    scene.anchor("final")
    [first] = scene.store.anchors()
    scene.log.grow(3)
    scene.step()
    raws = [scene.raw(4), scene.raw(7)]
    scene.chain.automine(False)
    scene.chain.rpc.call("anvil_reorg", scene.chain.rpc.latest().number - (first.block_number or 0) + 1, [])
    for raw in raws:
        scene.chain.rpc.call("eth_sendRawTransaction", raw)
    scene.chain.automine(True)
    scene.chain.mine()
    scene.step()
    assert scene.said(AnchorState.LOST) == [4]
    scene.anchor("final")
    assert scene.store.states() == {4: "final", 7: "final"}
    scene.assert_proved()


def test_a_transaction_that_nobody_knows_held_up_anchoring_for_as_long_as_it_waited(scene: Scene) -> None:
    scene.chain.automine(False)
    wallet, rpc = scene.chain.wallet, scene.chain.rpc
    stuck = wallet.sign(
        chain_id=31337, nonce=rpc.transaction_count(wallet.address), fees=Fees(20 * GWEI, 9 * GWEI), gas=21_000,
        to=wallet.address, data=b"",
    )  # fmt: skip
    rpc.send(stuck.raw)
    rpc.call("anvil_setNextBlockBaseFeePerGas", hex(30 * GWEI))
    rpc.call("anvil_setNextBlockBaseFeePerGas", hex(GWEI))
    refused = 0
    while "sent" not in scene.store.states().values():
        error = scene.anchorer.step().error
        if error is not None:
            assert isinstance(error, NodeRefusedError)
            refused += 1
            assert refused < 40, error
    assert refused > 0
    scene.chain.automine(True)
    scene.chain.mine()
    scene.anchor("final")
    assert scene.store.states() == {4: "final"}


@pytest.mark.parametrize("seed", range(3))
def test_numbers_of_256_bits_are_no_answers(scene: Scene, seed: int) -> None:
    scene.node._random, scene.node.mode = Random(seed), "exaggerates"
    for _ in range(12):
        scene.anchorer.step()
        scene.chain.mine()
        scene.log.grow(1)
    scene.node.mode = "well"
    scene.anchor("final")
    scene.assert_proved()


def test_an_empty_wallet_left_an_open_anchor_for_every_attempt(scene: Scene) -> None:
    scene.chain.rpc.call("anvil_setBalance", scene.chain.wallet.address, "0x0")
    for _ in range(5):
        assert "Insufficient funds" in str(scene.anchorer.step().error)
        scene.log.grow(1)
    assert list(scene.store.states().values()) == [*["replaced"] * 4, "pending"]
    scene.chain.rpc.call("anvil_setBalance", scene.chain.wallet.address, hex(BALANCE))
    scene.anchor("final")


def test_an_anchor_that_was_given_up_and_is_mined_after_all_is_taken_back(scene: Scene) -> None:
    scene.chain.automine(False)
    scene.step(2)
    raw = scene.raw(4)
    scene.chain.rpc.call("anvil_dropAllTransactions")
    scene.log.grow(1)
    scene.step()
    assert scene.store.states() == {4: "replaced", 5: "sent"}
    scene.chain.rpc.call("anvil_dropAllTransactions")
    scene.chain.rpc.call("eth_sendRawTransaction", raw)
    scene.chain.automine(True)
    scene.chain.mine()
    scene.anchor("final")
    assert scene.store.states() == {4: "final", 5: "final"}
    scene.assert_proved()


def test_nonces_that_were_used_elsewhere_are_skipped(scene: Scene) -> None:
    scene.chain.automine(False)
    scene.step(2)
    nonce = scene.chain.rpc.transaction_count(scene.chain.wallet.address)
    scene.chain.rpc.call("anvil_dropAllTransactions")
    scene.chain.rpc.call("anvil_setNonce", scene.chain.wallet.address, hex(nonce + 3))
    scene.chain.automine(True)
    scene.chain.mine()
    scene.anchor("final")
    [anchor] = scene.store.anchors()
    assert anchor.nonce == nonce + 3


def test_another_chain_answers_for_a_while(scene: Scene) -> None:
    scene.anchor("mined")
    before = scene.store.anchors()
    for mode in ("is another chain's", "is another chain's at times"):
        scene.node.mode = mode
        for _ in range(8):
            assert isinstance(scene.anchorer.step().error, ChainUnavailableError | WrongChainError | None)
    assert scene.store.anchors() == before
    scene.node.mode = "well"
    scene.anchor("final")


@pytest.mark.parametrize("mode", ["down", "hangs", "refuses", "babbles"])
def test_a_node_that_cannot_be_used_changes_nothing(scene: Scene, mode: str) -> None:
    scene.anchor("mined")
    before = scene.store.anchors()
    scene.node.mode = mode
    assert isinstance(scene.anchorer.step().error, ChainUnavailableError)
    assert scene.store.anchors() == before
    scene.node.mode = "well"
    scene.anchor("final")


@pytest.mark.parametrize("seed", [1, 5, 14])
def test_a_random_walk_ends_well(tmp_path: Path, seed: int) -> None:
    walk(tmp_path, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1100))
def test_another_random_walk_ends_well(tmp_path: Path, seed: int) -> None:
    walk(tmp_path, seed)
