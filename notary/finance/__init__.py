# SPDX-License-Identifier: Apache-2.0
"""The mathematics of loans: day counts, interest, payment schedules, annual percentage rates.

Pure and exact: sums are integers of the currency's smallest unit, fractions are `Fraction` until the one rounding that
the agreement names, rates are `Decimal`. Nothing here reads a clock, a file or a record.

::

    terms = InterestTerms(Decimal("0.0435"), "ACT/360")
    accrued_interest(1_000_000, terms, date(2026, 1, 1), date(2026, 2, 1))  # 3746, of CNY 10,000.00
    dues = due_dates(Coupons(date(2026, 2, 1), months=1), count=12)
    rows = payment_schedule("equal_instalments", Plan(1_000_000, date(2026, 1, 1), dues, terms))
    flows = [CashFlow(date(2026, 1, 1), 1_000_000), *(CashFlow(row.due, -row.total) for row in rows)]
    apr("EU", flows)  # Decimal('0.044819888925')
"""

from notary.finance.apr import CashFlow, apr, effective_annual_rate, nominal_annual_rate, twelve_monthly_rates
from notary.finance.dates import BusinessDay, Calendar, Coupons, adjusted, due_dates, months_between, months_later
from notary.finance.day_count import DayCount, counted_days, year_fraction
from notary.finance.errors import DayCountError, FinanceError, NoRateError, PeriodError, ScheduleError
from notary.finance.interest import Compounding, InterestTerms, Unit, accrued_interest, exact_interest, growth
from notary.finance.rounding import Rounding, rounded
from notary.finance.schedule import (
    Instalment,
    Plan,
    bullet,
    equal_instalments,
    equal_principal,
    interest_only,
    irregular,
    payment_schedule,
)

__all__ = [
    "BusinessDay",
    "Calendar",
    "CashFlow",
    "Compounding",
    "Coupons",
    "DayCount",
    "DayCountError",
    "FinanceError",
    "Instalment",
    "InterestTerms",
    "NoRateError",
    "PeriodError",
    "Plan",
    "Rounding",
    "ScheduleError",
    "Unit",
    "accrued_interest",
    "adjusted",
    "apr",
    "bullet",
    "counted_days",
    "due_dates",
    "effective_annual_rate",
    "equal_instalments",
    "equal_principal",
    "exact_interest",
    "growth",
    "interest_only",
    "irregular",
    "months_between",
    "months_later",
    "nominal_annual_rate",
    "payment_schedule",
    "rounded",
    "twelve_monthly_rates",
    "year_fraction",
]
