# SPDX-License-Identifier: Apache-2.0
"""A borrower who stops paying, gets new terms, and stops again: from the first reminder to a late recovery."""

from datetime import date, timedelta
from typing import Any

from api.samples.schedule import Terms, equal_instalments
from api.samples.stories.story import Story
from api.samples.stories.telling import Telling
from notary.finance import Instalment

_PAID = 3
_WORSE = ((95, "substandard"), (275, "doubtful"), (365, "loss"))
"""Days past due at which the loan is put into a worse category; the order asks for it above 90, 270 and 360."""


def _tell(telling: Telling) -> None:
    telling.begin()
    rows = telling.loan.schedule
    for row in rows[:_PAID]:
        telling.pay(row)
    missed = rows[_PAID]
    _notify(telling, "reminder", missed, 4)
    _notify(telling, "overdue_notice", missed, 12)
    _classify(telling, "special_mention", missed, 35)
    new = _restructure(telling, missed.due + timedelta(days=50))
    telling.pay(new[0])
    _notify(telling, "overdue_notice", new[1], 12)
    for days, category in _WORSE:
        _classify(telling, category, new[1], days)
    _write_off(telling, new[0].balance, new[1].due + timedelta(days=380))


def _restructure(telling: Telling, day: date) -> tuple[Instalment, ...]:
    """Agree on new terms: two instalments' interest becomes principal, and the time begins anew."""
    terms, rows = telling.loan.terms, telling.loan.schedule
    capitalised = rows[_PAID].interest + rows[_PAID + 1].interest
    start = day.replace(day=min(day.day, 28))
    new = equal_instalments(Terms(rows[_PAID - 1].balance + capitalised, terms.annual_rate, terms.months, start))
    schedule = telling.plan(new, start)
    telling.tell(
        start, "restructuring", "lender", "borrower",
        new_schedule=schedule, capitalised=telling.money(capitalised), waived=telling.money(0),
        effective_from=start.isoformat(), reason="借款人暂时失业",
    )  # fmt: skip
    return new


def _write_off(telling: Telling, balance: int, day: date) -> None:
    telling.tell(
        day, "write_off", amount=telling.money(balance), accounting_date=day.isoformat(), basis="逾期超过360天"
    )
    later = day + timedelta(days=60)
    payment = telling.payment(balance // 5, later)
    del payment["value_date"]
    telling.tell(later, "recovery", accounting_date=later.isoformat(), **payment)


def _notify(telling: Telling, kind: str, row: Instalment, days: int) -> None:
    members: dict[str, Any] = {"amount": telling.money(row.total), "channel": "sms", "template_hash": "5a" * 32}
    telling.tell(row.due + timedelta(days=days), kind, days_past_due=days, **members)


def _classify(telling: Telling, category: str, row: Instalment, days: int) -> None:
    day = row.due + timedelta(days=days)
    members = {"effective_from": day.isoformat(), "basis": f"逾期{days}天", "days_past_due": days}
    telling.tell(day, "classification", category=category, **members)


STORY = Story("stops paying, is restructured, stops again, is written off; a part is recovered", 760, _tell)
