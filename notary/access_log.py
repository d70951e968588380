# SPDX-License-Identifier: Apache-2.0
"""Who read what of a lender's loans: one line for each read, and the port that keeps them.

The lines of a lender are numbered from 1 on without a gap, and each has a hash over itself and over the hash of the one
before, so that none can be changed, taken out or put in without the last hash coming out otherwise. That one is written
into the log once a day. FORMATS.md, "Who read what", has the bytes. Times are milliseconds since 1970.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

from notary.canonical import canonical_json
from notary.encoding import format_time

API_KEY, SESSION, PASS, COMMAND = "api-key", "session", "pass", "command-line"
WAYS = (API_KEY, SESSION, PASS, COMMAND)
"""By what somebody reads: an API key, a page after signing in with one, a loan pass, the operator's command line."""
KINDS = (
    "record", "receipt", "proof", "certificate", "document", "draft", "loan", "history", "package", "list", "findings",
    "answers", "messages", "report", "audit",
)  # fmt: skip
"""What is read: one thing, or, from `list` on, something about many loans."""
WRITING_HOSTS, THIS_HOST = "writing-hosts", "this-host"
"""At which hosts the reads were that a log tells of: all that write, or the one that only reads and answers."""
FIRST = bytes(32)
"""What stands for the hash before the first line."""


@dataclass(frozen=True)
class Access:
    """A read of a lender's loans.

    Attributes:
        reader: the number of the organisation that reads; None for whoever holds a pass, and for the operator's
            command line.
        by: the id of the API key or the pass, or "operator".
        loan, document: `RecordStore.loan_reference` and its like for a document's SHA-256; empty where the read is of
            none, or of many. Neither tells a loan's number, before or after its erasure.
        entry: the index of the record's entry in the log, None where the read is of none or of many.
        query: what a list was asked for, without any loan's number.
    """

    lender: int
    at: int
    reader: int | None
    by: str
    way: str
    kind: str
    loan: str
    document: str
    entry: int | None
    query: str
    trace_id: str

    def members(self, number: int) -> dict[str, Any]:
        """Return the line as JSON, without its hash."""
        return {
            "number": number,
            "at": format_time(self.at),
            "organisation": self.reader,
            "by": self.by,
            "way": self.way,
            "kind": self.kind,
            "loan_reference": self.loan or None,
            "document_reference": self.document or None,
            "entry": self.entry,
            "query": self.query or None,
            "trace_id": self.trace_id,
        }

    def chained(self, number: int, before: bytes) -> bytes:
        """Return the line's hash: SHA-256 of the hash before it and of the line in canonical form (RFC 8785)."""
        return sha256(before + canonical_json(self.members(number))).digest()


@dataclass(frozen=True)
class NotedAccess:
    """A line as it is kept."""

    number: int
    access: Access
    hash: bytes


@dataclass(frozen=True)
class Head:
    """How far a lender's lines go, and since when some of them are not covered by what the log says; None: none are."""

    lender: int
    number: int
    hash: bytes
    uncovered_since: int | None


class AccessLog(Protocol):
    """Keeps the lines of all lenders. All methods raise `UnavailableError`."""

    def note(self, accesses: Iterable[Access]) -> None:
        """Add lines, all or none; they outlive the process when this returns."""

    def accesses(
        self, lender: int, before: int, limit: int, references: Sequence[str] | None = None
    ) -> list[NotedAccess]:
        """Return the newest lines of a lender below a number: all, or those with one of these references."""

    def count(self, lender: int, references: Sequence[str]) -> int:
        """Return how many lines there are with one of these references."""

    def heads(self) -> list[Head]:
        """Return how far each lender's lines go."""

    def covered(self, lender: int, number: int) -> None:
        """Note that the log has the hash of this line, and so covers all before it."""

    def forget(self, before: int) -> None:
        """Remove the lines of before a moment that the log covers."""
