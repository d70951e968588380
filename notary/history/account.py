# SPDX-License-Identifier: Apache-2.0
"""The account of a loan: what was paid out, and what became of it."""

from typing import NamedTuple

from notary.history.book import Book
from notary.records import Disbursement, Recovery, Repayment, Restructuring, Reversal, Settlement, WriteOff
from notary.records.split import Split


class Account(NamedTuple):
    """The sums of a loan in smallest units.

    disbursed + capitalised = repaid + waived + written_off + outstanding, always. Below zero outstanding, more was paid
    back than was owed. `interest`, `penalty` and `fee` were paid beside the principal; `paid` is all money that came
    from the borrower, `recovered` what came after a write-off.
    """

    disbursed: int
    capitalised: int
    repaid: int
    waived: int
    written_off: int
    outstanding: int
    paid: int
    interest: int
    penalty: int
    fee: int
    recovered: int


def account_of(book: Book) -> Account:
    """Add up the records of a loan."""
    came = _sums([record.split for _, record in book.all(Repayment)])
    back = _sums([record.split for _, record in book.all(Reversal)])
    repaid, interest, penalty, fee = (more - less for more, less in zip(came, back, strict=True))
    # A split sums to the amount of its payment (check C7).
    paid = repaid + interest + penalty + fee
    restructurings = [record for _, record in book.all(Restructuring)]
    waived = sum(record.waived.minor for record in restructurings)
    for event, settlement in book.all(Settlement):
        amount, given_up = settlement.cleared()
        paid += settlement.amount.minor
        owed = max(0, book.balances[event.sequence])
        cleared = min(amount, owed)
        repaid, waived = repaid + cleared, waived + min(given_up, owed - cleared)
        if settlement.split is None:
            interest += settlement.amount.minor - cleared
        else:
            _, more_interest, more_penalty, more_fee = settlement.split.sums
            interest, penalty, fee = interest + more_interest, penalty + more_penalty, fee + more_fee
    return Account(
        disbursed=sum(record.amount.minor for _, record in book.all(Disbursement)),
        capitalised=sum(record.capitalised.minor for record in restructurings),
        repaid=repaid,
        waived=waived,
        written_off=sum(record.amount.minor for _, record in book.all(WriteOff)),
        outstanding=book.state.balance,
        paid=paid,
        interest=interest,
        penalty=penalty,
        fee=fee,
        recovered=sum(record.amount.minor for _, record in book.all(Recovery)),
    )


def _sums(splits: list[Split]) -> list[int]:
    """Return the principal, interest, penalty and fee of some splits together."""
    return [sum(column) for column in zip((0, 0, 0, 0), *[split.sums for split in splits], strict=True)]
