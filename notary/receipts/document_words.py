# SPDX-License-Identifier: Apache-2.0
"""The notary's word on a document that a record names, as a receipt holds it."""

from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from notary.documents.document import CheckStatus, DocumentCheck, checks_json
from notary.encoding import format_time
from notary.receipts.fields import Time
from notary.records.fields import Digest, MediaType, Model


@dataclass(frozen=True)
class DocumentWord:
    """The notary's word on a document that a record names: what it held of it when it said so.

    `received_at` is None, and so are `sm3` and `media_type`, for a document that it did not hold. `size_ok` tells
    whether the document has the size that the record gives. Where `received_at` is later than the record's, the
    document came after it.
    """

    sha256: str
    received_at: int | None = None
    size_ok: bool = False
    sm3: str | None = None
    media_type: str | None = None
    checks: tuple[DocumentCheck, ...] = ()


def word_json(word: DocumentWord) -> dict[str, Any]:
    """Return a word as a JSON object."""
    return {
        "sha256": word.sha256,
        "present": word.received_at is not None,
        "received_at": None if word.received_at is None else format_time(word.received_at),
        "size_ok": word.size_ok,
        "sm3": word.sm3,
        "media_type": word.media_type,
        "checks": checks_json(word.checks),
    }


class _CheckShape(Model):
    kind: Annotated[str, Field(min_length=1, max_length=64)]
    status: Annotated[CheckStatus, Field(strict=False)]
    detail: Annotated[str, Field(min_length=1, max_length=256)]
    signer: Annotated[str, Field(min_length=1, max_length=256)] | None
    time: Annotated[str, Field(min_length=1, max_length=32)] | None


class DocumentShape(Model):
    """The members of a word as they are read."""

    sha256: Digest
    present: bool
    received_at: Time | None
    size_ok: bool
    sm3: Digest | None
    media_type: MediaType | None
    checks: Annotated[tuple[_CheckShape, ...], Field(strict=False, max_length=256)]

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> Self:
        told = {self.received_at is not None, self.sm3 is not None, self.media_type is not None}
        if told != {self.present} or (not self.present and (self.size_ok or self.checks)):
            raise ValueError("what is said of the document does not fit to whether it was there")
        return self

    def word(self) -> DocumentWord:
        """Return the word."""
        checks = tuple(DocumentCheck(**dict(check)) for check in self.checks)
        return DocumentWord(self.sha256, self.received_at, self.size_ok, self.sm3, self.media_type, checks)
