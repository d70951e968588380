# SPDX-License-Identifier: Apache-2.0
"""The one kind of schedule that sample loans have: equal monthly instalments (等额本息)."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from notary import finance
from notary.finance import CashFlow, Coupons, Instalment, InterestTerms, Plan, due_dates, months_later


@dataclass(frozen=True)
class Terms:
    """What a schedule follows from: principal and fee in smallest units, the yearly rate as a fraction."""

    principal: int
    annual_rate: Decimal
    months: int
    disbursed: date
    fee: int = 0


def equal_instalments(terms: Terms) -> tuple[Instalment, ...]:
    """Return the schedule with one equal payment a month, each month being a twelfth of a year."""
    coupons = Coupons(terms.disbursed, months=1)
    interest = InterestTerms(terms.annual_rate, "ACT/ACT.ICMA", coupons=coupons)
    dues = due_dates(coupons, terms.months, first=1)
    return finance.equal_instalments(Plan(terms.principal, terms.disbursed, dues, interest))


def effective_rate(terms: Terms, payment: int) -> Decimal:
    """Return the APR with the fee taken off at the start: twelve times the monthly internal rate of return, to 0.0001.

    The annuity is taken at its equal payment.
    """
    paid = [CashFlow(months_later(terms.disbursed, month), -payment) for month in range(1, terms.months + 1)]
    rate = finance.twelve_monthly_rates([CashFlow(terms.disbursed, terms.principal - terms.fee), *paid])
    return rate.quantize(Decimal("0.0001"), ROUND_HALF_UP)
