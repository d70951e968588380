# SPDX-License-Identifier: Apache-2.0
"""What was done in the notary itself: who got access to what, and lost it."""

from collections.abc import Iterator
from typing import ClassVar, Literal, get_args

from notary.errors import Fault
from notary.records.fields import EntriesOf, Instant, Maybe, SomeOf, Text
from notary.records.record import Record

ADMINISTRATION = "urn:loan-notary:administration"
"""The loan number under which an organisation's administration stands; no lender's loan has it."""

Act = Literal[
    "organisation.add", "api_key.create", "api_key.rotate", "api_key.revoke", "client_key.add", "client_key.revoke",
    "grant.make", "grant.revoke", "pass.mint", "pass.revoke", "pass.submit", "party_key.register", "party_key.revoke",
    "loan.erase", "loan.hold", "loan.release",
    "root.register", "root.revoke", "policy.set", "webhook.add", "webhook.change", "webhook.remove",
    "log_key.rotate", "anchor_key.rotate", "data_key.rotate", "access_log.cover",
]  # fmt: skip
ACTS: tuple[str, ...] = get_args(Act)


class Administration(Record):
    """The notary's own word that it was asked for an act, written down before it was done.

    `by` names the API key that asked, or `operator` for the operator's own command line; `subject` what the act is
    about: a number or an id, never a secret. The other members say what the act grants. `about_loan` is
    `notary.ports.records.RecordStore.loan_reference`, so that a loan's number does not outlive the loan here;
    `entries` are the entries of the log that lose their openings when a loan is erased.
    """

    signers: ClassVar[tuple[str, ...]] = ()
    authors: ClassVar[tuple[str, ...]] = ("notary",)

    type: Literal["administration"]
    act: Act
    by: Text
    subject: Text
    name: Maybe[Text] = None
    role: Maybe[Text] = None
    scopes: Maybe[SomeOf[Text]] = None
    about_loan: Maybe[Text] = None
    begins: Maybe[Instant] = None
    ends: Maybe[Instant] = None
    entries: Maybe[EntriesOf] = None

    def contradictions(self) -> Iterator[Fault]:
        """Yield also where it stands in another place than an organisation's administration."""
        yield from super().contradictions()
        if self.loan != ADMINISTRATION:
            yield Fault("/loan", f"must be {ADMINISTRATION}")
