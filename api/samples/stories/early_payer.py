# SPDX-License-Identifier: Apache-2.0
"""A borrower who pays each instalment early, and then everything at once."""

from datetime import timedelta

from api.samples.stories.story import Story
from api.samples.stories.telling import Telling

_PAID = 5


def _tell(telling: Telling) -> None:
    telling.begin()
    rows = telling.loan.schedule
    for row in rows[:_PAID]:
        telling.pay(row, row.due - timedelta(days=3))
    last = rows[_PAID]
    split = {"principal": telling.money(last.principal + last.balance), "interest": telling.money(last.interest)}
    payoff = telling.payment(last.total + last.balance, last.due)
    telling.tell(last.due, "settlement", **payoff, split=split, outstanding=telling.money(0))


STORY = Story("pays early and settles long before maturity: nothing is odd", 240, _tell)
