# SPDX-License-Identifier: Apache-2.0
"""Passing the loan on, or a part of it."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from notary.errors import Fault
from notary.records.facts import Facts, Transfer
from notary.records.fields import Date, Digest, Maybe
from notary.records.party import Share, Somebody
from notary.records.record import Record


class Assignment(Record):
    """A holder passed the loan, or a part of it, on to another (FpML, MERS).

    `share` is the part of the whole loan that moves; `price_commitment` commits to the price, and `notice_given` is
    the day on which the borrower was told (Civil Code of China, article 546: without it he need not care).
    """

    signers: ClassVar[tuple[str, ...]] = ("lender", "assignee")

    type: Literal["assignment"]
    assignor: Somebody
    assignee: Somebody
    share: Share
    effective_from: Date
    price_commitment: Maybe[Digest] = None
    notice_given: Maybe[Date] = None

    def keys_of(self, role: str) -> frozenset[str]:
        """Return the key of the assignor, who signs as lender, or of the assignee, if it is named."""
        party = {"lender": self.assignor, "assignee": self.assignee}.get(role)
        return frozenset([party.key]) if party and party.key else frozenset()

    def facts(self) -> Facts:
        """Say what moves."""
        return Facts(transfer=Transfer(self.assignor.holder, self.assignee.holder, self.share.fraction))

    def contradictions(self) -> Iterator[Fault]:
        """Each party is named once, they are two, and the share is a part."""
        yield from super().contradictions()
        yield from two_parties({"/assignor": self.assignor, "/assignee": self.assignee})
        yield from self.share.contradictions("/share")


class Participation(Record):
    """A holder let another have a part of what the loan brings, and stays the borrower's lender (FpML)."""

    signers: ClassVar[tuple[str, ...]] = ("lender", "participant")

    type: Literal["participation"]
    grantor: Somebody
    participant: Somebody
    share: Share
    effective_from: Date
    price_commitment: Maybe[Digest] = None

    def keys_of(self, role: str) -> frozenset[str]:
        """Return the key of the grantor, who signs as lender, or of the participant, if it is named."""
        party = {"lender": self.grantor, "participant": self.participant}.get(role)
        return frozenset([party.key]) if party and party.key else frozenset()

    def facts(self) -> Facts:
        """Say what is granted."""
        return Facts(transfer=Transfer(self.grantor.holder, self.participant.holder, self.share.fraction))

    def contradictions(self) -> Iterator[Fault]:
        """Each party is named once, they are two, and the share is a part."""
        yield from super().contradictions()
        yield from two_parties({"/grantor": self.grantor, "/participant": self.participant})
        yield from self.share.contradictions("/share")


def two_parties(parties: dict[str, Somebody]) -> Iterator[Fault]:
    """Yield what is wrong in two parties, given by their pointers, that must not be the same."""
    for pointer, party in parties.items():
        yield from party.contradictions(pointer)
    (_, giver), (pointer, taker) = parties.items()
    if taker.holder.is_same(giver.holder):
        yield Fault(pointer, "is the party that gives")
