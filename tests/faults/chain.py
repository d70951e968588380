# SPDX-License-Identifier: Apache-2.0
"""Random walks over all that a chain, its node and the anchorer's own process can do, on a real anvil.

After each step: nothing was called final, mined, reorganised or lost that is not. After the walk, when all is well
again: the log is anchored for good, and what the store says is what the chain has.
"""

import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from chain.anchor_rules import AnchorPolicy
from chain.anchorer import Anchorer
from chain.artifact import load_artifact
from chain.embedded import EmbeddedNode
from chain.errors import NodeRefusedError
from chain.evidence import verify_evidence
from chain.history import NodeHistory
from chain.registry import Registry
from chain.rpc import Rpc
from chain.rpc_values import Fees
from notary.log.anchors import Anchor, AnchorState
from tests.faults.figures import Rows
from tests.faults.nodes import MODES, FaultyNode, faulty_node
from tests.support.anchor_store import DiedError, MemoryAnchorStore
from tests.support.log import MemoryLog
from tests.support.node import BALANCE, Chain, running_chain

GWEI = 10**9
BUMP_AFTER = 10.0
ACTIONS = 60
"""Actions of one walk."""
IN_BLOCKS = (AnchorState.MINED, AnchorState.FINAL)
CODE = {load_artifact().code_hash}


