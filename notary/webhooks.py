# SPDX-License-Identifier: Apache-2.0
"""Webhooks: what a lender is told, how a message is signed, when it is tried again; and the port that keeps them.

Messages follow Standard Webhooks 1.0 (`webhook-id`, `webhook-timestamp`, `webhook-signature`). There is no outbox to
fill: the log is one. Each webhook remembers up to which entry and which change of an anchor it was told, and moves
on in the transaction that adds its messages, so none is lost and none is invented. Times are milliseconds since 1970.
"""

import base64
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from notary.encoding import parse_b64
from notary.errors import Fault, InvalidInputError
from notary.log.anchors import AnchorState

RECORDED, ANCHORED, FINAL, REORGED = "record.recorded", "record.anchored", "record.final", "record.reorged"
FINDING, TEST = "finding.raised", "webhook.test"
EVENT_TYPES = (RECORDED, ANCHORED, FINAL, REORGED, FINDING)
"""What a webhook can be told of. `webhook.test` is sent when its lender asks for it."""

SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix that Standard Webhooks gives to secrets
SECRET_SIZES = range(24, 65)
"""Bytes that a secret may have."""

_SECOND, _MINUTE, _HOUR = 1_000, 60_000, 3_600_000
DELAYS = (
    5 * _SECOND, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR,
)  # fmt: skip
"""How long after each failed attempt the next one is made; after the tenth attempt a message has failed."""


@dataclass(frozen=True)
class Webhook:
    """Where a lender wants messages, of which kinds, and how far it was told.

    `old_secret` signs beside `secret` until `old_secret_until`. `disabled` says why nothing is sent now, and is empty
    while messages are. `next_index` is the first entry that it was not told of; `next_change` the first change of an
    anchor, of which the entries before `change_index` are done. `swept_day` (since 1970) is the last day that all loans
    were looked at for what time brings, and `swept_loan` the first that is still to come of the next day. `erasures` is
    how many erasures of the lender's loans it has seen: what was read before one of them is told no more after it.
    """

    id: str
    lender: int
    url: str
    events: tuple[str, ...]
    secret: str
    created_at: int
    next_index: int
    next_change: int
    change_index: int = 0
    old_secret: str | None = None
    old_secret_until: int = 0
    disabled: str = ""
    swept_day: int = 0
    swept_loan: int = 0
    erasures: int = 0

    def secrets(self, now: int) -> tuple[str, ...]:
        """Return the secrets that sign now, the newest first."""
        old = (self.old_secret,) if self.old_secret is not None and now < self.old_secret_until else ()
        return (self.secret, *old)


@dataclass(frozen=True)
class Delivery:
    """A message and what became of it; `next_at` is None when no attempt will follow."""

    id: str
    webhook: str
    type: str
    body: str
    created_at: int
    next_at: int | None
    attempts: int = 0
    delivered_at: int | None = None
    status: int | None = None
    detail: str = ""

    @property
    def state(self) -> str:
        """Say `delivered`, `waiting` or `failed`."""
        if self.delivered_at is not None:
            return "delivered"
        return "failed" if self.next_at is None else "waiting"


@dataclass(frozen=True)
class AnchorChange:
    """The `number`-th change of an anchor's state since the log began.

    Of the entries before `size`, those from `standing` on were under no other mined or final anchor when it came, and
    those from `final` on under no final one.
    """

    number: int
    size: int
    state: AnchorState
    standing: int
    final: int


@dataclass(frozen=True)
class RecordPlace:
    """A record's place: entry index, id, loan number, sequence in the loan."""

    index: int
    id: str
    loan: str
    sequence: int


