# SPDX-License-Identifier: Apache-2.0
"""Who is signed in to the pages: a cookie that says nothing, and a session in the store that an API key has opened.

::

    visitor = signed_in(services, READ_RECORDS)   # raises what leads to the sign-in page

A session ends `IDLE` after the last page, `LONGEST` after the sign-in, on sign-out, and with the key that opened it.
Its secret is replaced every `RENEWED`. The browser never keeps anything of the key.

Every POST to a page needs the form token of its session; without a session, that of a cookie which the form's own page
has set (`form_token`). The cookies are `SameSite=Strict`; the token holds where a browser does not keep to that.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from hmac import compare_digest
from secrets import token_hex, token_urlsafe
from urllib.parse import urlencode

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import Forbidden, Unauthorized

from api.access.auth import caller_with, hash_secret, require_scope
from api.clock import now
from api.pages import cookies
from api.pages.page import page, see_other
from api.wiring import Services
from notary.access import Caller
from notary.errors import NotFoundError, ReadOnlyError
from notary.sessions import Session

IDLE, LONGEST, RENEWED = 30 * 60_000, 8 * 3_600_000, 10 * 60_000
_OVERLAP = 60_000
"""Milliseconds for which a replaced secret still opens, for requests that were under way."""
_COOKIE, _FORM_COOKIE = "session", "form"
_LARGEST_FORM = 64 * 1024
HOMES = {"lender": "/lender", "auditor": "/auditor"}
"""Where somebody of a role goes from the sign-in; others go to `/account`."""


@dataclass(frozen=True)
class Visitor:
    """Somebody signed in."""

    caller: Caller
    session: Session

    @property
    def home(self) -> str:
        """The first of his pages."""
        return HOMES.get(self.caller.organisation.role, "/account")

    def may(self, scope: str) -> bool:
        """Tell whether his key has a scope."""
        return scope in self.caller.scopes


class SignInNeeded(Exception):  # noqa: N818 - it is no error: the answer leads to the sign-in page
    """Raised where a page is for people who are signed in."""


class StaleFormError(Exception):
    """Raised where a form does not carry the token of its session: it is old, or another site's."""


def install(app: Flask, services: Services) -> None:
    """Let an application check the token of every form, keep sessions' cookies, and lead to the sign-in page."""

    def before() -> None:
        if (request.endpoint or "").startswith("pages.") and request.method not in ("GET", "HEAD", "OPTIONS"):
            _require_form_token(services)

    def after(response: Response) -> Response:
        if (secret := g.pop("new_session_secret", None)) is not None:
            cookies.give_secret(response, _COOKIE, secret)
        if (secret := g.pop("new_form_secret", None)) is not None:
            cookies.give_secret(response, _FORM_COOKIE, secret)
        return response

    app.before_request(before)
    app.after_request(after)
    app.register_error_handler(SignInNeeded, _lead_to_sign_in)
    app.register_error_handler(StaleFormError, _refuse_form)
    app.context_processor(lambda: {"visitor": g.get("visitor"), "form_token": form_token})


def signed_in(services: Services, scope: str | None = None, role: str | None = None) -> Visitor:
    """Return who is signed in.

    Raises `SignInNeeded`, and `Forbidden` (403) where the key has not the scope, or the organisation not the role.
    """
    visitor = current_visitor(services)
    if visitor is None:
        raise SignInNeeded
    if role is not None and visitor.caller.organisation.role != role:
        raise Forbidden(f"this is for organisations of the role {role}")
    if scope is not None:
        require_scope(visitor.caller, scope)
    return visitor


def current_visitor(services: Services) -> Visitor | None:
    """Return who is signed in, if anybody is, and go on with his session."""
    if "visitor" not in g:
        g.visitor = _found(services)
    found: Visitor | None = g.visitor
    return found


def sign_in(services: Services, api_key: str) -> Visitor:
    """Open a session. Raises `Unauthorized` for a key that is unknown, revoked or expired."""
    digest, moment = hash_secret(api_key), now()
    caller = caller_with(services.access, digest)
    sign_out(services)
    session = Session(token_hex(16), digest, token_urlsafe(32), moment, moment, moment + IDLE)
    _give(services, session)
    visitor = g.visitor = Visitor(caller, session)
    return visitor


def sign_out(services: Services) -> None:
    """End the session that this browser has, if any."""
    session = _session(services)
    if session is not None:
        services.sessions.end_session(session.id)
        g.visitor, g.new_session_secret = None, ""


def form_token() -> str:
    """Return what a form of this page must send along."""
    visitor: Visitor | None = g.get("visitor")
    if visitor is not None:
        return visitor.session.form_token
    secret = cookies.secret(_FORM_COOKIE)
    if not secret:
        secret = g.new_form_secret = token_urlsafe(32)
    return sha256(b"form " + secret.encode()).hexdigest()


def _found(services: Services) -> Visitor | None:
    session = _session(services)
    if session is None:
        return None
    try:
        caller = caller_with(services.access, session.key)
    except Unauthorized:
        # On a host that only reads it stays, and opens nothing.
        with suppress(ReadOnlyError):
            services.sessions.end_session(session.id)
        return None
    return Visitor(caller, _renewed(services, session))


def _session(services: Services) -> Session | None:
    secret = cookies.secret(_COOKIE)
    if not secret:
        return None
    try:
        session = services.sessions.session_with(hash_secret(secret))
    except NotFoundError:
        return None
    return session if session.expires_at > now() else None


def _renewed(services: Services, session: Session) -> Session:
    """Give a session a new secret where the present one is old, and with it more time.

    A host that only reads gives none: the session goes on as long as the hosts that write have said.
    """
    moment = now()
    if moment < session.issued_at + RENEWED or services.replica:
        return session
    ends = min(moment + IDLE, session.began_at + LONGEST)
    services.sessions.shorten_session(hash_secret(cookies.secret(_COOKIE)), moment + _OVERLAP)
    return _give(services, replace(session, issued_at=moment, expires_at=ends))


def _give(services: Services, session: Session) -> Session:
    g.new_session_secret = token_urlsafe(32)
    services.sessions.add_session(session, hash_secret(g.new_session_secret), session.issued_at)
    return session


def _require_form_token(services: Services) -> None:
    # A view that takes longer forms (uploads) says so by its attribute.
    view = current_app.view_functions[request.endpoint or ""]
    request.max_content_length = getattr(view, "largest_form", _LARGEST_FORM)
    sent = request.headers.get("X-Form-Token") or request.form.get("form_token", "")
    visitor = current_visitor(services)
    if not compare_digest(sent.encode(), form_token().encode()):
        if visitor is None and request.endpoint != "pages.sign_in.enter":
            raise SignInNeeded
        raise StaleFormError


def _refuse_form(_error: StaleFormError) -> Response:
    return page("stale_form.html", status=403, private=True)


def _lead_to_sign_in(_error: SignInNeeded) -> Response:
    # Whoever was sent away from a form comes back to its page.
    back = request.full_path.rstrip("?") if request.method == "GET" else request.path
    return see_other(f"/sign-in?{urlencode({'next': back})}")
