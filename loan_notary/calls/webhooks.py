# SPDX-License-Identifier: Apache-2.0
"""Calls on webhooks and on what they were told. `verify_webhook` is for the other end."""

from collections.abc import Sequence
from typing import Literal

import orjson

from loan_notary.answers import Delivery, Webhook, WebhookWithSecret, WholeDelivery
from loan_notary.call import Call, Page, delete, get, member, path, send_json

Event = Literal["record.recorded", "record.anchored", "record.final", "record.reorged", "finding.raised"]
DeliveryState = Literal["waiting", "delivered", "failed"]


def add_webhook(url: str, events: Sequence[Event], secret: str | None = None) -> Call[WebhookWithSecret]:
    """Have messages of some events sent to a URL. Keep the secret: it is shown this once.

    >>> hook = client.add_webhook("https://hooks.example.com/notary", ["record.final"])
    >>> hook["secret"].startswith("whsec_")
    True
    """
    return send_json("POST", path("webhooks"), {"url": url, "events": list(events), "secret": secret})


def webhooks() -> Call[list[Webhook]]:
    """List the webhooks.

    >>> hook = client.add_webhook("https://hooks.example.com/notary", ["record.final"])
    >>> client.webhooks()[-1]["id"] == hook["id"]
    True
    """
    return member(get(path("webhooks")), "webhooks")


def webhook(webhook_id: str) -> Call[Webhook]:
    """Return a webhook.

    >>> hook = client.add_webhook("https://hooks.example.com/notary", ["record.final"])
    >>> client.webhook(hook["id"])["state"]
    'active'
    """
    return get(path("webhooks", webhook_id))


def change_webhook(
    webhook_id: str,
    *,
    url: str | None = None,
    events: Sequence[Event] | None = None,
    state: Literal["active", "disabled"] | None = None,
) -> Call[Webhook]:
    """Change what is given.

    >>> hook = client.add_webhook("https://hooks.example.com/notary", ["record.final"])
    >>> client.change_webhook(hook["id"], state="disabled")["disabled_because"]
    'by its lender'
    """
    chosen = {"url": url, "events": None if events is None else list(events), "state": state}
    return send_json("PATCH", path("webhooks", webhook_id), chosen)


def remove_webhook(webhook_id: str) -> Call[None]:
    """Remove a webhook and what it was told.

    >>> client.remove_webhook(client.add_webhook("https://hooks.example.com/notary", ["record.final"])["id"])
    """
    return delete(path("webhooks", webhook_id))


def rotate_webhook_secret(webhook_id: str, secret: str | None = None) -> Call[WebhookWithSecret]:
    """Return a webhook with a new secret. The old one signs beside it for a day.

    >>> hook = client.add_webhook("https://hooks.example.com/notary", ["record.final"])
    >>> client.rotate_webhook_secret(hook["id"])["secret"] == hook["secret"]
    False
    """
    return send_json("POST", path("webhooks", webhook_id, "secret"), {"secret": secret})


def send_test_message(webhook_id: str) -> Call[Delivery]:
    """Send a message to see that messages arrive.

    >>> hook = client.add_webhook("https://hooks.example.com/notary", ["record.final"])
    >>> client.send_test_message(hook["id"])["type"]
    'webhook.test'
    """
    return send_json("POST", path("webhooks", webhook_id, "test"))


def deliveries(webhook_id: str, *, state: DeliveryState | None = None, cursor: str = "") -> Call[Page[Delivery]]:
    """List what a webhook was told, the newest first.

    >>> hook = client.add_webhook("https://hooks.example.com/notary", ["record.final"])
    >>> message = client.send_test_message(hook["id"])
    >>> [item["id"] for item in client.deliveries(hook["id"])] == [message["id"]]
    True
    """

    def read(answer: bytes) -> Page[Delivery]:
        members = orjson.loads(answer)
        more = members.get("next")
        return Page(members["deliveries"], deliveries(webhook_id, state=state, cursor=more) if more else None)

    return Call("GET", path("webhooks", webhook_id, "deliveries", state=state, cursor=cursor), read)


def delivery(webhook_id: str, message_id: str) -> Call[WholeDelivery]:
    """Return a message with its body.

    >>> hook = client.add_webhook("https://hooks.example.com/notary", ["record.final"])
    >>> message = client.send_test_message(hook["id"])
    >>> "webhook.test" in client.delivery(hook["id"], message["id"])["body"]
    True
    """
    return get(path("webhooks", webhook_id, "deliveries", message_id))


def replay_delivery(webhook_id: str, message_id: str) -> Call[Delivery]:
    """Send a message again.

    >>> hook = client.add_webhook("https://hooks.example.com/notary", ["record.final"])
    >>> message = client.send_test_message(hook["id"])
    >>> client.replay_delivery(hook["id"], message["id"])["attempts"]
    0
    """
    return send_json("POST", path("webhooks", webhook_id, "deliveries", message_id, "replay"))
