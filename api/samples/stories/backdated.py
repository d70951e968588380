# SPDX-License-Identifier: Apache-2.0
"""An agreement that says it was signed a month before the notary saw it (倒签)."""

from datetime import timedelta

from api.samples.loans import AS_OF
from api.samples.stories.story import Story
from api.samples.stories.telling import Telling

_DAYS = 30


def _tell(telling: Telling) -> None:
    terms = telling.loan.terms
    telling.agree(told=terms.disbursed - timedelta(days=1))
    telling.pay_out(terms.principal, terms.disbursed)
    for row in telling.loan.schedule:
        if row.due < AS_OF:
            telling.pay(row)


STORY = Story("its agreement came to the notary a month after its own date", 150, _tell, signed_before=_DAYS)
