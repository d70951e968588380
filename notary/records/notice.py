# SPDX-License-Identifier: Apache-2.0
"""Telling the borrower what is late, or soon due."""

from typing import ClassVar, Literal

from notary.records.facts import Facts
from notary.records.fields import Code, Count, Digest, Whole
from notary.records.money import Amount
from notary.records.record import Record


class Notice(Record):
    """What both notices share: a sum, how it was sent (`channel`: sms, letter ...), and the template's SHA-256."""

    signers: ClassVar[tuple[str, ...]] = ("lender",)

    amount: Amount
    channel: Code
    template_hash: Digest


class Reminder(Notice):
    """The lender reminded the borrower of a sum; before the due day, `days_past_due` is 0."""

    type: Literal["reminder"]
    days_past_due: Whole


class OverdueNotice(Notice):
    """The lender says that `amount` is late; the loan is overdue until as much has been paid."""

    type: Literal["overdue_notice"]
    days_past_due: Count

    def facts(self) -> Facts:
        """Say how much is late."""
        return Facts(self.amount.currency, arrears=self.amount.minor)
