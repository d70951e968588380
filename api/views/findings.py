# SPDX-License-Identifier: Apache-2.0
"""`/v1/findings`: what is odd in all of a lender's loans."""

from collections.abc import Iterator
from typing import Any

import orjson
from flask import Blueprint, Response, request

from api.access.read_notes import asked_for
from api.access.reading import Reader, reader
from api.views.moments import asked_moment
from api.wiring import Services
from notary.errors import Fault, InvalidInputError
from notary.history import Book, Case, Severity, finding_json, findings, read_events
from notary.policies import CODES


def blueprint(services: Services) -> Blueprint:
    """Return the view."""
    views = Blueprint("findings", __name__, url_prefix="/v1/findings")

    @views.get("")
    def every() -> Response:
        reading = reader(services)
        as_of = asked_moment()
        codes = _chosen("code", CODES)
        severities = _chosen("severity", tuple(severity.value for severity in Severity))
        asked = {name: ",".join(request.args.getlist(name)) or None for name in ("code", "severity")}
        reading.note(services, query=asked_for(asked))
        lines = finding_lines(services, reading, as_of)
        chosen = (line for line in lines if line["code"] in codes and line["severity"] in severities)
        return Response((orjson.dumps(line) + b"\n" for line in chosen), mimetype="application/x-ndjson")

    return views


def _chosen(name: str, known: tuple[str, ...]) -> frozenset[str]:
    """Return the values that the query names, all of them if it names none. Raises `InvalidInputError`."""
    values = request.args.getlist(name)
    if unknown := [value for value in values if value not in known]:
        raise InvalidInputError(Fault("", f"{name} is {unknown[0][:40]!r}, none of {', '.join(known)}"))
    return frozenset(values or known)


def finding_lines(services: Services, reading: Reader, as_of: int) -> Iterator[dict[str, Any]]:
    """Yield the findings loan by loan in the order in which the loans began, and as each loan's view orders them."""
    lender = reading.lender.number
    policy = services.policies.at(reading.lender, as_of)[1].thresholds
    for number in services.store.loan_numbers(lender):
        if not reading.sees(services.store, number):
            continue
        book = Book.of(read_events(services.store.loan_records(lender, number)), as_of)
        for item in findings(Case(book, policy)):
            yield {"loan": number, **finding_json(item)}
