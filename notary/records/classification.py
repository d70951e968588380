# SPDX-License-Identifier: Apache-2.0
"""Sorting the loan by risk."""

from typing import ClassVar, Literal

from notary.records.fields import Date, Maybe, Text, Whole
from notary.records.record import Record

Category = Literal["normal", "special_mention", "substandard", "doubtful", "loss"]
"""正常, 关注, 次级, 可疑, 损失, from the best to the worst (商业银行金融资产风险分类办法, order 2023 no. 1)."""


class Classification(Record):
    """The lender put the loan into a risk category from a day on; `basis` says why."""

    signers: ClassVar[tuple[str, ...]] = ("lender",)

    type: Literal["classification"]
    category: Category
    effective_from: Date
    basis: Text
    days_past_due: Maybe[Whole] = None
