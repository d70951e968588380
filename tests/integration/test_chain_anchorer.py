# SPDX-License-Identifier: Apache-2.0
"""The anchorer on a real anvil: the good day, crashes, replaced and reorganised transactions, strange chains."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chain.anchor_rules import EMBEDDED, AnchorPolicy
from chain.anchorer import Anchorer
from chain.artifact import load_artifact
from chain.embedded import EmbeddedNode
from chain.errors import AnchorConflictError, ChainUnavailableError, NotOperatorError, WrongChainError
from chain.evidence import verify_evidence
from chain.registry import Registry
from chain.rpc import Rpc
from notary.log.anchors import Anchor, AnchorState
from tests.support.anchor_store import DiedError, MemoryAnchorStore
from tests.support.log import MemoryLog
from tests.support.node import BALANCE, Chain, new_wallet, registered, running_chain

CODE = {load_artifact().code_hash}
DEEP = AnchorPolicy(interval=0, poll=0.01, bump_after=10, depth=3, rewinds=True)
AT_ONCE = replace(EMBEDDED, interval=0)


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    with running_chain(tmp_path) as chain:
        yield chain


@pytest.fixture
def store() -> MemoryAnchorStore:
    return MemoryAnchorStore()


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def anchorer(
    chain: Chain, log: MemoryLog, store: MemoryAnchorStore, policy: AnchorPolicy = AT_ONCE, clock: Clock | None = None
) -> Anchorer:
    return Anchorer(log, store, chain.registry, chain.wallet, policy, clock or Clock())


def settle(anchorer: Anchorer, steps: int = 3) -> None:
    for _ in range(steps):
        assert anchorer.step().error is None
        chain_mines_at_once()


def chain_mines_at_once() -> None:
    threading.Event().wait(0.05)  # anvil's automine is asynchronous


def transactions(chain: Chain) -> int:
    return chain.rpc.transaction_count(chain.wallet.address)


def assert_proved(anchor: Anchor) -> None:
    verify_evidence(anchor, CODE)


def test_grows_step_by_step_to_final(chain: Chain, store: MemoryAnchorStore) -> None:
    log = MemoryLog(5)
    subject = anchorer(chain, log, store)
    settle(subject)
    log.grow(8)
    settle(subject)
    assert store.states() == {5: "final", 13: "final"}
    assert [(a.size, a.state.value) for a in store.history] == [
        *[(5, "pending"), (5, "sent"), (5, "final")],
        *[(13, "pending"), (13, "sent"), (13, "final")],
    ]
    for anchor in store.anchors():
        assert_proved(anchor)
        assert anchor.checkpoint == f"checkpoint {anchor.size}"
        assert chain.registry.is_anchored(anchor.size, log.root(anchor.size), anchor.block_time or 0)
    status = subject.status
    newest = store.anchors()[-1]
    assert (status.log_size, status.anchored_size, status.anchored_at) == (13, 13, newest.block_time)
    assert status.age((newest.block_time or 0) + 7) == 7


def test_anchors_nothing_without_new_entries(chain: Chain, store: MemoryAnchorStore) -> None:
    subject = anchorer(chain, MemoryLog(3), store)
    settle(subject)
    before = transactions(chain)
    settle(subject, steps=5)
    assert transactions(chain) == before


def test_waits_out_the_interval(chain: Chain, store: MemoryAnchorStore) -> None:
    clock, log = Clock(), MemoryLog(3)
    subject = anchorer(chain, log, store, replace(EMBEDDED, interval=60), clock)
    settle(subject)
    log.grow(1)
    clock.now = 59
    settle(subject)
    assert store.states() == {3: "final"}
    clock.now = 60
    settle(subject)
    assert store.states() == {3: "final", 4: "final"}


def test_mined_until_deep_enough(chain: Chain, store: MemoryAnchorStore) -> None:
    subject = anchorer(chain, MemoryLog(3), store, DEEP)
    settle(subject)
    chain.mine(2)
    settle(subject)
    assert store.states() == {3: "mined"}
    chain.mine()
    settle(subject)
    assert store.states() == {3: "final"}
    assert_proved(store.anchors()[0])


def test_final_when_the_chain_says_so(chain: Chain, store: MemoryAnchorStore) -> None:
    subject = anchorer(chain, MemoryLog(3), store, AnchorPolicy(interval=0))
    settle(subject)
    assert store.states() == {3: "mined"}
    chain.mine(64)  # two epochs of 32 blocks
    settle(subject)
    assert store.states() == {3: "final"}


def test_runs_until_stopped(chain: Chain, store: MemoryAnchorStore) -> None:
    stop = threading.Event()
    subject = anchorer(chain, MemoryLog(4), store)
    thread = threading.Thread(target=subject.run, args=(stop,))
    thread.start()
    for _ in range(200):
        if store.states() == {4: "final"}:
            break
        stop.wait(0.02)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert store.states() == {4: "final"}


class TestCrashes:
    """The process dies in a save; a new one goes on with what the store has."""

    @pytest.mark.parametrize("die_at", [1, 2, 3])
    def test_anchors_once_and_skips_nothing(self, chain: Chain, store: MemoryAnchorStore, die_at: int) -> None:
        log = MemoryLog(6)
        before = transactions(chain)
        store.die_at = die_at
        with pytest.raises(DiedError):
            settle(anchorer(chain, log, store))
        chain_mines_at_once()
        settle(anchorer(chain, log, store))
        assert transactions(chain) == before + 1
        assert store.states() == {6: "final"}
        assert_proved(store.anchors()[0])

    def test_nothing_is_sent_that_was_not_written_down(self, chain: Chain, store: MemoryAnchorStore) -> None:
        before = transactions(chain)
        store.die_at = 1
        with pytest.raises(DiedError):
            anchorer(chain, MemoryLog(6), store).step()
        chain_mines_at_once()
        assert (transactions(chain), store.history) == (before, [])

    @pytest.mark.parametrize("die_at", [1, 2, 3])
    def test_goes_on_when_the_log_grew_meanwhile(self, chain: Chain, store: MemoryAnchorStore, die_at: int) -> None:
        log = MemoryLog(6)
        store.die_at = die_at
        with pytest.raises(DiedError):
            settle(anchorer(chain, log, store))
        chain_mines_at_once()
        log.grow(3)
        settle(anchorer(chain, log, store))
        assert store.states()[9] == "final"
        assert chain.registry.head().size == 9
        assert store.states().get(6) in (None, "final", "replaced")

    def test_adopts_an_anchor_that_the_store_has_lost(self, chain: Chain, store: MemoryAnchorStore) -> None:
        log = MemoryLog(6)
        settle(anchorer(chain, log, store))
        before = transactions(chain)
        restored = MemoryAnchorStore()
        settle(anchorer(chain, log, restored))
        assert transactions(chain) == before
        assert restored.anchors() == [replace(store.anchors()[0], nonce=None)]

    def test_finds_block_and_evidence_after_a_restart_of_both(self, tmp_path: Path, store: MemoryAnchorStore) -> None:
        log = MemoryLog(6)
        with running_chain(tmp_path) as chain:
            store.die_at = 2
            with pytest.raises(DiedError):
                anchorer(chain, log, store).step()
            chain_mines_at_once()
        with EmbeddedNode.start(tmp_path / "node") as node:
            node.fund(chain.wallet.address, BALANCE)
            registry = Registry.connect(Rpc(node.url), chain.registry.deployment)
            settle(Anchorer(log, store, registry, chain.wallet, AT_ONCE), steps=1)
        assert store.states() == {6: "final"}
        assert_proved(store.anchors()[0])

    def test_sends_again_what_the_node_forgot(self, chain: Chain, store: MemoryAnchorStore) -> None:
        chain.automine(False)
        log = MemoryLog(6)
        subject = anchorer(chain, log, store)
        settle(subject, steps=2)
        assert store.states() == {6: "sent"}
        chain.rpc.call("anvil_dropAllTransactions")
        log.grow(1)
        settle(subject, steps=1)
        assert store.states() == {6: "replaced", 7: "sent"}
        assert len({anchor.nonce for anchor in store.anchors()}) == 1
        chain.mine()
        settle(subject)
        assert store.states() == {6: "replaced", 7: "final"}


class TestWaiting:
    """Transactions that the chain does not take for a while."""

    def test_bumps_the_fee_and_keeps_the_nonce(self, chain: Chain, store: MemoryAnchorStore) -> None:
        chain.automine(False)
        clock, log = Clock(), MemoryLog(6)
        subject = anchorer(chain, log, store, clock=clock)
        settle(subject, steps=2)
        first = store.anchors()[0]
        offered = chain.rpc.fees_offered(bytes.fromhex((first.transaction_hash or "")[2:]))
        clock.now = EMBEDDED.bump_after - 0.1
        settle(subject)
        assert store.anchors() == [first]
        clock.now = EMBEDDED.bump_after
        settle(subject)
        second = store.anchors()[0]
        assert (second.nonce, second.state) == (first.nonce, AnchorState.SENT)
        assert second.transaction_hash != first.transaction_hash
        raised = chain.rpc.fees_offered(bytes.fromhex((second.transaction_hash or "")[2:]))
        assert offered is not None
        assert raised is not None
        assert raised.max_fee * 8 >= offered.max_fee * 9
        assert raised.max_priority_fee * 8 >= offered.max_priority_fee * 9
        chain.mine()
        settle(subject)
        assert store.states() == {6: "final"}

    def test_replaces_it_by_the_newest_checkpoint(self, chain: Chain, store: MemoryAnchorStore) -> None:
        chain.automine(False)
        clock, log = Clock(), MemoryLog(6)
        subject = anchorer(chain, log, store, clock=clock)
        settle(subject, steps=2)
        log.grow(4)
        clock.now = EMBEDDED.bump_after
        settle(subject)
        assert store.states() == {6: "sent", 10: "sent"}
        chain.mine()
        settle(subject)
        assert store.states() == {6: "replaced", 10: "final"}

    def test_one_transaction_waits_at_a_time(self, chain: Chain, store: MemoryAnchorStore) -> None:
        chain.automine(False)
        log = MemoryLog(6)
        subject = anchorer(chain, log, store)
        for _ in range(3):
            settle(subject, steps=1)
            log.grow(1)
        assert store.states() == {6: "sent"}

    def test_the_replaced_one_is_mined_after_all(self, chain: Chain, store: MemoryAnchorStore) -> None:
        chain.automine(False)
        clock, log = Clock(), MemoryLog(6)
        subject = anchorer(chain, log, store, clock=clock)
        settle(subject, steps=2)
        raw = chain.rpc.call("eth_getRawTransactionByHash", store.anchors()[0].transaction_hash)
        clock.now = EMBEDDED.bump_after
        settle(subject, steps=1)
        chain.rpc.call("anvil_dropAllTransactions")
        chain.rpc.call("eth_sendRawTransaction", raw)
        chain.mine()
        settle(subject)
        (anchor,) = store.anchors()
        assert anchor.state is AnchorState.FINAL
        assert anchor.transaction_hash == store.history[0].transaction_hash
        assert_proved(anchor)


class TestReorganisations:
    def test_a_dropped_block_is_anchored_again(self, chain: Chain, store: MemoryAnchorStore) -> None:
        subject = anchorer(chain, MemoryLog(6), store, DEEP)
        settle(subject)
        first = store.anchors()[0]
        assert first.state is AnchorState.MINED
        chain.rpc.call("anvil_rollback", 1)
        settle(subject, steps=6)
        chain.mine(3)
        settle(subject)
        second = store.anchors()[0]
        assert AnchorState.REORGED in {anchor.state for anchor in store.history}
        assert second.state is AnchorState.FINAL
        assert_proved(second)

    def test_the_same_transaction_in_another_block(self, chain: Chain, store: MemoryAnchorStore) -> None:
        subject = anchorer(chain, MemoryLog(6), store, DEEP)
        settle(subject)
        first = store.anchors()[0]
        raw = chain.rpc.call("eth_getRawTransactionByHash", first.transaction_hash)
        chain.rpc.call("anvil_rollback", 1)
        chain.mine()
        chain.rpc.call("eth_sendRawTransaction", raw)
        chain_mines_at_once()
        settle(subject)
        second = store.anchors()[0]
        assert (second.state, second.transaction_hash) == (AnchorState.MINED, first.transaction_hash)
        assert (second.block_number or 0) == (first.block_number or 0) + 1
        assert_proved(second)

    def test_final_anchors_that_the_chain_forgot_are_lost(self, chain: Chain, store: MemoryAnchorStore) -> None:
        log = MemoryLog(3)
        subject = anchorer(chain, log, store)
        settle(subject)
        snapshot = chain.rpc.call("evm_snapshot")
        for _ in range(2):
            log.grow(3)
            settle(subject)
        chain.rpc.call("evm_revert", snapshot)
        log.grow(1)
        settle(subject, steps=1)
        assert store.states() == {3: "final", 6: "lost", 9: "lost", 10: "sent"}
        settle(subject)
        assert store.states()[10] == "final"

    def test_lost_anchors_are_found_after_a_restart(self, chain: Chain, store: MemoryAnchorStore) -> None:
        log = MemoryLog(3)
        settle(anchorer(chain, log, store))
        snapshot = chain.rpc.call("evm_snapshot")
        log.grow(3)
        settle(anchorer(chain, log, store))
        chain.rpc.call("evm_revert", snapshot)
        settle(anchorer(chain, log, store))
        assert AnchorState.LOST in {anchor.state for anchor in store.history}
        assert store.states() == {3: "final", 6: "final"}
        assert_proved(store.anchors()[1])


class TestFaults:
    def test_node_down_changes_nothing(self, tmp_path: Path, store: MemoryAnchorStore) -> None:
        with running_chain(tmp_path) as chain:
            log = MemoryLog(3)
            subject = anchorer(chain, log, store)
            settle(subject)
        before = store.anchors()
        log.grow(1)
        status = subject.step()
        assert isinstance(status.error, ChainUnavailableError)
        assert (status.log_size, status.anchored_size) == (4, 3)
        assert store.anchors() == before

    def test_goes_on_when_the_node_is_back(self, tmp_path: Path, store: MemoryAnchorStore) -> None:
        log = MemoryLog(3)
        with running_chain(tmp_path) as chain:
            settle(anchorer(chain, log, store))
        log.grow(1)
        with EmbeddedNode.start(tmp_path / "node") as node:
            registry = Registry.connect(Rpc(node.url), chain.registry.deployment)
            settle(Anchorer(log, store, registry, chain.wallet, AT_ONCE))
        assert store.states() == {3: "final", 4: "final"}

    def test_another_chain_behind_the_url(self, chain: Chain, store: MemoryAnchorStore, tmp_path: Path) -> None:
        settle(anchorer(chain, MemoryLog(3), store))
        before = store.anchors()
        with EmbeddedNode.start(tmp_path / "other", "--timestamp", "1700000000") as other:
            registry = Registry(Rpc(other.url), chain.registry.deployment)
            status = Anchorer(MemoryLog(4), store, registry, chain.wallet, AT_ONCE).step()
        assert isinstance(status.error, WrongChainError)
        assert status.error.what == "genesis hash"
        assert store.anchors() == before

    def test_a_new_deployment_starts_from_nothing(self, tmp_path: Path, store: MemoryAnchorStore) -> None:
        log = MemoryLog(3)
        with running_chain(tmp_path) as chain:
            settle(anchorer(chain, log, store))
        (tmp_path / "node" / "state.json").unlink()
        with EmbeddedNode.start(tmp_path / "node") as node:
            node.fund(chain.wallet.address, 10**21)
            rpc = Rpc(node.url)
            deployment = registered(rpc, chain.wallet)
            settle(Anchorer(log, store, Registry(rpc, deployment), chain.wallet, AT_ONCE))
        assert AnchorState.LOST in {anchor.state for anchor in store.history}
        assert store.states() == {3: "final"}
        assert_proved(store.anchors()[0])

    def test_an_anchor_of_another_log_is_a_conflict(self, chain: Chain, store: MemoryAnchorStore) -> None:
        settle(anchorer(chain, MemoryLog(3), store))
        before = transactions(chain)
        status = anchorer(chain, MemoryLog(5, name="forged"), store).step()
        assert isinstance(status.error, AnchorConflictError)
        assert status.error.size == 3
        assert transactions(chain) == before

    def test_a_log_restored_from_an_old_copy_is_a_conflict(self, chain: Chain, store: MemoryAnchorStore) -> None:
        log = MemoryLog(3)
        subject = anchorer(chain, log, store)
        settle(subject)
        log.shrink(2)
        assert isinstance(anchorer(chain, log, store).step().error, AnchorConflictError)

    def test_a_log_that_was_handed_over_sends_nothing(
        self, chain: Chain, store: MemoryAnchorStore, tmp_path: Path
    ) -> None:
        successor = new_wallet(chain.node, tmp_path, "successor.key")
        chain.registry.propose_operator(chain.wallet, successor.address)
        chain.registry.accept_operator(successor)
        before = transactions(chain)
        status = anchorer(chain, MemoryLog(3), store).step()
        assert isinstance(status.error, NotOperatorError)
        assert (status.error.caller, status.error.operator) == (chain.wallet.address, successor.address)
        assert (transactions(chain), store.history) == (before, [])
        settle(Anchorer(MemoryLog(3), store, chain.registry, successor, AT_ONCE))
        assert store.states() == {3: "final"}
