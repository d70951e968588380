# SPDX-License-Identifier: Apache-2.0
"""Deciding on an application."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from notary.errors import Fault
from notary.records.facts import Facts
from notary.records.fields import Code, Date, Digest, Maybe, Model, Several, Text
from notary.records.money import Amount, Interest
from notary.records.record import Record

Outcome = Literal["approved", "denied", "referred"]
Review = Literal["none", "confirmed", "overridden"]
"""Whether a person looked at what a model decided, and what came of it (PIPL article 24)."""


class Artifact(Model):
    """A model or a policy: the lender's name and version of it, and the SHA-256 of its file."""

    id: Text
    sha256: Digest


class CreditDecision(Record):
    """The lender decided (FIBO CreditDecision).

    An approval names the `amount` of a loan or the `limit` of a facility and how long it holds. `features_root` commits
    to the data that the model saw; `reasons` are codes, at least one for a denial.
    """

    signers: ClassVar[tuple[str, ...]] = ("lender",)

    type: Literal["credit_decision"]
    outcome: Outcome
    model: Artifact
    policy: Artifact
    features_root: Digest
    reasons: Several[Code]
    amount: Maybe[Amount] = None
    limit: Maybe[Amount] = None
    rate: Maybe[Interest] = None
    valid_until: Maybe[Date] = None
    review: Maybe[Review] = None

    def facts(self) -> Facts:
        """Say how it was decided."""
        return Facts(outcome=self.outcome)

    def contradictions(self) -> Iterator[Fault]:
        """An approval says what is approved until when, a denial says why."""
        yield from super().contradictions()
        if self.outcome == "approved":
            if (self.amount is None) == (self.limit is None):
                yield Fault("", "an approval needs exactly one of amount (a loan) and limit (a facility)")
            if self.valid_until is None:
                yield Fault("/valid_until", "is required for an approval")
        elif self.outcome == "denied" and not self.reasons:
            yield Fault("/reasons", "must give at least one for a denial")
