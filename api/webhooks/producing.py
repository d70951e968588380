# SPDX-License-Identifier: Apache-2.0
"""Makes the messages of a webhook from the log: what was recorded, anchored, reorganised away, and found odd.

A message is thin: it names records, and whoever gets it asks the API for more. It names up to `PLACES` of them, because
a lender who submits thousands a second wants no thousand requests a second in return.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, Protocol

import orjson

from api.webhooks.sweeping import LOANS, Sweep, further, next_day
from notary.encoding import format_time
from notary.history import TIMED, Book, Case, finding_json, findings, read_events
from notary.log.anchors import AnchorState
from notary.policies import Policies
from notary.ports.lists import ListStore
from notary.ports.log import LogStore
from notary.ports.parties import PartyStore
from notary.ports.policies import PolicyStore
from notary.ports.records import RecordStore
from notary.webhooks import (
    ANCHORED,
    FINAL,
    FINDING,
    RECORDED,
    REORGED,
    TEST,
    AnchorChange,
    Delivery,
    RecordPlace,
    Webhook,
    WebhookStore,
)

PLACES = 1000
"""Records that one message names at most."""
STRIDE = 10_000
"""Entries that one step looks at: a lender with few records does not make a step of a large log long."""


class Records(LogStore, RecordStore, ListStore, PartyStore, PolicyStore, Protocol):
    """Where records, the log's head, and lenders with their policies are read."""


class Producer:
    """Brings webhooks up to the newest entry and the newest change of an anchor."""

    def __init__(self, records: Records, hooks: WebhookStore, clock: Callable[[], int], stride: int = STRIDE) -> None:
        self._records = records
        self._policies = Policies(records)
        self._sweep = Sweep(records, self._policies)
        self._stride = stride
        self._hooks = hooks
        self._clock = clock

    def step(self, webhook: Webhook) -> bool:
        """Take a webhook one step further, if there is anything new; say whether there was."""
        head = self._records.head()
        now = self._clock()
        if head is not None and webhook.next_index < head.size:
            stop = min(webhook.next_index + self._stride, head.size)
            places = self._hooks.lender_places(webhook.lender, webhook.next_index, stop)
            return self._advance(webhook, replace(webhook, next_index=stop), self._recorded(webhook, places, now))
        if change := self._hooks.anchor_change(webhook.next_change):
            return self._follow(webhook, change, now)
        if day := next_day(webhook, now):
            return self._sweep_day(webhook, day, now)
        return False

    def _advance(self, before: Webhook, after: Webhook, deliveries: Sequence[Delivery]) -> bool:
        # Where another process was faster its messages stand, and the next step begins where it ended.
        self._hooks.advance_webhook(before, after, deliveries)
        return True

    def _recorded(self, webhook: Webhook, places: Sequence[RecordPlace], now: int) -> list[Delivery]:
        messages = _about(webhook, RECORDED, places, {}, now)
        if FINDING in webhook.events:
            by_loan = sorted(places, key=lambda place: (place.loan, place.sequence))
            for loan, group in groupby(by_loan, key=lambda place: place.loan):
                messages += self._found(webhook, loan, {place.sequence for place in group}, now)
        return messages

    def _found(self, webhook: Webhook, loan: str, sequences: set[int], now: int) -> list[Delivery]:
        """Return a message on what became odd with the records of these sequences, if anything did."""
        history = self._records.loan_records(webhook.lender, loan)
        _, policy = self._policies.at(self._records.lender(webhook.lender), now)
        case = Case(Book.of(read_events(history), now), policy.thresholds)
        raised = [
            finding_json(item) for item in findings(case) if max(item.sequences) in sequences and item.code not in TIMED
        ]
        return [_message(webhook, FINDING, {"loan": loan, "findings": raised}, now)] if raised else []

    def _sweep_day(self, webhook: Webhook, day: int, now: int) -> bool:
        if FINDING not in webhook.events:
            return self._advance(webhook, further(webhook, day, ()), ())
        lender = self._records.lender(webhook.lender)
        loans = self._records.lender_loans(webhook.lender, webhook.swept_loan, LOANS)
        told = [(loan.loan.number, self._sweep.raised(lender, loan, day)) for loan in loans]
        messages = [
            _message(webhook, FINDING, {"loan": loan, "findings": raised}, now) for loan, raised in told if raised
        ]
        return self._advance(webhook, further(webhook, day, loans), messages)

    def _follow(self, webhook: Webhook, change: AnchorChange, now: int) -> bool:
        lows = _lows(change)
        start = max(webhook.change_index, min(lows.values()))
        stop = min(start + self._stride, change.size)
        places = self._hooks.lender_places(webhook.lender, start, stop) if start < stop else []
        messages = []
        for kind, low in lows.items():
            touched = [place for place in places if place.index >= low]
            messages += _about(webhook, kind, touched, {"size": change.size}, now)
        done = stop >= change.size
        progress = (change.number + 1, 0) if done else (change.number, stop)
        return self._advance(webhook, replace(webhook, next_change=progress[0], change_index=progress[1]), messages)


def test_message(webhook: Webhook, now: int, identity: str) -> Delivery:
    """Return a message with this id that says nothing but that messages arrive."""
    return replace(_message(webhook, TEST, {}, now), id=identity)


def _lows(change: AnchorChange) -> dict[str, int]:
    """Return, for each kind of message that a change makes, the first entry that it is about."""
    if change.state is AnchorState.MINED:
        return {ANCHORED: change.standing}
    if change.state is AnchorState.FINAL:
        return {ANCHORED: change.standing, FINAL: change.final}
    return {REORGED: change.standing}


def _about(
    webhook: Webhook, kind: str, places: Sequence[RecordPlace], more: dict[str, Any], now: int
) -> list[Delivery]:
    """Return the messages of one kind about records, `PLACES` in each; none if the webhook does not want the kind."""
    if kind not in webhook.events:
        return []
    return [
        _message(webhook, kind, {**more, "records": places[first : first + PLACES]}, now)
        for first in range(0, len(places), PLACES)
    ]


def _message(webhook: Webhook, kind: str, data: dict[str, Any], now: int) -> Delivery:
    body = orjson.dumps({"type": kind, "timestamp": format_time(now), "data": data}).decode()
    return Delivery("msg_" + secrets.token_hex(16), webhook.id, kind, body, now, next_at=now)