@dataclass
class Walk:
    """One walk: a chain, a log, the anchorer between them, and what was done so far."""

    chain: Chain
    node: FaultyNode
    url: str
    policy: AnchorPolicy
    random: Random
    log: MemoryLog = field(default_factory=lambda: MemoryLog(1))
    store: MemoryAnchorStore = field(default_factory=MemoryAnchorStore)
    now: float = 0.0
    done: Counter[str] = field(default_factory=Counter)
    depths: Counter[int] = field(default_factory=Counter)
    floor: int = 0

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Have a new anchorer go on with what the store has."""
        registry = Registry(Rpc(self.url, timeout=1.0), self.chain.registry.deployment)
        self._anchorer = Anchorer(self.log, self.store, registry, self.chain.wallet, self.policy, lambda: self.now)

    def step(self) -> None:
        """Let the anchorer look once, dying at times, and check what it said."""
        before, said = {anchor.size: anchor for anchor in self.store.anchors()}, len(self.store.history)
        try:
            error = self._anchorer.step().error
            if error is not None:
                self.done[f"step ended with {type(error).__name__}"] += 1
        except DiedError:
            self.done["process died in a step"] += 1
            self.restart()
        for anchor in self.store.history[said:]:
            self._check(before.get(anchor.size), anchor)
            before[anchor.size] = anchor

    def _check(self, before: Anchor | None, anchor: Anchor) -> None:
        """What the store is told must be so at this moment, whatever the node pretends."""
        was = before.state if before else None
        if anchor.state in IN_BLOCKS:
            assert self._is_in_chain(anchor), f"{anchor.state} in a block that is not there"
        if was is AnchorState.FINAL and anchor.state is not AnchorState.FINAL:
            assert anchor.state is AnchorState.LOST, f"final became {anchor.state}"
        if was in IN_BLOCKS and anchor.state not in IN_BLOCKS:
            assert before is not None
            assert anchor.state in (AnchorState.LOST, AnchorState.REORGED), f"{was} became {anchor.state}"
            assert not self._is_in_chain(before), f"called {anchor.state}, and is in its block"
            self.done[f"{was} anchors {anchor.state}"] += 1

    def _is_in_chain(self, anchor: Anchor) -> bool:
        assert anchor.block_number is not None
        block = self.chain.rpc.block(anchor.block_number)
        return block is not None and "0x" + block.hash.hex() == anchor.block_hash

    # --- what may happen

    def grow(self) -> None:
        self.log.grow(self.random.randint(1, 5))

    def look(self) -> None:
        for _ in range(self.random.randint(1, 4)):
            self.step()
            self.wait()

    def wait(self) -> None:
        self.now += self.random.choice((0.1, 1.0, BUMP_AFTER))

    def mine(self) -> None:
        self.chain.mine(self.random.randint(1, 4))

    def reorganise(self) -> None:
        """Drop the newest blocks for as many others; what was in them is back in the pool, or gone."""
        depth = min(self.random.choice((1, 1, 2, 3, 5, 8, 13, 21, 34, 64)), self.chain.rpc.latest().number - self.floor)
        if depth < 1:
            return
        raws = [raw for raw in map(self._raw, self.store.anchors()) if raw is not None]
        try:
            self.chain.rpc.call("anvil_reorg", depth, [])
        except NodeRefusedError:
            self.done["reorganisation deeper than what the node remembers"] += 1
            return
        self.depths[depth] += 1
        if self.random.random() < 0.6:
            self._send_again(raws)

    def rewind(self) -> None:
        """Go back to how the chain was, as an embedded one does that lost its newest state."""
        depth = min(self.random.randint(1, 5), self.chain.rpc.latest().number - self.floor)
        if self.policy.rewinds and depth > 0:
            self.chain.rpc.call("anvil_rollback", depth)

    def stop_mining(self) -> None:
        self.chain.automine(False)

    def go_on_mining(self) -> None:
        self.chain.automine(True)
        self.chain.mine()

    def drop(self) -> None:
        self.chain.rpc.call("anvil_dropAllTransactions")

    def raise_base_fee(self) -> None:
        self.chain.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(self.random.choice((1, 30, 300)) * GWEI))

    def empty_the_wallet(self) -> None:
        self.chain.rpc.call("anvil_setBalance", self.chain.wallet.address, "0x0")

    def fill_the_wallet(self) -> None:
        self.chain.rpc.call("anvil_setBalance", self.chain.wallet.address, hex(BALANCE))

    def skip_nonces(self) -> None:
        address = self.chain.wallet.address
        nonce = self.chain.rpc.transaction_count(address) + self.random.randint(1, 3)
        self.chain.rpc.call("anvil_setNonce", address, hex(nonce))
        self.chain.mine()

    def take_the_nonce(self) -> None:
        """Send something else by the same account, which replaces what waits, or waits in its place."""
        wallet, rpc = self.chain.wallet, self.chain.rpc
        price = self.random.choice((2, 50, 900)) * GWEI
        nonce = rpc.transaction_count(wallet.address) + self.random.choice((0, 0, 1))
        fees = Fees(price, min(price, self.random.choice((1, 40)) * GWEI))
        signed = wallet.sign(chain_id=31337, nonce=nonce, fees=fees, gas=21_000, to=wallet.address, data=b"")
        self._offer(signed.raw)

    def restart_the_anchorer(self) -> None:
        self.restart()

    def die_soon(self) -> None:
        self.store.die_at = self.random.randint(1, 4)

    def change_the_node(self) -> None:
        # Where the chain itself may become shorter, a node that is behind cannot be told from it.
        modes = [mode for mode in MODES if not (self.policy.rewinds and "behind" in mode)]
        self.node.mode = self.random.choice(modes)
        self.node.limit = max(self.floor, self.chain.rpc.latest().number - self.random.randint(1, 12))
        self.done[f"node {self.node.mode}"] += 1

    def mend_the_node(self) -> None:
        self.node.mode = "well"

    def _raw(self, anchor: Anchor) -> str | None:
        raw = (
            self.chain.rpc.call("eth_getRawTransactionByHash", anchor.transaction_hash)
            if anchor.transaction_hash
            else None
        )
        return str(raw) if raw else None

    def _send_again(self, raws: list[str]) -> None:
        for raw in raws:
            self._offer(bytes.fromhex(raw[2:]))

    def _offer(self, raw: bytes) -> None:
        try:
            self.chain.rpc.send(raw)
        except NodeRefusedError:
            self.done["transaction refused"] += 1

    # --- the walk

    def run(self) -> None:
        """Do `ACTIONS` things, then heal, and check."""
        self.floor = self.chain.rpc.latest().number
        self.chain.mine(self.random.choice((3, 70)))
        for _ in range(ACTIONS):
            action = self.random.choice(_ACTIONS)
            self.done[action.__name__.replace("_", " ")] += 1
            action(self)
        self.heal()
        self.check()

    def heal(self) -> None:
        """Make all well, and let the anchorer go on until the whole log is anchored for good."""
        self.node.mode, self.store.die_at = "well", None
        self.fill_the_wallet()
        self.chain.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(GWEI))
        self.go_on_mining()
        for _ in range(150):
            self.step()
            newest = self.store.anchors(AnchorState.FINAL)[-1:]
            if newest and newest[0].size == self.log.head().size:
                return
            self.now += BUMP_AFTER
            self.chain.mine()
        raise AssertionError(f"not final: {self.store.states()}, {self._anchorer.status.error}")

    def check(self) -> None:
        """What the store calls final is in its block, proved, and everything that the chain has is called final."""
        finals = {anchor.size: anchor for anchor in self.store.anchors(AnchorState.FINAL)}
        deployment = self.chain.registry.deployment
        on_chain = {item.size: item for item in NodeHistory(self.chain.node.url, deployment).anchors()}
        assert finals.keys() <= on_chain.keys(), f"final and not on the chain: {finals.keys() - on_chain.keys()}"
        for size, anchor in finals.items():
            assert self._is_in_chain(anchor), f"the final anchor of size {size} is in a block that is not there"
            assert self.chain.registry.is_anchored(size, anchor.root, anchor.block_time or 0)
            if anchor.evidence is not None:
                verify_evidence(anchor, CODE)
        nonce = self.chain.rpc.transaction_count(self.chain.wallet.address)
        left = [a for a in self.store.anchors(AnchorState.PENDING, AnchorState.SENT) if (a.nonce or 0) < nonce]
        assert left == [], f"left open: {left}"
        assert self._anchorer.status.error is None
        self.done["anchors final at the end"] += len(finals)
        self.done["anchors on the chain that the store gave up"] += len(on_chain.keys() - finals.keys())


_ACTIONS: list[Callable[[Walk], None]] = [
    *[Walk.look] * 8, *[Walk.grow] * 4, *[Walk.mine] * 3, *[Walk.reorganise] * 3, Walk.rewind, Walk.stop_mining,
    Walk.go_on_mining, Walk.drop, Walk.raise_base_fee, Walk.empty_the_wallet, *[Walk.fill_the_wallet] * 2,
    Walk.skip_nonces, Walk.take_the_nonce, Walk.restart_the_anchorer, Walk.die_soon, *[Walk.change_the_node] * 2,
    *[Walk.mend_the_node] * 3,
]  # fmt: skip


_TOLD = (
    "final anchors",
    "mined anchors",
    "anchors",
    "node b",
    "node d",
    "node e",
    "node h",
    "node i",
    "node l",
    "node r",
    "process",
)
"""What of a walk's counts the paper tells, by how their names begin."""


