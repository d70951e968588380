# SPDX-License-Identifier: Apache-2.0
"""A loan that the bank sells; the borrower is told, and pays the new holder."""

from datetime import timedelta

from api.samples.loans import AS_OF
from api.samples.stories.story import Story
from api.samples.stories.telling import Telling

ASSIGNEE = "示范资产管理有限公司"
_TO_THE_BANK = 4


def _tell(telling: Telling) -> None:
    telling.begin()
    rows = telling.loan.schedule
    for row in rows[:_TO_THE_BANK]:
        telling.pay(row)
    sold = rows[_TO_THE_BANK - 1].due + timedelta(days=9)
    telling.tell(
        sold, "assignment", "lender", "assignee",
        assignor={"name": telling.loan.profile.lender, "key": telling.keys["lender"]},
        assignee={"name": ASSIGNEE, "key": telling.keys["assignee"]},
        share={"numerator": 1, "denominator": 1}, effective_from=sold.isoformat(), notice_given=sold.isoformat(),
    )  # fmt: skip
    for row in rows[_TO_THE_BANK:]:
        if row.due < AS_OF:
            telling.pay(row)


STORY = Story("is assigned to another holder, whom the borrower pays from then on", 270, _tell)
