# SPDX-License-Identifier: Apache-2.0
"""The arithmetic of an instalment loan (等额本息), exact in the currency's smallest unit.

Sums are integers of smallest units; only products with a rate pass through `Decimal`, and are rounded half up at once.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal


@dataclass(frozen=True)
class Terms:
    """What a schedule follows from: principal and fee in smallest units, the yearly rate as a fraction."""

    principal: int
    annual_rate: Decimal
    months: int
    disbursed: date
    fee: int = 0


@dataclass(frozen=True)
class Instalment:
    """One row: what is due on a day, and the principal that is left after it."""

    number: int
    due: date
    principal: int
    interest: int
    balance: int

    @property
    def total(self) -> int:
        """What is to be paid."""
        return self.principal + self.interest


def rounded(value: Decimal) -> int:
    """Round half up to a whole number of smallest units."""
    return int(value.to_integral_value(ROUND_HALF_UP))


def months_later(day: date, months: int) -> date:
    """Return the same day of a later month, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def equal_instalments(terms: Terms) -> tuple[Instalment, ...]:
    """Return the schedule with one equal payment a month, 30/360.

    The payment is P*i / (1 - (1 + i)^-n) at the monthly rate i; the last row absorbs what rounding left.
    """
    monthly = terms.annual_rate / 12
    payment = rounded(terms.principal * monthly / (1 - (1 + monthly) ** -terms.months))
    balance, rows = terms.principal, []
    for number in range(1, terms.months + 1):
        interest = rounded(balance * monthly)
        principal = balance if number == terms.months else payment - interest
        balance -= principal
        rows.append(Instalment(number, months_later(terms.disbursed, number), principal, interest, balance))
    return tuple(rows)


def effective_rate(terms: Terms, payment: int) -> Decimal:
    """Return the APR with the fee taken off at the start: twelve times the monthly internal rate of return, to 0.0001.

    By bisection between the agreement's rate and 100 % more, the annuity being taken at its equal payment.
    """
    received = terms.principal - terms.fee
    low, high = terms.annual_rate / 12, terms.annual_rate / 12 + Decimal(1) / 12
    while high - low > Decimal("1e-7"):
        middle = (low + high) / 2
        if payment * (1 - (1 + middle) ** -terms.months) / middle > received:
            low = middle
        else:
            high = middle
    return (low * 12).quantize(Decimal("0.0001"), ROUND_HALF_UP)