def walk(folder: Path, seed: int) -> Walk:
    """Walk once, on a chain of its own; raises AssertionError for what does not hold."""
    random = Random(seed)
    policy = AnchorPolicy(
        interval=0, poll=0, bump_after=BUMP_AFTER, depth=random.choice((0, 1, 3, 8)), rewinds=random.random() < 0.3
    )
    with ExitStack() as stack:
        chain = stack.enter_context(running_chain(folder))
        other = stack.enter_context(EmbeddedNode.start(folder / "other", "--timestamp", "1700000000"))
        url, node = stack.enter_context(faulty_node(chain.node.url, other.url, random))
        walked = Walk(chain, node, url, policy, random)
        walked.run()
    return walked


def run(folder: Path, count: int, seed: int, minutes: float) -> Rows:
    """Walk `count` times, or as often as is begun within so many minutes, and return the figures."""
    done, depths, walks, deadline = Counter[str](), Counter[int](), 0, time.monotonic() + 60 * minutes
    while walks < count and time.monotonic() < deadline:
        place = folder / f"walk-{seed + walks}"
        try:
            walked = walk(place, seed + walks)
        except AssertionError as error:
            raise AssertionError(f"walk with seed {seed + walks}: {error}") from error
        sys.stderr.write(f"walk {walks + 1}\n")
        walks, done, depths = walks + 1, done + walked.done, depths + walked.depths
        shutil.rmtree(place)
    ranges = {"1": range(1, 2), "2 to 4": range(2, 5), "5 to 16": range(5, 17), "17 to 64": range(17, 65)}
    return [
        ("walks of 60 actions, each on a chain of its own", f"{walks:,}"),
        *((f"reorganisations of depth {name}", f"{sum(depths[n] for n in span):,}") for name, span in ranges.items()),
        *((f"- {name}", f"{done[name]:,}") for name in sorted(done) if name.startswith(_TOLD)),
        ("anchors called mined, final, reorganised or lost that were not", "0"),
        ("logs not anchored for good when all was well again", "0"),
    ]
