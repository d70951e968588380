# SPDX-License-Identifier: Apache-2.0
"""`/lender/access`: API keys and loan passes. What is secret is shown once, on the page that answers the form."""

from datetime import UTC, date, datetime, time, timedelta

import segno
from flask import Blueprint, Response, request
from flask_babel import gettext as _
from markupsafe import Markup

from api.clock import now
from api.pages.cookies import is_https
from api.pages.page import page, see_other
from api.pages.sessions import Visitor, signed_in
from api.views.api_keys import make_key, revoke_key
from api.views.passes import mint_pass, pass_link, revoke_pass
from api.wiring import Services
from notary.access import ROLES, WRITE_ACCESS, WRITE_PASSES
from notary.errors import NotFoundError

_LONGEST_NAME = 256
_USUAL_DAYS = 90


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("access", __name__, url_prefix="/lender/access")

    @views.get("")
    def index() -> Response:
        return _index(signed_in(services, role="lender"))

    @views.post("/passes")
    def mint() -> Response:
        visitor = signed_in(services, WRITE_PASSES, "lender")
        loan, ends = request.form.get("loan", "").strip(), _end_of_day("ends")
        if ends is None or ends <= now():
            return _index(visitor, 422, pass_error=_("The pass must end on a day to come."), loan=loan)
        try:
            made, secret = mint_pass(services, visitor.caller, loan, ends)
        except NotFoundError:
            return _index(visitor, 422, loan_error=_("There is no loan of this number."), loan=loan)
        link = f"{'https' if is_https() else 'http'}://{request.host}{pass_link(secret)}"
        return page("lender/new_pass.html", forms=True, private=True, made=made, link=link, code=_qr_code(link))

    @views.post("/passes/<identity>/revocation")
    def end_pass(identity: str) -> Response:
        revoke_pass(services, signed_in(services, WRITE_PASSES, "lender").caller, identity)
        return see_other("/lender/access")

    @views.post("/keys")
    def create() -> Response:
        visitor = signed_in(services, WRITE_ACCESS, "lender")
        name, scopes, ends, wrong = _wanted_key(visitor)
        if wrong:
            return _index(visitor, 422, key_error=wrong)
        key, secret = make_key(services, visitor.caller.organisation.number, name, scopes, ends, visitor.caller.key)
        return page("lender/new_key.html", forms=True, private=True, key=key, secret=secret)

    @views.post("/keys/<identity>/revocation")
    def end_key(identity: str) -> Response:
        revoke_key(services, signed_in(services, WRITE_ACCESS, "lender").caller, identity)
        return see_other("/lender/access")

    def _index(visitor: Visitor, status: int = 200, **errors: str) -> Response:
        moment, number = now(), visitor.caller.organisation.number
        usual = datetime.now(UTC).date() + timedelta(days=_USUAL_DAYS)
        return page(
            "lender/access.html", status=status, forms=True, private=True, errors=errors, moment=moment, usual=usual,
            loan=request.args.get("loan", errors.get("loan", "")), own_key=visitor.caller.key,
            keys=list(reversed(services.access.api_keys(number))) if visitor.may(WRITE_ACCESS) else None,
            passes=list(reversed(services.access.passes(number))) if visitor.may(WRITE_PASSES) else None,
            scopes=[scope for scope in ROLES["lender"] if visitor.may(scope)],
        )  # fmt: skip

    return views


def _wanted_key(visitor: Visitor) -> tuple[str, tuple[str, ...], int | None, str]:
    """Return name, scopes and end of the key that a form asks for, and what is wrong with it, "" if nothing is."""
    name, ends = request.form.get("name", "").strip(), _end_of_day("key_ends")
    scopes = tuple(scope for scope in ROLES["lender"] if scope in request.form.getlist("scopes"))
    wrong = ""
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        wrong = _("The key needs a name.")
    elif not scopes or not visitor.caller.scopes.issuperset(scopes):
        wrong = _("Choose what the key may do, of what your own may.")
    elif request.form.get("key_ends") and (ends is None or ends <= now()):
        wrong = _("The key must end on a day to come, or never.")
    return name, scopes, ends, wrong


def _end_of_day(name: str) -> int | None:
    """Return the end of the day that a form names, UTC, in milliseconds since 1970; None if it names none."""
    try:
        day = date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        return None
    return round(datetime.combine(day, time(23, 59, 59), UTC).timestamp() * 1000)


def _qr_code(link: str) -> Markup:
    # segno writes SVG of its own making; the link is in it as squares only.
    return Markup(segno.make(link, error="m").svg_inline(scale=5, border=4))  # noqa: S704
