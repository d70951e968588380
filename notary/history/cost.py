# SPDX-License-Identifier: Apache-2.0
"""What a loan costs in a year by its first plan: the rate at which all that is paid back is worth what was paid out."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from notary.finance import CashFlow, NoRateError, apr
from notary.finance.apr import Method
from notary.history.case import Case
from notary.history.plan import PaymentPlan, plan_at
from notary.records import Agreement, Disbursement, Schedule

Flow = tuple[date, int]


class YearlyCost(NamedTuple):
    """A yearly rate (0.24 is 24 %), how it was computed, and the plan that it is of."""

    rate: Decimal
    method: Method
    plan: PaymentPlan


def yearly_cost(case: Case) -> YearlyCost | None:
    """Return the cost of a loan, fees that were kept back at its first payment out included.

    It is that of the first plan, not of what came of it. None where the records do not tell, or no rate fits them.
    """
    book = case.book
    found, draws, schedules = book.last(Agreement), book.all(Disbursement), book.all(Schedule)
    plan = plan_at(book, schedules[1][0].sequence) if len(schedules) > 1 else case.plan
    if found is None or not draws or plan is None or plan.start is None:
        return None
    _, agreement = found
    charged = sum(fee.amount.minor for fee in agreement.fees if fee.amount)
    flows = [(date.fromisoformat(draw.value_date), draw.amount.minor) for _, draw in draws]
    flows[0] = (flows[0][0], flows[0][1] - charged)
    method: Method = case.policy.apr_methods.get(agreement.governing_law[:2], "CN_IRR")
    rate = _rate(method, tuple(flows), tuple((row.due, -row.total) for row in plan.rows))
    return None if rate is None else YearlyCost(rate, method, plan)


@lru_cache(maxsize=1024)
def _rate(method: Method, paid_out: Sequence[Flow], paid_back: Sequence[Flow]) -> Decimal | None:
    try:
        return apr(method, [CashFlow(day, amount) for day, amount in (*paid_out, *paid_back)])
    except NoRateError:
        return None
