# SPDX-License-Identifier: Apache-2.0
"""`/auditor/audits/new/...`: forms with which audits are ordered."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext as _

from api.audits.audit import KINDS
from api.audits.files import MAX_LEDGER
from api.audits.ordering import read_order
from api.clock import now
from api.pages.auditor.overview import granted_lenders
from api.pages.page import page, see_other
from api.pages.sessions import Visitor, signed_in
from api.wiring import Services
from notary.access import RUN_AUDITS
from notary.audit.bookings import BOOKED
from notary.audit.table import with_header
from notary.audit.tie_out import COLUMNS
from notary.errors import Fault, InvalidInputError, NotFoundError, RefusedError

_KIND = "/<any({}):kind>".format(",".join(f'"{kind}"' for kind in KINDS))
_PIECE = 64 * 1024
_DEFAULTS = {"mode": "attribute", "confidence": "0.95", "tolerable": "0.05", "expected": "0", "population": "infinite"}


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("audit_orders", __name__, url_prefix="/auditor/audits/new")
    files = services.audits

    @views.get(_KIND)
    def ask(kind: str) -> Response:
        return _form(services, kind, signed_in(services, RUN_AUDITS, "auditor"))

    @views.post(_KIND)
    def order(kind: str) -> Response:
        visitor = signed_in(services, RUN_AUDITS, "auditor")
        try:
            wanted = read_order(services, visitor.caller, _members(kind))
            ledger = with_header(_ledger(), COLUMNS) if kind == "tie-out" else None
            made = files.create(visitor.caller.organisation.number, wanted, now())
            if ledger is not None:
                files.add_ledger(made.organisation, made.id, ledger, None)
        except (InvalidInputError, RefusedError, NotFoundError) as error:
            return _form(services, kind, visitor, str(error).removeprefix("/: "), 422)
        return see_other(f"/auditor/audits/{made.id}")

    order.largest_form = MAX_LEDGER + _PIECE  # type: ignore[attr-defined]

    return views


def _form(services: Services, kind: str, visitor: Visitor, error: str = "", status: int = 200) -> Response:
    asked = {**_DEFAULTS, **request.form} if request.method == "POST" else {**_DEFAULTS, **request.args}
    lenders = granted_lenders(services, visitor)
    types = request.form.getlist("types") or ["repayment"]
    return page(
        f"auditor/order_{kind.replace('-', '_')}.html", status=status, private=True, forms=True, asked=asked,
        lenders=[(str(number), name) for number, name in lenders.items()], types=types, known=tuple(BOOKED),
        error=error,
    )  # fmt: skip


def _members(kind: str) -> dict[str, Any]:
    """Return the form as the members of an order; what is left empty is left out."""
    sent: dict[str, Any] = {name: value.strip() for name, value in request.form.items() if value.strip()}
    members: dict[str, Any] = {"kind": kind}
    for name in ("lender", "expected", "seed_block"):
        if name in sent:
            # What is no number stays a text, which is refused with its name.
            members[name] = int(sent[name]) if sent[name].isascii() and sent[name].isdigit() else sent[name]
    members |= {name: sent[name] for name in ("mode", "confidence", "tolerable", "population") if name in sent}
    if "currency" in sent and sent.get("mode") == "monetary":
        members["currency"] = sent["currency"].upper()
    if kind in ("sample", "tie-out"):
        members["types"] = request.form.getlist("types")
    return members


def _ledger() -> Iterator[bytes]:
    """Return the file that came with the form, piece by piece. Raises `InvalidInputError` if none came."""
    sent = request.files.get("ledger")
    if sent is None or not sent.filename:
        raise InvalidInputError(Fault("", _("Choose the file with the ledger first.")))
    return iter(lambda: sent.stream.read(_PIECE), b"")
