# SPDX-License-Identifier: Apache-2.0
"""`/lender/webhooks`: what the lender's webhooks were told, what failed, and telling it again."""

from flask import Blueprint, Response, request

from api.pages.page import page, see_other
from api.pages.sessions import signed_in
from api.views.deliveries import send_again
from api.wiring import Services
from notary.access import WRITE_WEBHOOKS

_PAGE = 50
_LAST = 2**63 - 1
_STATES = ("waiting", "delivered", "failed")


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("deliveries", __name__, url_prefix="/lender/webhooks")
    store = services.webhooks

    @views.get("")
    def index() -> Response:
        lender = signed_in(services, WRITE_WEBHOOKS, "lender").caller.organisation.number
        services.reads.note(lender)
        hooks = [(hook, store.deliveries(hook.id, "failed", _LAST, _PAGE)) for hook in store.webhooks(lender)]
        return page("lender/webhooks.html", forms=True, private=True, hooks=hooks, most=_PAGE)

    @views.get("/<identity>")
    def show(identity: str) -> Response:
        lender = signed_in(services, WRITE_WEBHOOKS, "lender").caller.organisation.number
        hook = store.find_webhook(lender, identity)
        services.reads.note(lender)
        state = request.args.get("state")
        state = state if state in _STATES else None
        before = request.args.get("before", "")
        start = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else _LAST
        rows = store.deliveries(hook.id, state, start, _PAGE + 1)
        following = str(rows[_PAGE - 1][0]) if len(rows) > _PAGE else None
        deliveries = [item for _, item in rows[:_PAGE]]
        return page(
            "lender/deliveries.html", forms=True, private=True, hook=hook, deliveries=deliveries, state=state,
            following=following, begun=bool(before), states=_STATES,
        )  # fmt: skip

    @views.post("/<identity>/deliveries/<message>/replay")
    def replay(identity: str, message: str) -> Response:
        lender = signed_in(services, WRITE_WEBHOOKS, "lender").caller.organisation.number
        hook = store.find_webhook(lender, identity)
        send_again(services, hook, message)
        return see_other(f"/lender/webhooks/{hook.id}")

    return views
