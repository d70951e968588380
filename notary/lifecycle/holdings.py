# SPDX-License-Identifier: Apache-2.0
"""Who holds the loan: passing parts of it on without making or losing any."""

from fractions import Fraction

from notary.errors import HolderError, ShareError
from notary.records.facts import Holder, Holding, Transfer

Holdings = tuple[Holding, ...]


def assign(holdings: Holdings, transfer: Transfer) -> Holdings:
    """Return the holdings after an assignment; who has nothing left is left out.

    Raises `HolderError` (check C9) if the giver holds nothing, `ShareError` (C8) if he has not as much, or others
    participate in what he would give.
    """
    number = _holding_of(holdings, transfer.giver, "/assignor")
    giver = holdings[number]
    left = Fraction(giver.share) - transfer.share
    if left < Fraction(giver.participated):
        raise _share_error(giver, transfer, holdings)
    changed = [*holdings[:number], *([giver._replace(share=str(left))] if left else []), *holdings[number + 1 :]]
    for place, holding in enumerate(changed):
        if holding.holder.is_same(transfer.taker):
            changed[place] = holding._replace(share=str(Fraction(holding.share) + transfer.share))
            return tuple(changed)
    return (*changed, Holding(transfer.taker, str(transfer.share)))


def grant(holdings: Holdings, transfer: Transfer) -> Holdings:
    """Return the holdings after a participation: the giver stays the holder.

    Raises as `assign` does.
    """
    number = _holding_of(holdings, transfer.giver, "/grantor")
    giver = holdings[number]
    participated = Fraction(giver.participated) + transfer.share
    if participated > Fraction(giver.share):
        raise _share_error(giver, transfer, holdings)
    return (*holdings[:number], giver._replace(participated=str(participated)), *holdings[number + 1 :])


def _holding_of(holdings: Holdings, giver: Holder, pointer: str) -> int:
    for number, holding in enumerate(holdings):
        if holding.holder.is_same(giver):
            return number
    raise HolderError(pointer, giver.name, tuple(item.holder.name for item in holdings))


def _share_error(giver: Holding, transfer: Transfer, holdings: Holdings) -> ShareError:
    free = Fraction(giver.share) - Fraction(giver.participated)
    # A holder has no less than nothing, so what is passed on in excess of his part comes on top of the whole.
    total = sum((Fraction(item.share) for item in holdings), Fraction(0)) + transfer.share - free
    return ShareError(giver.holder.name, str(transfer.share), str(free), str(total))
