# SPDX-License-Identifier: Apache-2.0
"""`/v1/webhooks`: where a lender wants to be told of what becomes of its records."""

import base64
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import orjson
from flask import Blueprint, Response

from api.access.auth import authenticate, authenticated_lender
from api.clock import now
from api.making import making
from api.views.answers import no_content
from api.views.bodies import SMALL, read_object
from api.webhooks.addresses import Network, parse_target
from api.wiring import Services
from notary.encoding import format_time
from notary.errors import Fault, InvalidInputError, RefusedError
from notary.webhooks import EVENT_TYPES, SECRET_PREFIX, Webhook, parse_secret

MAX_WEBHOOKS = 20
"""Webhooks of one lender."""
OVERLAP = 24 * 3_600_000
"""Milliseconds for which a secret that was replaced signs beside the new one."""


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("webhooks", __name__, url_prefix="/v1/webhooks")
    store = services.webhooks
    allowed = [ip_network(text) for text in services.webhook_networks]

    def find(identity: str) -> Webhook:
        return store.find_webhook(authenticated_lender(services.access).number, identity)

    @views.post("")
    def add() -> Response:
        caller = authenticate(services.access)
        lender = caller.lender
        chosen = read_object({"url", "events"}, {"secret"}, limit=SMALL)
        identity, moment = "wh_" + making().draw("webhook", 16).hex(), making().moment
        if sum(item.id != identity for item in store.webhooks(lender.number)) >= MAX_WEBHOOKS:
            raise RefusedError(f"a lender has at most {MAX_WEBHOOKS} webhooks")
        url, events, secret = _url(chosen["url"], allowed), _events(chosen["events"]), _secret(chosen.get("secret"))
        services.administration.note(lender.number, moment, "webhook.add", caller.key, identity)
        made = Webhook(
            id=identity,
            lender=lender.number,
            url=url,
            events=events,
            secret=secret,
            created_at=moment,
            # From here on: it is not told of its own beginning.
            next_index=services.log.head().size,
            next_change=store.next_anchor_change(),
        )
        store.add_webhook(made)
        return _answer({**_members(made), "secret": made.secret}, 201)

    @views.get("")
    def index() -> Response:
        lender = authenticated_lender(services.access)
        return _answer({"webhooks": [_members(item) for item in store.webhooks(lender.number)]})

    @views.get("/<identity>")
    def show(identity: str) -> Response:
        return _answer(_members(find(identity)))

    @views.patch("/<identity>")
    def change(identity: str) -> Response:
        caller = authenticate(services.access)
        webhook = store.find_webhook(caller.lender.number, identity)
        chosen = read_object(set(), {"url", "events", "state"}, limit=SMALL)
        state = chosen.get("state", "active" if not webhook.disabled else "disabled")
        if state not in ("active", "disabled"):
            raise InvalidInputError(Fault("/state", "must be active or disabled"))
        changed = replace(
            webhook,
            url=_url(chosen["url"], allowed) if "url" in chosen else webhook.url,
            events=_events(chosen["events"]) if "events" in chosen else webhook.events,
            disabled="" if state == "active" else webhook.disabled or "by its lender",
        )
        services.administration.note(webhook.lender, now(), "webhook.change", caller.key, webhook.id)
        store.change_webhook(changed)
        return _answer(_members(changed))

    @views.delete("/<identity>")
    def remove(identity: str) -> Response:
        caller = authenticate(services.access)
        webhook = store.find_webhook(caller.lender.number, identity)
        services.administration.note(webhook.lender, now(), "webhook.remove", caller.key, webhook.id)
        store.remove_webhook(webhook.lender, webhook.id)
        return no_content()

    @views.post("/<identity>/secret")
    def rotate(identity: str) -> Response:
        caller = authenticate(services.access)
        webhook = store.find_webhook(caller.lender.number, identity)
        new = _secret(read_object(set(), {"secret"}, limit=SMALL).get("secret"))
        return _answer({**_members(_with_secret(services, webhook, new, caller.key)), "secret": new})

    return views


def _url(value: object, allowed: Sequence[Network]) -> str:
    if not isinstance(value, str):
        raise InvalidInputError(Fault("/url", "must be a string"))
    parse_target(value, allowed)
    return value


def _events(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or any(item not in EVENT_TYPES for item in value):
        raise InvalidInputError(Fault("/events", f"must be a list of some of {', '.join(EVENT_TYPES)}"))
    return tuple(name for name in EVENT_TYPES if name in value)


def _secret(value: object) -> str:
    if value is None:
        return SECRET_PREFIX + base64.b64encode(making().draw("secret of a webhook", 32)).decode()
    if not isinstance(value, str):
        raise InvalidInputError(Fault("/secret", "must be a string"))
    parse_secret(value)
    return value


def _with_secret(services: Services, webhook: Webhook, new: str, by: str) -> Webhook:
    """Change a webhook's secret. Where this request has before, the old secret stays the one that was."""
    if webhook.secret == new:
        return webhook
    moment = making().moment
    services.administration.note(webhook.lender, moment, "webhook.change", by, webhook.id)
    changed = replace(webhook, secret=new, old_secret=webhook.secret, old_secret_until=moment + OVERLAP)
    services.webhooks.change_webhook(changed)
    return changed


def _members(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": webhook.events,
        "state": "disabled" if webhook.disabled else "active",
        "disabled_because": webhook.disabled or None,
        "created_at": format_time(webhook.created_at),
    }


def _answer(members: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(members), status, mimetype="application/json")
