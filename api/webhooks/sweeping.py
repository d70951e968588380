# SPDX-License-Identifier: Apache-2.0
"""Findings that come with time alone: once a day, every loan of a lender is looked at as of the day's first moment.

What is told follows from the records alone: an instalment is silent at the beginning of a day, by the records received
before it, and was not at the beginning of the day before. So a sweep that comes late, or twice, tells the same.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from notary.history import SILENT_STAGES, Book, Case, Event, Silence, finding_json, read_events, silence
from notary.lifecycle import LoanState
from notary.policies import Policies
from notary.ports.lists import ListedLoan
from notary.ports.parties import Lender
from notary.ports.records import RecordStore
from notary.webhooks import Webhook

DAY = 86_400_000
SETTLED = 600_000
"""Milliseconds after midnight, by when every record that was received before it is in the log or refused."""
LOANS = 100
"""Loans that one step looks at."""


def next_day(webhook: Webhook, now: int) -> int | None:
    """Return the day (since 1970) to sweep for a webhook now; None if there is none."""
    newest = (now - SETTLED) // DAY
    done = max(webhook.swept_day, (webhook.created_at - SETTLED) // DAY)
    return done + 1 if done < newest else None


def further(webhook: Webhook, day: int, loans: Sequence[ListedLoan]) -> Webhook:
    """Return a webhook's progress once these loans were looked at for a day."""
    if len(loans) < LOANS:
        return replace(webhook, swept_day=day, swept_loan=0)
    return replace(webhook, swept_day=day - 1, swept_loan=loans[-1].number + 1)


class Sweep:
    """Looks at single loans as of the beginning of a day."""

    def __init__(self, records: RecordStore, policies: Policies) -> None:
        self._records = records
        self._policies = policies

    def raised(self, lender: Lender, loan: ListedLoan, day: int) -> list[dict[str, Any]]:
        """Return what became odd about a loan with this day, as JSON."""
        # One that ended meanwhile is silent no more, and needs no telling.
        if LoanState.decode(loan.loan.state).stage not in SILENT_STAGES:
            return []
        events = read_events(self._records.loan_records(lender.number, loan.loan.number))
        found = self._silence(lender, events, day)
        before = self._silence(lender, events, day - 1)
        if found is None or (before is not None and before.instalment == found.instalment):
            return []
        return [finding_json(found.finding)]

    def _silence(self, lender: Lender, events: Sequence[Event], day: int) -> Silence | None:
        begin = day * DAY
        _, policy = self._policies.at(lender, begin)
        book = Book.of(events, begin - 1)
        return silence(Case(replace(book, as_of=begin), policy.thresholds)) if book.events else None
