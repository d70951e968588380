# SPDX-License-Identifier: Apache-2.0
"""`/v1/webhooks/{id}/deliveries`: what a webhook was told, what failed, and telling it again."""

from dataclasses import replace
from typing import Any

import orjson
from flask import Blueprint, Response, request

from api.access.auth import authenticated_lender
from api.access.read_notes import asked_for
from api.clock import now
from api.making import making
from api.webhooks.producing import test_message
from api.wiring import Services
from notary.encoding import format_time
from notary.errors import Fault, InvalidInputError, NotFoundError
from notary.webhooks import Delivery, Webhook

_PAGE = 100
_LAST = 2**63 - 1
_STATES = ("waiting", "delivered", "failed")


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("deliveries", __name__, url_prefix="/v1/webhooks")
    store = services.webhooks

    def find(identity: str) -> Webhook:
        return store.find_webhook(authenticated_lender(services.access).number, identity)

    @views.post("/<identity>/test")
    def test(identity: str) -> Response:
        webhook, made = find(identity), making()
        message = test_message(webhook, made.moment, "msg_" + made.draw("message", 16).hex())
        try:
            message = store.find_delivery(webhook.id, message.id)
        except NotFoundError:
            store.save_delivery(message)
        return _answer(_delivery_members(message), 202)

    @views.get("/<identity>/deliveries")
    def deliveries(identity: str) -> Response:
        webhook = find(identity)
        state = request.args.get("state")
        if state is not None and state not in _STATES:
            raise InvalidInputError(Fault("", f"state is one of {', '.join(_STATES)}"))
        services.reads.note(webhook.lender, query=asked_for({"state": state}))
        rows = store.deliveries(webhook.id, state, read_cursor(request.args.get("cursor")), _PAGE + 1)
        page = rows[:_PAGE]
        members: dict[str, Any] = {"deliveries": [_delivery_members(item) for _, item in page]}
        if len(rows) > _PAGE:
            members["next"] = str(page[-1][0])
        return _answer(members)

    @views.get("/<identity>/deliveries/<message>")
    def delivery(identity: str, message: str) -> Response:
        webhook = find(identity)
        found = store.find_delivery(webhook.id, message)
        services.reads.note(webhook.lender)
        return _answer({**_delivery_members(found), "body": found.body})

    @views.post("/<identity>/deliveries/<message>/replay")
    def replay(identity: str, message: str) -> Response:
        return _answer(_delivery_members(send_again(services, find(identity), message)), 202)

    return views


def send_again(services: Services, webhook: Webhook, message: str) -> Delivery:
    """Let a message be sent once more, as often as a new one. Raises `NotFoundError`."""
    found = services.webhooks.find_delivery(webhook.id, message)
    again = replace(found, next_at=now(), attempts=0, delivered_at=None)
    services.webhooks.settle_delivery(again)
    return again


def read_cursor(text: str | None) -> int:
    """Return the number below which a list goes on that shows the newest first. Raises `InvalidInputError`."""
    if text is None:
        return _LAST
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise InvalidInputError(Fault("", "cursor is not one that this list has given"))
    return int(text)


def _delivery_members(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "type": delivery.type,
        "state": delivery.state,
        "created_at": format_time(delivery.created_at),
        "attempts": delivery.attempts,
        "next_attempt_at": format_time(delivery.next_at) if delivery.next_at is not None else None,
        "delivered_at": format_time(delivery.delivered_at) if delivery.delivered_at is not None else None,
        "last_status": delivery.status,
        "last_detail": delivery.detail or None,
    }


def _answer(members: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(members), status, mimetype="application/json")
