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
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

from chain.anchor_rules import AnchorPolicy, next_state
from chain.anchor_view import AnchorReader, View, Waiting
from chain.errors import AnchorConflictError, ChainUnavailableError, NodeRefusedError
from chain.fees import bump_fees
from chain.registry import Head, Registry
from chain.rpc_values import Block, Fees
from chain.sender import current_fees
from chain.wallet import Wallet
from notary.errors import NotaryError
from notary.log.anchors import Anchor, AnchorState, AnchorStore, LogHead, LogView

_IN_BLOCKS = (AnchorState.MINED, AnchorState.FINAL)
_OPEN = (AnchorState.PENDING, AnchorState.SENT, AnchorState.MINED, AnchorState.REORGED)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AnchorStatus:
    """How anchoring stands after a step.

    `log_size` and `anchored_size` are entries in the log and in its newest anchor, `anchored_at` is that anchor's time
    in seconds since 1970, None before the first. The last two stay as they were while the chain cannot be asked.
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
    `conflict` is told when the registry holds what this log never had.
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
        around: Callable[[int], AbstractContextManager[object]] = nullcontext,
        conflict: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Anchor this log; `around` gives a context in which a transaction for a tree of so many entries is sent."""
        self._conflict = conflict
        self._hand_over = hand_over
        self._around = around
        self._log, self._store, self._registry, self._wallet = log, store, registry, wallet
        self._policy, self._clock = policy, clock
        self._last_attempt = float("-inf")
        self._seen_waiting: tuple[str, float] | None = None
        self._outbid: tuple[int, Fees] | None = None
        self._trusted_head: Head | None = None
        self._newest_final: Anchor | None = None
        self._began = False
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
        """Step until `stop` is set. Another anchorer may have gone further since this one has last run."""
        self._began, self._trusted_head = False, None
        while not stop.is_set():
            self.step()
            stop.wait(self._policy.poll)

    def step(self) -> AnchorStatus:
        """Look at the chain once, and do what is due. Faults of the chain are reported in the status, never raised."""
        try:
            self._advance()
        except NotaryError as error:
            if isinstance(error, AnchorConflictError):
                self._conflict(str(error))
            if str(error) != str(self._status.error):
                _log.warning("anchoring stands still: %s", error)
            self._status = replace(self._status, error=error)
        else:
            self._status = replace(self._status, error=None)
        return self._status

    def _advance(self) -> None:
        log_head = self._log.head()
        self._status = replace(self._status, log_size=log_head.size)
        if not self._began:
            self._newest_final, self._began = next(reversed(self._anchors(AnchorState.FINAL)), None), True
        latest = self._registry.rpc.latest()
        # All in one state: a node behind others, or behind a proxy that asks many, must not mix what is with what was.
        registry = self._registry.at(latest.id)
        registry.check_chain()
        self._check_not_behind(latest)
        nonce = registry.rpc.transaction_count(self._wallet.address, latest.id)
        head = registry.head()
        self._status = replace(self._status, anchored_size=head.size, anchored_at=head.time or None)
        reader = AnchorReader(registry, self._policy)
        closed = self._look_back(registry, reader, head, log_head)
        waiting = self._settle_all(reader, closed, nonce, head)
        self._trusted_head = None if waiting.unplaced else head
        if waiting.flight is None and self._hand_over and (successor := self._hand_over(self._registry, self._wallet)):
            self._wallet = successor
            return
        if log_head.size <= head.size:
            return
        if waiting.flight is not None:
            if self._has_waited(waiting.flight[0]):
                self._send(log_head, head, nonce, waiting)
        elif self._clock() - self._last_attempt >= self._policy.interval:
            self._send(log_head, head, nonce, waiting)

    def _check_not_behind(self, latest: Block) -> None:
        anchors = (self._newest_final, *self._anchors(AnchorState.MINED))
        highest = max((anchor.block_number or 0 for anchor in anchors if anchor), default=0)
        if latest.number < highest and not self._policy.rewinds:
            detail = f"it is at block {latest.number}, behind block {highest}, which has an anchor"
            raise ChainUnavailableError(self._registry.rpc.url, detail)

    def _look_back(self, registry: Registry, reader: AnchorReader, head: Head, log_head: LogHead) -> list[Anchor]:
        """Make sure that the registry's newest anchor is of this log and that final anchors are still where they were.

        Returns anchors that were given up and may be on the chain after all.
        """
        changed = head != self._trusted_head
        if changed and head.size > log_head.size:
            raise AnchorConflictError(head.size, f"it has only {log_head.size} entries")
        if changed and head.size and not registry.is_anchored(head.size, self._log.root(head.size), head.time):
            raise AnchorConflictError(head.size, "its root at that size is another one")
        lost = self._lose_dropped(reader)
        if not (changed or lost):
            return []
        closed = [anchor for anchor in self._anchors(AnchorState.LOST) if anchor.size <= head.size]
        closed += [anchor for anchor in self._anchors(AnchorState.REPLACED) if anchor.size == head.size]
        kept = {anchor.size for anchor in (*self._anchors(*_OPEN), *closed)}
        if self._newest_final:
            kept.add(self._newest_final.size)
        if head.size == log_head.size and head.size not in kept:
            self._save(self._new_anchor(log_head))
        return closed

    def _lose_dropped(self, reader: AnchorReader) -> bool:
        """Give up the final anchors whose blocks the chain has dropped; tell whether there were any."""
        if self._newest_final is None or reader.is_in_chain(self._newest_final):
            return False
        kept = None
        for anchor in reversed(self._anchors(AnchorState.FINAL)):
            if reader.is_in_chain(anchor):
                kept = anchor
                break
            _log.warning("the chain has dropped the block with the final anchor of size %d", anchor.size)
            self._save(anchor.out_of_block(AnchorState.LOST))
        self._newest_final = kept
        return True

    def _settle_all(self, reader: AnchorReader, closed: list[Anchor], nonce: int, head: Head) -> Waiting:
        """Bring every open anchor up to date, and those of `closed` that are on the chain after all."""
        flight, vanished, unplaced = None, [], False
        for anchor in (*self._anchors(*_OPEN), *closed):
            view = reader.look(anchor, nonce, head)
            settled = self._settle(reader, anchor, view, head)
            unplaced |= (view.sighting.succeeded or view.sighting.anchored) and settled.state not in _IN_BLOCKS
            if anchor.state not in _OPEN and settled.state not in _IN_BLOCKS:
                continue
            if settled != anchor:
                self._save(settled)
            if anchor.nonce == nonce and settled.state not in _IN_BLOCKS:
                if view.offered is not None:
                    flight = settled, view.offered
                else:
                    vanished.append(settled)
        return Waiting(flight, vanished, unplaced)

    def _settle(self, reader: AnchorReader, anchor: Anchor, view: View, head: Head) -> Anchor:
        state = next_state(anchor.state, view.sighting)
        if state is AnchorState.MINED:
            mined = reader.mined(anchor, view.receipt, head)
            # Without its event nobody can tell where it is; of one that had a place, a later look will.
            return mined or (anchor if anchor.state is state else replace(anchor, state=AnchorState.REPLACED))
        if state is AnchorState.REORGED:
            _log.warning("the block with the anchor of size %d was dropped", anchor.size)
            return anchor.out_of_block(state)
        return replace(anchor, state=state)

    def _has_waited(self, anchor: Anchor) -> bool:
        if self._seen_waiting is None or self._seen_waiting[0] != anchor.transaction_hash:
            self._seen_waiting = (str(anchor.transaction_hash), self._clock())
        return self._clock() - self._seen_waiting[1] >= self._policy.bump_after

    def _send(self, log_head: LogHead, head: Head, nonce: int, waiting: Waiting) -> None:
        """Anchor the log's head on top of the registry's, in place of what waits with the same nonce."""
        self._last_attempt = self._clock()
        if head.size:
            previous_root = self._log.root(head.size)
            proof = self._log.prove_consistency(head.size, log_head.size).hashes
        else:
            previous_root, proof = bytes(32), ()
        call = self._registry.anchor_call(log_head.size, log_head.root, previous_root, proof)
        self._registry.simulate(call, self._wallet.address)
        fees = current_fees(self._registry.rpc)
        if waiting.flight is not None:
            fees = bump_fees(waiting.flight[1], fees)
        elif self._outbid is not None and self._outbid[0] == nonce:
            fees = bump_fees(self._outbid[1], fees)
        signed = self._wallet.sign(
            chain_id=self._registry.deployment.chain_id,
            nonce=nonce,
            fees=fees,
            gas=call.gas,
            to=self._registry.deployment.registry,
            data=call.data,
        )
        anchor = replace(self._new_anchor(log_head), nonce=nonce, transaction_hash="0x" + signed.hash.hex())
        self._save(anchor)
        for other in waiting.vanished:
            if other.size != anchor.size:
                self._save(replace(other, state=AnchorState.REPLACED))
        try:
            with self._around(log_head.size):
                self._registry.rpc.send(signed.raw)
        except NodeRefusedError as error:
            # Something waits with this nonce that we do not know, and offers more: the next attempt offers more still.
            self._outbid = (nonce, fees) if "underpriced" in error.message.lower() else None
            raise
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
        if anchor.state is AnchorState.FINAL and anchor.size > (self._newest_final.size if self._newest_final else 0):
            self._newest_final = anchor
