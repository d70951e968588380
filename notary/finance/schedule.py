# SPDX-License-Identifier: Apache-2.0
"""Payment schedules: what is due on which day, to the last unit.

Every row's interest is that of the balance before it, from the row before to its own due date, rounded once as the
terms say. The last row's principal is what is left, so it absorbs all rounding.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from notary.finance.errors import ScheduleError
from notary.finance.interest import InterestTerms, accrued_interest, growth
from notary.finance.rounding import rounded

Method = Literal["equal_instalments", "equal_principal", "interest_only", "bullet"]
"""等额本息, 等额本金, 先息后本, 到期一次还本付息."""


@dataclass(frozen=True)
class Plan:
    """What a schedule follows from: the principal, paid out on `start`, and the dates on which payments are due.

    Sums are in smallest units. `fee` is due with every row, beside interest.

    Raises:
        ScheduleError: no principal, a rate or fee below zero, or due dates that do not rise from `start`.
    """

    principal: int
    start: date
    dues: tuple[date, ...]
    terms: InterestTerms
    fee: int = 0

    def __post_init__(self) -> None:
        if self.principal < 1:
            raise ScheduleError(f"a principal of {self.principal}")
        if self.terms.rate < 0 or self.fee < 0:
            raise ScheduleError(f"a rate of {self.terms.rate} and a fee of {self.fee}")
        if not self.dues:
            raise ScheduleError("no due dates")
        for earlier, later in pairwise((self.start, *self.dues)):
            if earlier >= later:
                raise ScheduleError(f"a payment on {later} is not after {earlier}")


@dataclass(frozen=True)
class Instalment:
    """One row: what is due on a day, in smallest units, and the principal that is left after it."""

    number: int
    due: date
    principal: int
    interest: int
    fee: int
    balance: int

    @property
    def total(self) -> int:
        """What is to be paid."""
        return self.principal + self.interest + self.fee


def payment_schedule(method: Method, plan: Plan) -> tuple[Instalment, ...]:
    """Return the rows of a schedule by the agreement's repayment method.

    Raises:
        DayCountError: the day count needs coupons or a calendar.
    """
    return _SCHEDULES[method](plan)


def equal_instalments(plan: Plan) -> tuple[Instalment, ...]:
    """Return a schedule whose principal and interest sum to the same in every row but the last (等额本息).

    The payment is the principal over the present value of one unit on each due date, with the periods' real lengths. A
    row whose interest alone is more (a long first period) asks for its interest and no principal.
    """
    numerator, denominator = 0, 1
    for first, second in reversed([*pairwise((plan.start, *plan.dues))]):
        factor = growth(plan.terms, first, second)
        numerator = (numerator + denominator) * factor.denominator
        # Not reduced on the way: that would cost far more than the longer numbers do.
        denominator *= factor.numerator
    payment = rounded(Fraction(plan.principal * denominator, numerator), plan.terms.rounding)
    return _rows(plan, lambda number, interest: payment - interest)


def equal_principal(plan: Plan) -> tuple[Instalment, ...]:
    """Return a schedule that pays the same principal in every row but the last (等额本金)."""
    part = rounded(Fraction(plan.principal, len(plan.dues)), plan.terms.rounding)
    return _rows(plan, lambda number, interest: part)


def interest_only(plan: Plan) -> tuple[Instalment, ...]:
    """Return a schedule that pays interest on every due date, and the principal on the last (先息后本)."""
    return _rows(plan, lambda number, interest: 0)


def bullet(plan: Plan) -> tuple[Instalment, ...]:
    """Return the one row of a loan that pays everything on its last due date (到期一次还本付息)."""
    return interest_only(replace(plan, dues=plan.dues[-1:]))


def irregular(plan: Plan, principals: Sequence[int]) -> tuple[Instalment, ...]:
    """Return a schedule that pays given parts of the principal, one for each due date.

    Raises:
        ScheduleError: a part is below zero, or they are not as many as the due dates or do not sum to the principal.
    """
    if len(principals) != len(plan.dues) or min(principals) < 0 or sum(principals) != plan.principal:
        raise ScheduleError(f"{len(principals)} parts that sum to {sum(principals)} do not pay {plan.principal}")
    return _rows(plan, lambda number, interest: principals[number - 1])


_SCHEDULES: dict[Method, Callable[[Plan], tuple[Instalment, ...]]] = {
    "equal_instalments": equal_instalments,
    "equal_principal": equal_principal,
    "interest_only": interest_only,
    "bullet": bullet,
}


def _rows(plan: Plan, principal_of: Callable[[int, int], int]) -> tuple[Instalment, ...]:
    """Build the rows; `principal_of` says what a row of that number and interest would pay, where it is not the last.

    It pays no less than nothing, and no more than what is left.
    """
    balance, previous, rows = plan.principal, plan.start, []
    for number, due in enumerate(plan.dues, 1):
        interest = accrued_interest(balance, plan.terms, previous, due)
        wanted = balance if number == len(plan.dues) else principal_of(number, interest)
        principal = min(max(wanted, 0), balance)
        balance -= principal
        rows.append(Instalment(number, due, principal, interest, plan.fee, balance))
        previous = due
    return tuple(rows)
