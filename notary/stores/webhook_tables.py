# SPDX-License-Identifier: Apache-2.0
"""Webhooks."""

from collections.abc import Sequence
from typing import Any

import orjson

from notary.errors import NotFoundError
from notary.log.anchors import AnchorState
from notary.stores.database import Database
from notary.stores.record_ids import id_text
from notary.stores.sealed_rows import delivery_row, open_delivery
from notary.webhooks import DELAYS, AnchorChange, Delivery, RecordPlace, Webhook


class WebhookTables(Database):
    """Implements `notary.webhooks.WebhookStore` in the same database as the store."""

    def add_webhook(self, webhook: Webhook) -> None:
        values = (
            webhook.id, webhook.lender, webhook.url, orjson.dumps(webhook.events).decode(), webhook.secret,
            webhook.created_at, webhook.next_index, webhook.next_change, webhook.change_index, webhook.old_secret,
            webhook.old_secret_until, webhook.disabled, webhook.swept_day, webhook.swept_loan,
        )  # fmt: skip
        with self._transaction() as rows:
            rows.do("add_webhook", values)

    def webhooks(self, lender: int | None = None) -> list[Webhook]:
        return [_webhook(row) for row in self._rows.all("webhooks", {"lender": lender})]

    def find_webhook(self, lender: int, webhook: str) -> Webhook:
        if row := self._rows.one("find_webhook", (lender, webhook)):
            return _webhook(row)
        raise NotFoundError("you have no webhook of this id")

    def change_webhook(self, webhook: Webhook) -> None:
        values = (
            webhook.url, orjson.dumps(webhook.events).decode(), webhook.secret, webhook.old_secret,
            webhook.old_secret_until, webhook.disabled, webhook.id,
        )  # fmt: skip
        with self._transaction() as rows:
            rows.do("change_webhook", values)

    def remove_webhook(self, lender: int, webhook: str) -> None:
        with self._transaction() as rows:
            if not rows.do("remove_webhook", (lender, webhook)):
                raise NotFoundError("you have no webhook of this id")

    def advance_webhook(self, before: Webhook, after: Webhook, deliveries: Sequence[Delivery]) -> bool:
        with self._transaction() as rows:
            if not rows.do("advance_webhook", (*_progress(after), before.id, *_progress(before), before.erasures)):
                return False
            owner = self.owner_keys(before.lender)
            rows.do_each("save_delivery", (delivery_row(item, owner) for item in deliveries))
        return True

    def anchor_change(self, number: int) -> AnchorChange | None:
        row = self._rows.one("anchor_change", (number,))
        return AnchorChange(row[0], row[1], AnchorState(row[2]), row[3], row[4]) if row else None

    def next_anchor_change(self) -> int:
        return int(self._rows.one("next_anchor_change")[0])

    def lender_places(self, lender: int, start: int, stop: int) -> list[RecordPlace]:
        rows = self._rows.all("lender_places", (start, stop, lender))
        return [
            RecordPlace(index, id_text(record_id), self._vault.loan(*keys).number, sequence)
            for index, record_id, sequence, *keys in rows
        ]

    def due_delivery(self, webhook: str, now: int) -> Delivery | None:
        row = self._rows.one("due_delivery", (webhook, now))
        return self._delivery(row) if row else None

    def oldest_due(self, now: int) -> int | None:
        row = self._rows.one("oldest_due", (now,))
        return int(row[0]) if row else None

    def bring_forward(self, now: int) -> int:
        latest = ((now + delay, attempts) for attempts, delay in enumerate((0, *DELAYS)))
        return sum(self._rows.do("bring_forward", (moment, moment, attempts)) for moment, attempts in latest)

    def failed_deliveries(self) -> int:
        return int(self._rows.one("failed_deliveries")[0])

    def save_delivery(self, delivery: Delivery) -> None:
        # One whose webhook is gone is dropped.
        if row := self._rows.one("lender_of_webhook", (delivery.webhook,)):
            self._rows.do("save_delivery", delivery_row(delivery, self.owner_keys(row[0])))

    def settle_delivery(self, delivery: Delivery) -> None:
        values = (
            delivery.next_at, delivery.attempts, delivery.delivered_at, delivery.status, delivery.detail, delivery.id,
        )  # fmt: skip
        self._rows.do("settle_delivery", values)

    def deliveries(self, webhook: str, state: str | None, before: int, limit: int) -> list[tuple[int, Delivery]]:
        rows = self._rows.all("deliveries", (webhook, before, state, limit))
        return [(row[0], self._delivery(row[1:])) for row in rows]

    def find_delivery(self, webhook: str, delivery: str) -> Delivery:
        if row := self._rows.one("find_delivery", (webhook, delivery)):
            return self._delivery(row)
        raise NotFoundError("this webhook has no message of this id")

    def drop_delivered(self, before: int) -> int:
        return self._rows.do("drop_delivered", (before,))

    def _delivery(self, row: Sequence[Any]) -> Delivery:
        return open_delivery(row[1:], self.owner_keys(row[0]))


def _progress(webhook: Webhook) -> tuple[int, ...]:
    return webhook.next_index, webhook.next_change, webhook.change_index, webhook.swept_day, webhook.swept_loan


def _webhook(row: Sequence[Any]) -> Webhook:
    identity, lender, url, events, *rest = row
    return Webhook(identity, lender, url, tuple(orjson.loads(events)), *rest)
