# SPDX-License-Identifier: Apache-2.0
"""Operations on webhooks and what they were told."""

from api.openapi import examples as ex
from api.openapi.model import Answer, Body, Link, Operation, Query, Schema, Table
from api.openapi.shapes import either, exactly, items, or_null, ref
from notary.webhooks import EVENT_TYPES

_PATH = {"identity": ex.WEBHOOK_ID}
_MESSAGE = {**_PATH, "message": ex.MESSAGE_ID}
_URL: Schema = {"type": "string", "pattern": r"^https://[a-z0-9.-]+(?::[0-9]+)?(?:/[!-~]*)?$", "maxLength": 2048}
_EVENTS = items(either(*EVENT_TYPES), minItems=1)
_SECRET: Schema = {"type": "string", "pattern": "^whsec_[A-Za-z0-9+/]+=*$"}
_LINKS = tuple(
    Link(name, {"identity": "$response.body#/id"})
    for name in (
        "webhooks.show", "webhooks.change", "webhooks.rotate", "webhooks.remove", "deliveries.test",
        "deliveries.deliveries",
    )
)  # fmt: skip
_DELIVERY = {"identity": "$request.path.identity", "message": "$response.body#/id"}

TABLE = Table(
    "Webhooks",
    "Where to tell you what becomes of your records (Standard Webhooks).",
    {
        "webhooks.add": Operation(
            "Add a webhook",
            {201: Answer("The webhook with its secret, shown this once.", ref("WebhookWithSecret"))},
            body=Body.json(
                exactly({"url": _URL, "events": _EVENTS}, {"secret": or_null(_SECRET)}),
                final={"url": "https://example.com/hook", "events": ["record.recorded", "record.final"]},
            ),
            refusals=("refused", "log-busy"),
            links={201: _LINKS},
        ),
        "webhooks.index": Operation("List webhooks", {200: Answer("All of them.", ref("Webhooks"))}),
        "webhooks.show": Operation(
            "Show a webhook", {200: Answer("The webhook.", ref("Webhook"))}, paths=_PATH, refusals=("not-found",)
        ),
        "webhooks.change": Operation(
            "Change a webhook",
            {200: Answer("The webhook as it is now.", ref("Webhook"))},
            paths=_PATH,
            body=Body.json(
                exactly({}, {"url": _URL, "events": _EVENTS, "state": either("active", "disabled")}),
                pause={"state": "disabled"},
            ),
            refusals=("not-found", "log-busy"),
        ),
        "webhooks.rotate": Operation(
            "Replace a webhook's secret",
            {200: Answer("The webhook with its new secret, shown this once.", ref("WebhookWithSecret"))},
            "For a day messages carry signatures by both.",
            paths=_PATH,
            body=Body.json(exactly({}, {"secret": or_null(_SECRET)}), any={}),
            refusals=("not-found", "log-busy"),
        ),
        "webhooks.remove": Operation(
            "Remove a webhook",
            {204: Answer("The webhook is gone.")},
            paths=_PATH,
            refusals=("not-found", "log-busy"),
        ),
        "deliveries.test": Operation(
            "Send a test message",
            {202: Answer("The message, which is on its way.", ref("Delivery"))},
            paths=_PATH,
            refusals=("not-found",),
            links={
                202: tuple(Link(f"deliveries.{name}", _DELIVERY) for name in ("delivery", "replay")),
            },
        ),
        "deliveries.deliveries": Operation(
            "List messages",
            {
                200: Answer(
                    "Up to 100 messages, the newest first; `next` is the next page's `cursor`.", ref("Deliveries")
                )
            },
            paths=_PATH,
            query=(
                Query("state", either("waiting", "delivered", "failed"), "Only these."),
                Query("cursor", {"type": "string", "pattern": "^[0-9]{1,18}$"}, "`next` of the page before."),
            ),
            refusals=("not-found", "invalid-input"),
        ),
        "deliveries.delivery": Operation(
            "Show a message",
            {200: Answer("The message with its body.", ref("DeliveryWhole"))},
            paths=_MESSAGE,
            refusals=("not-found",),
        ),
        "deliveries.replay": Operation(
            "Send a message again",
            {202: Answer("The message, which is on its way.", ref("Delivery"))},
            paths=_MESSAGE,
            refusals=("not-found",),
        ),
    },
)
