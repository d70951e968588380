# SPDX-License-Identifier: Apache-2.0
"""What the agreement and its companions say on a day: the limit, the rate, how interest runs."""

from datetime import date
from decimal import Decimal
from functools import lru_cache

from notary.finance import Coupons, InterestTerms
from notary.history.book import Book
from notary.records import Agreement, Facility, LimitChange, RateSet
from notary.records.money import FixedRate, Rate

_MONTHS = {"M": 1, "Y": 12}
_COUNTED_BY_COUPONS = ("ACT/ACT.ICMA", "ACT/365L")


def limit_on(book: Book, on: date, before: int | None = None) -> int | None:
    """Return the limit in force on a day, by the events below a sequence: a facility's, else the principal agreed.

    None where nothing was agreed; 0 on a day on which a facility is not available.
    """
    facility = book.last(Facility, before)
    if facility is None:
        return book.terms.principal.minor if book.terms else None
    event, opened = facility
    limit, until = opened.limit.minor, opened.available_to
    for changed, change in book.all(LimitChange):
        in_time = before is None or changed.sequence < before
        if in_time and changed.sequence > event.sequence and change.effective_from <= on.isoformat():
            limit, until = change.new_limit.minor, change.available_to or until
    return limit if opened.available_from <= on.isoformat() <= until else 0


def rate_of(book: Book, start: date, end: date) -> Rate | None:
    """Return the rate of an interest period: the agreement's, or the one that was set for it; None if none was."""
    if book.terms is None:
        return None
    if isinstance(book.terms.rate, FixedRate):
        return book.terms.rate.rate
    first, last = start.isoformat(), end.isoformat()
    covering = [item for _, item in book.all(RateSet) if item.period_start <= first and last <= item.period_end]
    return covering[-1].all_in if covering else None


def interest_terms(terms: Agreement, rate: Rate) -> InterestTerms:
    """Return how interest runs at a rate by the terms of an agreement."""
    months = period_months(terms.frequency) if terms.day_count in _COUNTED_BY_COUPONS else None
    coupons = Coupons(date.fromisoformat(terms.first_due), months) if months else None
    maturity = date.fromisoformat(terms.maturity)
    return _shared(
        Decimal(rate.value),
        terms.day_count,
        rate.unit,
        terms.compounding,
        terms.rounding or "half_up",
        coupons,
        maturity,
    )


# Equal terms are one object, because what is computed from terms is cached by them.
_shared = lru_cache(maxsize=1024)(InterestTerms)


def period_months(period: str | None) -> int | None:
    """Return the months of a period like P3M or P1Y; None for days, weeks and no period."""
    if period is None or period[-1] not in _MONTHS:
        return None
    return int(period[1:-1]) * _MONTHS[period[-1]]