class WebhookStore(Protocol):
    """Keeps webhooks and their messages. One process produces and sends; any process may read and change."""

    def add_webhook(self, webhook: Webhook) -> None:
        """Keep a new webhook; harmless to repeat."""

    def webhooks(self, lender: int | None = None) -> list[Webhook]:
        """Return the webhooks of a lender, or all, oldest first."""

    def find_webhook(self, lender: int, webhook: str) -> Webhook:
        """Return a lender's webhook. Raises `NotFoundError`."""

    def change_webhook(self, webhook: Webhook) -> None:
        """Keep what its lender chose anew: address, events, secrets, whether it is disabled. Leaves progress alone."""

    def remove_webhook(self, lender: int, webhook: str) -> None:
        """Forget a webhook and its messages. Raises `NotFoundError`."""

    def advance_webhook(self, before: Webhook, after: Webhook, deliveries: Sequence[Delivery]) -> bool:
        """Add messages and move the progress, all or nothing.

        False if the progress is not that of `before`, or a loan of the lender was erased since `before` was read: what
        the messages name may be of that loan.
        """

    def anchor_change(self, number: int) -> AnchorChange | None:
        """Return the first change whose number is at least this one, if there is one."""

    def next_anchor_change(self) -> int:
        """Return the number that the next change will have at least."""

    def lender_places(self, lender: int, start: int, stop: int) -> list[RecordPlace]:
        """Return the places of a lender's records in the entries [start, stop), by rising index."""

    def due_delivery(self, webhook: str, now: int) -> Delivery | None:
        """Return the message of a webhook whose next attempt has been due longest, if one is due."""

    def oldest_due(self, now: int) -> int | None:
        """Return since when the message has been due that has been due longest, None when nothing is due."""

    def bring_forward(self, now: int) -> int:
        """Let no message wait for longer than its delay from now on, and return how many would have.

        Only one that was told to wait by a clock that was set back since.
        """

    def failed_deliveries(self) -> int:
        """Return how many messages were given up."""

    def save_delivery(self, delivery: Delivery) -> None:
        """Add a message, unless it is there. One whose webhook is gone is dropped."""

    def settle_delivery(self, delivery: Delivery) -> None:
        """Keep what became of a message. One that an erasure has removed meanwhile, or changed, stays so."""

    def deliveries(self, webhook: str, state: str | None, before: int, limit: int) -> list[tuple[int, Delivery]]:
        """Return messages by falling number, from below `before`, in one state or in any, with their numbers."""

    def find_delivery(self, webhook: str, delivery: str) -> Delivery:
        """Return a message. Raises `NotFoundError`."""

    def drop_delivered(self, before: int) -> int:
        """Forget what was delivered before a moment; return how many messages that were."""

    def close(self) -> None:
        """Give up what the calling thread holds open."""


def without_loan(message: Delivery, loan: str) -> Delivery | None:
    """Return a message without what it says of a loan; None where nothing is left to say."""
    body = json.loads(message.body)
    data = body["data"]
    if data.get("loan") == loan:
        return None
    if "records" not in data or all(place["loan"] != loan for place in data["records"]):
        return message
    data["records"] = [place for place in data["records"] if place["loan"] != loan]
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return replace(message, body=text) if data["records"] else None


def parse_secret(text: str) -> bytes:
    """Return the bytes of a secret, `whsec_` and base64. Raises `InvalidInputError`; the text is not quoted."""
    try:
        if not text.startswith(SECRET_PREFIX):
            raise ValueError
        data = parse_b64(text.removeprefix(SECRET_PREFIX))
    except ValueError:
        raise InvalidInputError(Fault("/secret", "must be whsec_ and base64")) from None
    if len(data) not in SECRET_SIZES:
        raise InvalidInputError(Fault("/secret", f"must have {SECRET_SIZES[0]} to {SECRET_SIZES[-1]} bytes"))
    return data


def signature_header(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> str:
    """Return `webhook-signature`: for each secret `v1,` and the base64 of an HMAC-SHA256 over `id.timestamp.body`.

    `timestamp` is in seconds, as in the header `webhook-timestamp`.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(
        "v1," + base64.b64encode(hmac.digest(parse_secret(secret), signed, "sha256")).decode() for secret in secrets
    )


def attempted(delivery: Delivery, status: int | None, detail: str, now: int) -> Delivery:
    """Return a message after an attempt that was answered with `status`, or not at all (None).

    Only 2xx is success (Standard Webhooks); 410 says that no attempt is wanted any more.
    """
    tried = replace(delivery, attempts=delivery.attempts + 1, status=status, detail=detail)
    if status is not None and 200 <= status < 300:
        return replace(tried, delivered_at=now, next_at=None)
    if status == 410 or tried.attempts > len(DELAYS):
        return replace(tried, next_at=None)
    return replace(tried, next_at=now + DELAYS[tried.attempts - 1])
