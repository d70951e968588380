# SPDX-License-Identifier: Apache-2.0
"""`/sign-in`, `/sign-out` and `/account`: with an API key, for lenders and auditors."""

from flask import Blueprint, Response, request
from flask_babel import gettext as _
from werkzeug.exceptions import TooManyRequests, Unauthorized

from api.clock import now
from api.pages.page import page, see_other
from api.pages.sessions import LONGEST, current_visitor, sign_in, sign_out, signed_in
from api.wiring import Services

_LONGEST_KEY = 256


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("sign_in", __name__)

    @views.get("/sign-in")
    def ask() -> Response:
        visitor = current_visitor(services)
        return _form() if visitor is None else see_other(visitor.home)

    @views.post("/sign-in")
    def enter() -> Response:
        _count_attempt(services)
        api_key = request.form.get("api_key", "").strip()[:_LONGEST_KEY]
        try:
            visitor = sign_in(services, api_key)
        except Unauthorized:
            return _form(_("This key is not known here, has expired, or was revoked."), 422)
        return see_other(_wanted() or visitor.home)

    @views.post("/sign-out")
    def leave() -> Response:
        sign_out(services)
        return see_other("/sign-in")

    @views.get("/account")
    def account() -> Response:
        visitor = signed_in(services)
        key = services.access.api_key(visitor.caller.organisation.number, visitor.caller.key)
        ends = visitor.session.began_at + LONGEST
        return page("account.html", forms=True, private=True, key=key, session_ends=ends)

    return views


def _form(error: str = "", status: int = 200) -> Response:
    wanted = _wanted() if request.method == "POST" else request.args.get("next", "")
    return page("sign_in.html", status=status, forms=True, private=True, error=error, wanted=wanted)


def _wanted() -> str:
    """Return the page of this site to which the visitor wanted to go, "" if there is none."""
    wanted = request.form.get("next", "")
    is_ours = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    return wanted if is_ours else ""


def _count_attempt(services: Services) -> None:
    """Raise 429 where too many keys were tried from one address."""
    allowance = services.sign_ins.take(f"sign-in {request.remote_addr}".encode(), now())
    if not allowance.allowed:
        raise TooManyRequests("too many attempts from this address", retry_after=allowance.reset)
