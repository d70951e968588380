# SPDX-License-Identifier: Apache-2.0
"""What the loan mathematics refuses.

::

    NotaryError
    └── FinanceError              terms that cannot be computed with
        ├── PeriodError           a period that ends before it starts
        ├── DayCountError         a convention that was not given what it counts by
        ├── ScheduleError         no payment schedule follows from the terms
        └── NoRateError           cash flows without a rate of return
"""

from datetime import date

from notary.errors import NotaryError


class FinanceError(NotaryError):
    """Root of the errors of `notary.finance`; never raised itself."""


class PeriodError(FinanceError):
    """Raised when a period ends before it starts."""

    def __init__(self, start: date, end: date) -> None:
        self.start, self.end = start, end
        super().__init__(f"the period from {start} to {end} ends before it starts")


class DayCountError(FinanceError):
    """Raised when a convention lacks what it counts by: a calendar or coupon dates."""

    def __init__(self, convention: str, wanted: str) -> None:
        self.convention, self.wanted = convention, wanted
        super().__init__(f"{convention} cannot be counted without {wanted}")


class ScheduleError(FinanceError):
    """Raised when no payment schedule follows from the terms; `reason` says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"no schedule: {reason}")


class NoRateError(FinanceError):
    """Raised when cash flows have no rate of return; `reason` says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"no rate of return: {reason}")
