# SPDX-License-Identifier: Apache-2.0
"""All that the sequencer keeps of a loan's history, in one short text."""

from typing import Any, NamedTuple, Self

import orjson

from notary.lifecycle.stages import DRAFT, STAGES
from notary.records.facts import Holding, holdings_from_json, holdings_to_json


class LoanState(NamedTuple):
    """Where a loan is in its life.

    Attributes:
        stage: one of `STAGES`.
        currency: the loan's, once a record fixed it.
        balance: principal outstanding in smallest units, below zero where too much was paid back.
        arrears: what is late by the last overdue notice and was not paid since.
        outcome: of the last credit decision: "approved", "denied" or "referred".
        facility: whether there is a limit to draw on.
        frozen: whether a court forbade to dispose of the loan.
        disputes: the ids of the disputes that are open.
        holdings: who holds which part of the loan.
    """

    stage: str = DRAFT
    currency: str = ""
    balance: int = 0
    arrears: int = 0
    outcome: str = ""
    facility: bool = False
    frozen: bool = False
    disputes: tuple[str, ...] = ()
    holdings: tuple[Holding, ...] = ()

    def encode(self) -> str:
        """Return the stage, and behind a space what else there is to say as JSON; `decode` reads it."""
        members: dict[str, Any] = {name: value for name, value in zip(_MEMBERS, self[1:], strict=True) if value}
        if not members:
            return self.stage
        if self.holdings:
            members["holdings"] = holdings_to_json(self.holdings)
        return f"{self.stage} {orjson.dumps(members).decode()}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Read what `encode` wrote. Raises `ValueError` for a text that it did not write."""
        stage, _, rest = text.partition(" ")
        if stage not in STAGES:
            raise ValueError(f"{stage!r} is no stage of a loan")
        if not rest:
            return cls(stage)
        members = orjson.loads(rest)
        if "holdings" in members:
            members["holdings"] = holdings_from_json(members["holdings"])
        if "disputes" in members:
            members["disputes"] = tuple(members["disputes"])
        return cls(stage, **members)


_MEMBERS = LoanState._fields[1:]
