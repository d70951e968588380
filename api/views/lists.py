# SPDX-License-Identifier: Apache-2.0
"""`GET /v1/records` and `GET /v1/loans`: what there is, by filters, page by page, as of the first page."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Blueprint, Response, request

from api.access.read_notes import asked_for
from api.access.reading import Reader, reader
from api.clock import now
from api.views.record_json import RecordWriter
from api.wiring import Services
from notary.encoding import format_time, parse_moment
from notary.errors import Fault, InvalidInputError
from notary.lifecycle import STAGES
from notary.listing import STATES, Lists, Page, Place, Wanted
from notary.policies import CODES
from notary.records import RECORD_TYPES

_PAGE = 100
_LIMIT = re.compile("[1-9][0-9]{0,2}|1000")
_COMMON = ("lender", "limit", "cursor", "received_from", "received_until")


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("lists", __name__, url_prefix="/v1")
    lists = Lists(services.store)
    write = RecordWriter(services.store, services.keyring)

    @views.get("/records")
    def records() -> Response:
        reading = reader(services)
        asked = _Asked(services, reading, ("loan",), {"state": STATES, "type": tuple(RECORD_TYPES)})
        asked.note(services, reading)
        place = asked.place or lists.begin_records(reading.lender, asked.wanted, now())
        page = lists.records(reading.lender, asked.wanted, place, asked.limit, asked.sees)
        items = [{"loan": item.loan, **write.line(item, place.state(item.index))} for item in page.items]
        return asked.answer("records", items, place, page)

    @views.get("/loans")
    def loans() -> Response:
        reading = reader(services)
        asked = _Asked(services, reading, (), {"state": STAGES, "code": CODES})
        asked.note(services, reading)
        place = asked.place or lists.begin_loans(now())
        _, policy = services.policies.at(reading.lender, place.as_of)
        page = lists.loans(reading.lender, asked.wanted, place, asked.limit, asked.sees, policy.thresholds)
        items = [{**item._asdict(), "began_at": format_time(item.began_at)} for item in page.items]
        return asked.answer("loans", items, place, page)

    return views


class _Asked:
    """What a request asks of a list.

    `free` are the parameters of this list beside the common ones, `choices` those that have a fixed set of values.
    """

    def __init__(
        self, services: Services, reading: Reader, free: tuple[str, ...], choices: Mapping[str, tuple[str, ...]]
    ) -> None:
        self._seal = services.cursors
        for name in request.args:
            if name not in (*_COMMON, *free, *choices) or len(request.args.getlist(name)) > 1:
                raise InvalidInputError(Fault("", f"{name[:40]!r} is no parameter of this list, or given twice"))
        self.wanted = Wanted(
            loan=request.args.get("loan"),
            type=_choice("type", choices.get("type", ())),
            state=_choice("state", choices["state"]),
            received_from=_moment("received_from"),
            received_until=_moment("received_until"),
            code=_choice("code", choices.get("code", ())),
        )
        self.limit = _limit()
        self._about = [request.endpoint, reading.asker, reading.lender.number, self.wanted._asdict()]
        cursor = request.args.get("cursor")
        self.place = None if cursor is None else self._seal.open(cursor, self._about)
        self.sees = cache(lambda loan: reading.sees(services.store, loan))

    def note(self, services: Services, reading: Reader) -> None:
        """Note that the list is read: one line, whatever is on it."""
        query = asked_for({name: value for name, value in self.wanted._asdict().items() if name != "loan"})
        reading.note(services, loan=self.wanted.loan or "", query=query)

    def answer(self, name: str, items: list[dict[str, Any]], place: Place, page: Page[Any]) -> Response:
        """Return a page as JSON, with the address of the next one (RFC 8288) if there is one."""
        following = page.following and self._address(page.following)
        members = {name: items, "size": place.size, "as_of": format_time(place.as_of), "next": following}
        response = Response(orjson.dumps(members), mimetype="application/json")
        if following:
            response.headers["Link"] = f'<{following}>; rel="next"'
        return response

    def _address(self, place: Place) -> str:
        return f"{request.path}?{urlencode({**request.args, 'cursor': self._seal.close(place, self._about)})}"


def _choice(name: str, known: tuple[str, ...]) -> str | None:
    value = request.args.get(name)
    if value is not None and value not in known:
        raise InvalidInputError(Fault("", f"{name} is {value[:40]!r}, none of {', '.join(known)}"))
    return value


def _moment(name: str) -> int | None:
    text = request.args.get(name)
    if text is None:
        return None
    try:
        return parse_moment(text)
    except ValueError as error:
        raise InvalidInputError(Fault("", f"{name} is {error}")) from None


def _limit() -> int:
    text = request.args.get("limit", str(_PAGE))
    if not _LIMIT.fullmatch(text):
        raise InvalidInputError(Fault("", "limit is a number from 1 to 1000"))
    return int(text)
