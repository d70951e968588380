# SPDX-License-Identifier: Apache-2.0
"""What of a record the life cycle looks at: a few small facts that travel with it to the sequencer.

The sequencer never reads a payload. Whoever checked the record says in `Facts` what it does to its loan, so that the
single writer has next to nothing to compute.
"""

from fractions import Fraction
from typing import NamedTuple, Self

import orjson

_HOLDINGS, _TRANSFER = 6, 7
"""Where these stand among the facts."""


class Holder(NamedTuple):
    """Who holds a loan or a part of it: a firm's name or a person's pseudonym, and register numbers ("" if unknown)."""

    name: str
    lei: str = ""
    uscc: str = ""

    def is_same(self, other: "Holder") -> bool:
        """Tell whether both are the same party: by a register number that both have, else by name."""
        if self.lei and other.lei:
            return self.lei == other.lei
        if self.uscc and other.uscc:
            return self.uscc == other.uscc
        return self.name == other.name


class Holding(NamedTuple):
    """A holder's part of the loan, and how much of that part others participate in: fractions as text, like "1/3".

    Text, because the sequencer reads and writes holdings with every record and computes with them hardly ever.
    """

    holder: Holder
    share: str
    participated: str = "0"


class Transfer(NamedTuple):
    """A part of the loan (not of the giver's own part) that goes from one party to another."""

    giver: Holder
    taker: Holder
    share: Fraction


class Facts(NamedTuple):
    """What a record does to its loan; a type says only what it has to say.

    Attributes:
        currency: the currency that its sums are in, where that must be the loan's own.
        principal: the change of the principal outstanding, in smallest units; below zero for what is paid back.
        paid: all money received, which works off arrears.
        arrears: what an overdue notice says is late.
        outcome: of a decision "approved", "denied" or "referred"; of a court's order "freeze" or "lift".
        about: the id of the dispute that is resolved.
        holdings: who holds the loan at its beginning.
        transfer: what an assignment or a participation moves.
    """

    currency: str = ""
    principal: int = 0
    paid: int = 0
    arrears: int = 0
    outcome: str = ""
    about: str = ""
    holdings: tuple[Holding, ...] = ()
    transfer: Transfer | None = None

    def encode(self) -> str:
        """Return the facts as a JSON list in their order, less the last two if they say nothing; "" if none does."""
        *members, holdings, transfer = self
        if holdings or transfer:
            members.append(holdings_to_json(holdings))
        if transfer:
            members.append([*transfer.giver, *transfer.taker, str(transfer.share)])
        return orjson.dumps(members).decode() if any(members) else ""

    @classmethod
    def decode(cls, text: str) -> Self:
        """Read what `encode` wrote."""
        if not text:
            return cls()
        members = orjson.loads(text)
        if len(members) > _HOLDINGS:
            members[_HOLDINGS] = holdings_from_json(members[_HOLDINGS])
        if len(members) > _TRANSFER:
            *names, share = members[_TRANSFER]
            members[_TRANSFER] = Transfer(Holder(*names[:3]), Holder(*names[3:]), Fraction(share))
        return cls(*members)


def holdings_to_json(holdings: tuple[Holding, ...]) -> list[list[str]]:
    """Return each holding as [name, lei, uscc, share, participated], shares like "1/3"."""
    return [[*item.holder, item.share, item.participated] for item in holdings]


def holdings_from_json(rows: list[list[str]]) -> tuple[Holding, ...]:
    """Read what `holdings_to_json` wrote."""
    return tuple(Holding(Holder(name, lei, uscc), share, part) for name, lei, uscc, share, part in rows)
