# SPDX-License-Identifier: Apache-2.0
"""The members that every record has, whatever its type."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

from pydantic import model_validator

from notary.errors import Fault, InvalidRecordError
from notary.records.facts import Facts
from notary.records.fields import (
    Digest,
    FileName,
    Instant,
    LoanNumber,
    Maybe,
    MediaType,
    Model,
    RecordId,
    SomeOf,
    Whole,
)
from notary.records.money import Money


class Document(Model):
    """A file that the record speaks of, named by its digests; the file itself stays with the parties."""

    name: FileName
    media_type: MediaType
    size: Whole
    sha256: Digest
    sm3: Maybe[Digest] = None


class Record(Model):
    """One typed statement about a loan: the payload that the parties sign.

    `signers` names the roles whose signatures make an envelope complete; `authors` those of which at least one must be
    among the signatures of a signed envelope. `occurred_at` is a claim. Where `sequence` or `previous` is given, the
    notary enforces it (check C2); `previous` is the SHA-256 of the payload of the loan's record before this one.
    """

    signers: ClassVar[tuple[str, ...]]
    authors: ClassVar[tuple[str, ...]] = ("lender",)

    type: str
    id: RecordId
    loan: LoanNumber
    occurred_at: Instant
    documents: Maybe[SomeOf[Document]] = None
    sequence: Maybe[Whole] = None
    previous: Maybe[Digest] = None
    links: Maybe[SomeOf[RecordId]] = None
    supersedes: Maybe[RecordId] = None

    def keys_of(self, role: str) -> frozenset[str]:  # noqa: ARG002 - a type that names keys overrides this
        """Return the ids of the keys that the record itself names for a role's signatures; empty if any key will do."""
        return frozenset()

    def facts(self) -> Facts:
        """Return what the record does to its loan; a type that does something overrides this."""
        return Facts()

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> Self:
        # Not a ValueError, so pydantic lets it through with its pointers.
        if faults := tuple(self.contradictions()):
            raise InvalidRecordError(*faults)
        return self

    def contradictions(self) -> Iterator[Fault]:
        """Yield what is wrong between members that are right by themselves; a type adds its own rules."""
        if self.sequence is None:
            return
        if self.sequence > 0 and self.previous is None:
            yield Fault("/previous", "is required where sequence is above 0")
        if self.sequence == 0 and self.previous is not None:
            yield Fault("/previous", "has no place where sequence is 0: no record comes before the first")


def in_currency(wanted: str, sums: Mapping[str, Money | None], check: str, first: str = "/amount") -> Iterator[Fault]:
    """Yield a fault for each of `sums`, by its pointer, that is there and not in `wanted`, the currency of `first`."""
    for pointer, money in sums.items():
        if money is not None and money.currency != wanted:
            yield Fault(f"{pointer}/currency", f"must be {wanted}, the currency of {first}", check)
