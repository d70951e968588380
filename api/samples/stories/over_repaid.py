# SPDX-License-Identifier: Apache-2.0
"""A borrower from whom more was collected than was ever paid out, and to whom it was not given back."""

from datetime import timedelta

from api.samples.stories.story import Story
from api.samples.stories.telling import Telling

_TOO_MUCH = 88_888


def _tell(telling: Telling) -> None:
    telling.begin()
    for row in telling.loan.schedule:
        telling.pay(row)
    telling.pay_principal(_TOO_MUCH, telling.loan.schedule[-1].due + timedelta(days=5))


STORY = Story("more is collected than was owed, and it is not given back", 400, _tell)
