# SPDX-License-Identifier: Apache-2.0
"""One loan as a page shows it: where it stands, what it costs, its plan, a chart, and its records with their proofs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import orjson

from api.clock import now
from api.pages.charts import StepChart, step_chart
from api.views.loan_json import LoanWriter
from api.wiring import Services
from notary.history import Book, Case, read_events, yearly_cost
from notary.ports.parties import Lender
from notary.ports.records import StoredRecord
from notary.records import Record

LATE = 3_600_000
"""Milliseconds after which a record that no block holds yet is late enough to be mentioned."""
_DAY_MEMBERS = ("value_date", "accounting_date")


@dataclass(frozen=True)
class Document:
    """A document that a record names, and whether the notary holds it."""

    name: str
    media_type: str
    size: int
    sha256: str
    held: bool


@dataclass(frozen=True)
class LoanPage:
    """What the pages on a loan are made of.

    Attributes:
        view: the loan as the API shows it.
        lines: its records as the API lists them, each with the members `amount`, `day` and `about` where it has them.
        cost: the yearly rate of all that is paid, None where it cannot be computed; `stated` is the agreement's own.
        chart: the balance against the plan.
        is_late: whether a record waits for its anchor longer than usual.
    """

    view: dict[str, Any]
    lines: tuple[dict[str, Any], ...]
    documents: tuple[Document, ...]
    cost: Decimal | None
    stated: Decimal | None
    chart: StepChart | None
    currency: str
    is_late: bool


def loan_page(services: Services, lender: Lender, number: str) -> LoanPage:
    """Return a loan as of now."""
    moment = now()
    write = LoanWriter(services.store, services.keyring, services.policies)
    view = write.whole(lender, number, moment)
    records = list(services.store.loan_records(lender.number, number))
    book = Book.of(read_events(records), moment)
    _, policy = services.policies.at(lender, moment)
    case = Case(book, policy.thresholds)
    cost = yearly_cost(case)
    stated = book.terms.apr if book.terms is not None and book.terms.apr.unit == "per_annum" else None
    return LoanPage(
        view=view,
        lines=tuple(_line(line, record) for line, record in zip(view["records"], records, strict=False)),
        documents=_documents(services, lender, records),
        cost=cost.rate if cost else None,
        stated=Decimal(stated.value) if stated else None,
        chart=_chart(case),
        currency=book.currency,
        is_late=any(
            line["state"] == "recorded" and record.received_at < moment - LATE
            for line, record in zip(view["records"], records, strict=False)
        ),
    )


def _line(line: dict[str, Any], record: StoredRecord) -> dict[str, Any]:
    payload = orjson.loads(record.payload)
    amount = payload.get("amount") or payload.get("principal") or payload.get("outstanding")
    return {
        **line,
        "amount": amount if isinstance(amount, dict) and "currency" in amount else None,
        "day": next((payload[name] for name in _DAY_MEMBERS if name in payload), payload["occurred_at"][:10]),
        "about": payload.get("about"),
    }


def _documents(services: Services, lender: Lender, records: Sequence[StoredRecord]) -> tuple[Document, ...]:
    named = {item["sha256"]: item for record in records for item in orjson.loads(record.payload).get("documents", ())}
    held = services.store.documents(lender.number, list(named))
    return tuple(
        Document(item["name"], item["media_type"], item["size"], digest, digest in held)
        for digest, item in named.items()
    )


def _chart(case: Case) -> StepChart | None:
    book, plan = case.book, case.plan
    # The balance after an event is that before the next one.
    after = [*book.balances[1:], book.state.balance]
    real = [(_day_of(event.record), balance) for event, balance in zip(book.events, after, strict=True)]
    real = [item for place, item in enumerate(real) if item[1] != (real[place - 1][1] if place else 0)]
    real.sort(key=lambda item: item[0])
    planned: list[tuple[date, int]] = []
    if plan is not None and plan.rows:
        start = plan.start or plan.rows[0].due
        planned = [
            (start, plan.rows[0].balance + plan.rows[0].principal),
            *((row.due, row.balance) for row in plan.rows),
        ]
    return step_chart(planned, real, book.day)


def _day_of(record: Record) -> date:
    told = next((value for name in _DAY_MEMBERS if (value := getattr(record, name, None))), record.occurred_at[:10])
    return date.fromisoformat(told)
