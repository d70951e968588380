# SPDX-License-Identifier: Apache-2.0
"""Anchors a growing log in its registry, one transaction at a time, and follows each anchor until it is final.

The chain leads and the store follows. Each step asks the registry for its head and anchors the log's newest checkpoint
on top of it; an anchor is written down, with its nonce and hash, before it is sent. So a crash between any two
instructions neither anchors twice (the registry's head shows what was sent, and takes no size twice) nor skips.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from chain.anchor_rules import AnchorPolicy, next_state
from chain.anchor_view import AnchorReader, View
from chain.errors import AnchorConflictError
from chain.fees import bump_fees
from chain.registry import Head, Registry
from chain.rpc import Fees
from chain.sender import current_fees
from chain.wallet import Wallet
from notary.errors import NotaryError
from notary.log.anchors import Anchor, AnchorState, AnchorStore, LogHead, LogView

_OPEN = (AnchorState.PENDING, AnchorState.SENT, AnchorState.MINED, AnchorState.REORGED)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AnchorStatus:
    """How anchoring stands after a step.

    `log_size` and `anchored_size` are entries in the log and in its newest anchor, `anchored_at` is that anchor's time
    in seconds since 1970, None before the first anchor. The last two stay as they were while the chain cannot be asked.
    `error` is what stopped the last step, None when nothing did.
    """

    chain_id: int
    registry: str
    log_id: str
    log_size: int | None = None
    anchored_size: int | None = None
    anchored_at: int | None = None
    error: NotaryError | None = None

    def age(self, now: float) -> float | None:
        """Return the seconds since the newest anchor; None before the first."""
        return now - self.anchored_at if self.anchored_at else None


HandOver = Callable[[Registry, Wallet], Wallet | None]
"""Gives the log to another account if that is due, and returns that account."""


class Anchorer:
    """The anchorer of one log. One at a time may run for a registry's operator key.

    `hand_over` is asked whenever no transaction is on its way, because two at a time would want the same nonce.
    """

    def __init__(
        self,
        log: LogView,
        store: AnchorStore,
        registry: Registry,
        wallet: Wallet,
        policy: AnchorPolicy,
        clock: Callable[[], float] = time.monotonic,
        hand_over: HandOver | None = None,
    ) -> None:
        self._hand_over = hand_over
        self._log, self._store, self._registry, self._wallet = log, store, registry, wallet
        self._policy, self._clock = policy, clock
        self._reader = AnchorReader(registry, policy)
        self._last_attempt = float("-inf")
        self._waiting: tuple[str, float] | None = None
        self._trusted_head: Head | None = None
        deployment = registry.deployment
        self._status = AnchorStatus(deployment.chain_id, deployment.registry, deployment.log_id)

    @property
    def status(self) -> AnchorStatus:
        """How the last step left things."""
        return self._status

    @property
    def account(self) -> str:
        """The address that anchors are paid from."""
        return self._wallet.address

    def run(self, stop: threading.Event) -> None:
        """Step until `stop` is set."""
        while not stop.is_set():
            self.step()
            stop.wait(self._policy.poll)

    def step(self) -> AnchorStatus:
        """Look at the chain once, and do what is due. Faults of the chain are reported in the status, never raised."""
        try:
            self._advance()
        except NotaryError as error:
            if str(error) != str(self._status.error):
                _log.warning("anchoring stands still: %s", error)
            self._status = replace(self._status, error=error)
        else:
            self._status = replace(self._status, error=None)
        return self._status

    def _advance(self) -> None:
        self._status = replace(self._status, log_size=self._log.head().size)
        self._registry.check_chain()
        # The order matters: what used a nonce before this line is in the head and has its receipt after it.
        nonce = self._registry.rpc.transaction_count(self._wallet.address)
        head = self._registry.head()
        log_head = self._log.head()
        self._status = replace(self._status, anchored_size=head.size, anchored_at=head.time or None)
        self._check_head(head, log_head)
        flight = self._settle_all(nonce, head)
        if flight is None and self._hand_over and (successor := self._hand_over(self._registry, self._wallet)):
            self._wallet = successor
            return
        if log_head.size <= head.size:
            return
        if flight is not None:
            if self._has_waited(flight[0]):
                self._send(log_head, head, nonce, flight[1])
        elif self._clock() - self._last_attempt >= self._policy.interval:
            self._send(log_head, head, nonce, None)

    def _check_head(self, head: Head, log_head: LogHead) -> None:
        """Make sure that the registry's newest anchor is of this log, and, when it is not the one of the last step,
        that anchors called final are still there."""
        if head == self._trusted_head:
            return
        if head.size > log_head.size:
            raise AnchorConflictError(head.size, f"it has only {log_head.size} entries")
        if head.size and not self._registry.is_anchored(head.size, self._log.root(head.size), head.time):
            raise AnchorConflictError(head.size, "its root at that size is another one")
        if self._trusted_head is None or head.size <= self._trusted_head.size:
            self._recover(head, log_head)
        self._trusted_head = head

    def _recover(self, head: Head, log_head: LogHead) -> None:
        for anchor in reversed(self._anchors(AnchorState.FINAL)):
            if self._reader.is_anchored(anchor, head):
                break
            _log.warning("the chain has forgotten the anchor of size %d", anchor.size)
            self._save(replace(anchor, state=AnchorState.LOST))
        kept = {anchor.size for anchor in self._anchors(*_OPEN, AnchorState.FINAL)}
        if head.size == log_head.size and head.size not in kept:
            self._save(self._new_anchor(log_head))

    def _settle_all(self, nonce: int, head: Head) -> tuple[Anchor, Fees] | None:
        """Bring every open anchor up to date; return the one whose transaction is waiting to be mined next."""
        flight = None
        for anchor in self._anchors(*_OPEN):
            view = self._reader.look(anchor, nonce, head)
            settled = self._settle(anchor, view, head)
            if settled != anchor:
                self._save(settled)
            if view.offered is not None and anchor.nonce == nonce:
                flight = settled, view.offered
        return flight

    def _settle(self, anchor: Anchor, view: View, head: Head) -> Anchor:
        state = next_state(anchor.state, view.sighting)
        if state is AnchorState.MINED:
            mined = self._reader.mined(anchor, view.receipt, head)
            return mined if mined is not None else replace(anchor, state=AnchorState.REPLACED)
        if state is AnchorState.REORGED:
            _log.warning("the block with the anchor of size %d was dropped", anchor.size)
            return replace(anchor, state=state, block_number=None, block_hash=None, block_time=None, evidence=None)
        return replace(anchor, state=state)

    def _has_waited(self, anchor: Anchor) -> bool:
        if self._waiting is None or self._waiting[0] != anchor.transaction_hash:
            self._waiting = (str(anchor.transaction_hash), self._clock())
        return self._clock() - self._waiting[1] >= self._policy.bump_after

    def _send(self, log_head: LogHead, head: Head, nonce: int, offered: Fees | None) -> None:
        """Anchor the log's head on top of the registry's; with `offered`, in place of a waiting transaction."""
        self._last_attempt = self._clock()
        if head.size:
            previous_root = self._log.root(head.size)
            proof = self._log.prove_consistency(head.size, log_head.size).hashes
        else:
            previous_root, proof = bytes(32), ()
        call = self._registry.anchor_call(log_head.size, log_head.root, previous_root, proof)
        self._registry.simulate(call, self._wallet.address)
        fees = current_fees(self._registry.rpc)
        signed = self._wallet.sign(
            chain_id=self._registry.deployment.chain_id,
            nonce=nonce,
            fees=bump_fees(offered, fees) if offered else fees,
            gas=call.gas,
            to=self._registry.deployment.registry,
            data=call.data,
        )
        anchor = replace(self._new_anchor(log_head), nonce=nonce, transaction_hash="0x" + signed.hash.hex())
        self._save(anchor)
        self._registry.rpc.send(signed.raw)
        self._save(replace(anchor, state=AnchorState.SENT))

    def _new_anchor(self, log_head: LogHead) -> Anchor:
        deployment = self._registry.deployment
        return Anchor(
            chain_id=deployment.chain_id,
            registry=deployment.registry,
            log_id=deployment.log_id,
            size=log_head.size,
            root=log_head.root,
            checkpoint=log_head.checkpoint,
            state=AnchorState.PENDING,
        )

    def _anchors(self, *states: AnchorState) -> list[Anchor]:
        deployment = self._registry.deployment
        key = (deployment.chain_id, deployment.registry, deployment.log_id)
        return [a for a in self._store.anchors(*states) if (a.chain_id, a.registry, a.log_id) == key]

    def _save(self, anchor: Anchor) -> None:
        _log.info("the anchor of size %d is %s", anchor.size, anchor.state)
        self._store.save_anchor(anchor)
