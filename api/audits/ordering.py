# SPDX-License-Identifier: Apache-2.0
"""Who may order which audit, and see what came of it.

An auditor needs a grant of all loans of a lender, when it orders and when it reads; an operator sees no loan.
"""

from typing import Any

from werkzeug.exceptions import Forbidden

from api.access.read_notes import asked_for
from api.audits.audit import KINDS, Order, OrderedAudit
from api.clock import now
from api.views.members import decimal_of, number_of, one_of, text_of, whole_of
from api.wiring import Services
from notary.access import Caller
from notary.audit.bookings import check_types
from notary.audit.sample import Wanted
from notary.errors import Fault, InvalidInputError, JobError, NotFoundError

_MEMBERS: dict[str, set[str]] = {
    "log": set(),
    "records": {"lender"},
    "sample": {
        "lender",
        "mode",
        "types",
        "confidence",
        "tolerable",
        "expected",
        "currency",
        "population",
        "seed_block",
    },
    "tie-out": {"lender", "types"},
}
"""The members of an order of each kind beside its kind."""
MEMBERS = frozenset().union(*_MEMBERS.values())
"""All of them."""


def read_order(services: Services, caller: Caller, chosen: dict[str, Any]) -> Order:
    """Return what the members of a request ask for. Raises `InvalidInputError`, `Forbidden`, `NotFoundError`."""
    kind = one_of(chosen, "kind", KINDS)
    if others := chosen.keys() - {"kind"} - _MEMBERS[kind]:
        raise InvalidInputError(Fault(f"/{min(others)}", f"means nothing for an audit of the kind {kind}"))
    if kind == "log":
        return Order("log")
    lender = _lender(services, caller, number_of(chosen, "lender") if "lender" in chosen else None)
    if kind == "records":
        return Order("records", lender)
    types = _types(chosen)
    if kind == "tie-out":
        return Order("tie-out", lender, types)
    wanted = Wanted(
        mode="monetary" if one_of(chosen, "mode", ("attribute", "monetary")) == "monetary" else "attribute",
        lender=lender,
        types=types,
        confidence=decimal_of(chosen, "confidence"),
        tolerable=decimal_of(chosen, "tolerable"),
        expected=whole_of(chosen, "expected") if "expected" in chosen else 0,
        currency=text_of(chosen, "currency") if "currency" in chosen else None,
        finite=one_of(chosen, "population", ("infinite", "finite")) == "finite" if "population" in chosen else False,
    )
    block = number_of(chosen, "seed_block") if "seed_block" in chosen else None
    return Order("sample", lender, wanted=wanted, seed_block=block)


def _types(chosen: dict[str, Any]) -> tuple[str, ...]:
    types = chosen.get("types")
    if not isinstance(types, list) or not types or not all(isinstance(item, str) for item in types):
        raise InvalidInputError(Fault("/types", "must be a list of types of records that a ledger books"))
    check_types(types)
    return tuple(types)


def _lender(services: Services, caller: Caller, named: int | None) -> int:
    """Return the lender whose records may be audited whole. Raises `Forbidden`, `NotFoundError`."""
    role, own = caller.organisation.role, caller.organisation.number
    if role == "operator":
        raise Forbidden("an operator sees no loan: it audits the log")
    if named is None and role == "auditor":
        raise InvalidInputError(Fault("/lender", "is required: the number of the lender whose records these are"))
    if named in (None, own) and role == "lender":
        return own
    if role == "lender" or named is None or not _is_granted(services, named, own):
        raise NotFoundError("no lender of this number has granted you all of its loans, as this audit needs")
    return named


def _is_granted(services: Services, lender: int, auditor: int) -> bool:
    moment = now()
    return any(grant.covers_all(moment) for grant in services.access.grants(lender=lender, auditor=auditor))


def _is_visible(services: Services, caller: Caller, audit: OrderedAudit) -> bool:
    # A grant may have ended since.
    own, lender = caller.organisation.number, audit.order.lender
    return lender in (None, own) or (lender is not None and _is_granted(services, lender, own))


def visible_audits(services: Services, caller: Caller) -> list[OrderedAudit]:
    """Return the audits that somebody has ordered and may still read, the newest first."""
    found = services.audits.all_of(caller.organisation.number)
    return [audit for audit in reversed(found) if _is_visible(services, caller, audit)]


def find_audit(services: Services, caller: Caller, audit: str) -> OrderedAudit:
    """Return one of them. Raises `NotFoundError`."""
    found = services.audits.find(caller.organisation.number, audit)
    if not _is_visible(services, caller, found):
        raise NotFoundError("you have no audit of this id")
    return found


def read_report(services: Services, audit: OrderedAudit) -> bytes:
    """Return the report, and note that it is read. Raises `JobError` unless the audit is done."""
    if audit.state != "done":
        raise JobError(f"the audit is {audit.state} and has no report")
    if audit.order.lender is not None:
        services.reads.note(audit.order.lender, query=asked_for({"audit": audit.id}))
    return audit.read_report()


def seconds_left(audit: OrderedAudit) -> int | None:
    """Return in how many seconds an audit that runs will be done, if that can be told."""
    if audit.state != "running" or not audit.total or not audit.done or audit.started_at is None:
        return None
    return round((audit.total - audit.done) * (now() - audit.started_at) / audit.done / 1000)
