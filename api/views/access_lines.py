# SPDX-License-Identifier: Apache-2.0
"""Who read what: the lines of the access log as a lender reads them, and as its borrower does."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import orjson
from flask import Response, request

from api.views.deliveries import read_cursor
from api.wiring import Services
from notary.access_log import PASS, THIS_HOST, WRITING_HOSTS, Access, NotedAccess
from notary.documents.forgetting import named_documents
from notary.encoding import format_time
from notary.errors import NotFoundError

_PAGE, _MOST = 100, 100
_LAST = 2**63 - 1


def lender_lines(services: Services, lender: int, references: Sequence[str] | None = None) -> Response:
    """Return a page of a lender's lines, the newest first: all, or those of one loan by its references."""
    found = services.access_log.accesses(lender, read_cursor(request.args.get("cursor")), _PAGE + 1, references)
    page, name = found[:_PAGE], cache(lambda number: services.access.organisation(number).name)
    lines = [_line(services, item, name(item.access.reader) if item.access.reader else None) for item in page]
    following = str(page[-1].number) if len(found) > _PAGE else None
    told = {"accesses": lines, "next": following, "reads_at": _reads_at(services)}
    return Response(orjson.dumps(told), mimetype="application/json")


def borrower_lines(services: Services, lender: int, loan: str) -> dict[str, Any]:
    """Return how often a loan was read, and the newest reads, as whoever holds a pass is told of them."""
    references = loan_references(services, lender, loan)
    found = services.access_log.accesses(lender, _LAST, _MOST, references)
    lines = [
        {
            "at": format_time(item.access.at),
            "reader": _reader(services, item.access),
            "kind": item.access.kind,
            "record": _record(services, item.access),
        }
        for item in found
    ]
    count = services.access_log.count(lender, references)
    return {"count": count, "accesses": lines, "reads_at": _reads_at(services)}


def loan_references(services: Services, lender: int, loan: str) -> list[str]:
    """Return by what a loan, and the documents that its records name, stand in the lines."""
    records = services.store.loan_records(lender, loan)
    return services.reads.references(lender, loan, sorted(set().union(*map(named_documents, records))))


def _reads_at(services: Services) -> str:
    """Return at which hosts the reads were that the lines tell of: one that only reads can write in no log of all."""
    return THIS_HOST if services.replica else WRITING_HOSTS


def _line(services: Services, item: NotedAccess, name: str | None) -> dict[str, Any]:
    access = item.access
    loan = services.store.loan_of_reference(access.lender, access.loan) if access.loan else None
    told = {"organisation_name": name, "loan": loan, "record": _record(services, access)}
    return {**access.members(item.number), "hash": item.hash.hex(), **told}


def _record(services: Services, access: Access) -> str | None:
    """Return the id of the record that was read; None where there is none, or it was erased since."""
    if access.entry is None:
        return None
    try:
        return services.store.record_at(access.entry).record_id
    except NotFoundError:
        return None


def _reader(services: Services, access: Access) -> dict[str, str | None]:
    if access.reader is None:
        return {"role": "borrower" if access.way == PASS else "operator", "name": None}
    found = services.access.organisation(access.reader)
    return {"role": found.role, "name": found.name}
