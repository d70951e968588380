# SPDX-License-Identifier: Apache-2.0
"""Loans told record by record, for tests of the life cycle, the findings and the view.

The loan is of CNY 10,000.00 at 12 % (30/360), paid out on 15 January 2026 and paid back in 12 equal instalments.
"""

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from notary.finance import Coupons, InterestTerms, Plan, due_dates, payment_schedule
from notary.finance.schedule import Instalment
from notary.history import DEFAULT_POLICY, Book, Event, Finding, LoanView, Policy, loan_view
from notary.records import Record, parse_record
from notary.records.money import format_amount

VECTORS = Path(__file__).parents[1] / "vectors" / "records"
SAMPLES: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text("utf-8"))["valid"][0]["record"] for path in VECTORS.glob("*.json")
}
PRINCIPAL = 1_000_000
BANK = {"name": "示范银行股份有限公司", "lei": "529900T8BM49AURSDO55"}
FUND = {"name": "Example Credit Fund", "lei": "5493001KJTIIGC8Y1R12"}


def money(minor: int, currency: str = "CNY") -> dict[str, str]:
    """Return a sum as records hold it."""
    return {"currency": currency, "amount": format_amount(minor, currency)}


def plan_rows(principal: int = PRINCIPAL, start: date = date(2026, 1, 15), months: int = 12) -> tuple[Instalment, ...]:
    """Return the instalments that follow from the agreement."""
    coupons = Coupons(start, months=1)
    dues = due_dates(coupons, months + 1)[1:]
    return payment_schedule("equal_instalments", Plan(principal, start, dues, InterestTerms(Decimal("0.12"), "30/360")))


def schedule_rows(rows: tuple[Instalment, ...]) -> list[dict[str, Any]]:
    """Return instalments as the rows of a schedule record."""
    return [
        {
            "no": row.number,
            "due": row.due.isoformat(),
            "principal": format_amount(row.principal, "CNY"),
            "interest": format_amount(row.interest, "CNY"),
            "balance": format_amount(row.balance, "CNY"),
        }
        for row in rows
    ]


def at(text: str) -> int:
    """Return a moment, or the beginning of a day, in milliseconds since 1970."""
    return int(datetime.fromisoformat(text if "T" in text else f"{text}T00:00:00Z").timestamp() * 1000)


class Story:
    """The records of one loan, received a second after they occurred unless something else is said."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def tell(self, kind: str, day: str, received: str | None = None, **changes: Any) -> Record:
        """Add the vector's first record of a type, with members changed; None takes one away."""
        sequence = len(self.events)
        members = SAMPLES[kind] | {"id": f"01998d2e-5c00-7a31-8f42-{sequence:012x}", "loan": "L-1"}
        members |= {"occurred_at": f"{day}T04:00:00Z"} | changes
        record = parse_record({name: value for name, value in members.items() if value is not None})
        moment = at(received) if received else at(f"{day}T04:00:01Z")
        self.events.append(Event(sequence, moment, record))
        return record

    def agree(self, day: str = "2026-01-14", **changes: Any) -> "Story":
        """Add the agreement."""
        self.tell("agreement", day, **changes)
        return self

    def pay_out(self, minor: int = PRINCIPAL, day: str = "2026-01-15", **changes: Any) -> "Story":
        """Add a payment out."""
        self.tell("disbursement", day, amount=money(minor), value_date=day, **changes)
        return self

    def plan(self, day: str = "2026-01-15", rows: list[dict[str, Any]] | None = None, **changes: Any) -> "Story":
        """Add a schedule: that of the agreement, if no rows are given."""
        self.tell("schedule", day, rows=schedule_rows(plan_rows()) if rows is None else rows, **changes)
        return self

    def repay(self, row: Instalment, day: str | None = None, **changes: Any) -> Record:
        """Add the payment of one instalment, on its day."""
        on = day or row.due.isoformat()
        members = {
            "amount": money(row.principal + row.interest),
            "split": {"principal": money(row.principal), "interest": money(row.interest)},
            "value_date": on,
            "reference": f"R-{len(self.events)}",
            "instalments": [row.number],
        }
        return self.tell("repayment", on, **(members | changes))

    def book(self, as_of: str = "2026-01-20") -> Book:
        """Read the story up to a moment."""
        return Book.of(self.events, at(as_of))

    def view(self, as_of: str = "2026-01-20", policy: Policy = DEFAULT_POLICY) -> LoanView:
        """Return where the loan stands at a moment."""
        return loan_view(self.book(as_of), policy)

    def found(self, code: str, as_of: str = "2026-01-20", policy: Policy = DEFAULT_POLICY) -> list[Finding]:
        """Return the findings of one code at a moment."""
        return [item for item in self.view(as_of, policy).findings if item.code == code]


def begun() -> Story:
    """Return a loan that was agreed, paid out and planned."""
    return Story().agree().pay_out().plan()


def paid_up(instalments: int) -> Story:
    """Return that loan after so many instalments, each paid on its day."""
    story = begun()
    for row in plan_rows()[:instalments]:
        story.repay(row)
    return story
