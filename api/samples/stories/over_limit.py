# SPDX-License-Identifier: Apache-2.0
"""A revolving facility: three drawdowns, one of them over the limit."""

from datetime import timedelta

from api.samples.stories.story import Story
from api.samples.stories.telling import Telling


def _tell(telling: Telling) -> None:
    loan = telling.loan
    limit, day = loan.terms.principal, loan.terms.disbursed
    opened = loan.agreed.date()
    telling.agree()
    telling.tell(
        opened, "facility", limit=telling.money(limit), available_from=opened.isoformat(),
        available_to=loan.schedule[-1].due.isoformat(), revolving=True,
    )  # fmt: skip
    telling.pay_out(limit * 6 // 10, day)
    telling.pay_principal(limit * 2 // 10 + 123, day + timedelta(days=20))
    telling.pay_out(limit * 5 // 10, day + timedelta(days=33))
    # Nine tenths are used; with a quarter more it is too much.
    telling.pay_out(limit // 4, day + timedelta(days=47))
    telling.pay_principal(limit // 10 + 321, day + timedelta(days=75))


STORY = Story("draws on a facility three times, the third time over its limit", 110, _tell)
