# SPDX-License-Identifier: Apache-2.0
"""Documents that records name: what is known of them, and the ports to where they are kept and checked.

A document is a file of one lender, named by its SHA-256. `checks` are what was found in it when it arrived. They are
data and never a reason to refuse it, because a forged document is evidence too. An attachment is evidence over a whole
document that is a file of its own: a detached signature or a timestamp.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol
from unicodedata import category, normalize

from notary.privacy.sealed_file import SealedPath

MAX_DOCUMENT = 50 * 1024 * 1024
"""Bytes of the largest document that is taken."""
MAX_ATTACHMENT = 256 * 1024
MAX_ATTACHMENTS = 16
"""Attachments of one document, at most."""
_MAX_TEXT = 120


class CheckStatus(StrEnum):
    """What a check of a document found; `unknown` is said of whatever could not be found out."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"


class AttachmentKind(StrEnum):
    """What an attachment is: a detached CMS signature (RFC 5652), or an RFC 3161 response."""

    SIGNATURE = "signature"
    TIMESTAMP = "timestamp"


@dataclass(frozen=True)
class DocumentCheck:
    """One thing that was looked at: `kind` says what, such as "pdf-signature".

    `signer` is the subject of a certificate, `time` what a signature or timestamp says of its time (RFC 3339, UTC);
    None where there is none.
    """

    kind: str
    status: CheckStatus
    detail: str
    signer: str | None = None
    time: str | None = None

    @classmethod
    def of(cls, kind: str, status: CheckStatus, detail: str, signer: str = "", time: str = "") -> "DocumentCheck":
        """Make a check of texts that may come from a document: one line of bounded length in normal form each."""
        return cls(kind, status, _plain(detail), _plain(signer) or None, time or None)

    def to_json(self) -> dict[str, str | None]:
        """Return the check as a JSON object."""
        return {
            "kind": self.kind,
            "status": self.status.value,
            "detail": self.detail,
            "signer": self.signer,
            "time": self.time,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "DocumentCheck":
        """Read what `to_json` writes."""
        return cls(value["kind"], CheckStatus(value["status"]), value["detail"], value["signer"], value["time"])


@dataclass(frozen=True)
class Attachment:
    """Evidence over a document, named by its own SHA-256 in hex; `received_at` is in milliseconds since 1970."""

    sha256: str
    kind: AttachmentKind
    received_at: int
    checks: tuple[DocumentCheck, ...]


@dataclass(frozen=True)
class Document:
    """A lender's document: digests in lower-case hex, `size` in bytes, `received_at` in milliseconds since 1970."""

    lender: int
    sha256: str
    sm3: str
    size: int
    media_type: str
    received_at: int
    checks: tuple[DocumentCheck, ...]
    attachments: tuple[Attachment, ...] = ()


class DocumentStore(Protocol):
    """What is known of documents; their bytes are in `DocumentFiles`."""

    def save_document(self, document: Document) -> bool:
        """Keep a document without its attachments, and say whether it is new; of one that is there only the checks
        are replaced.
        """

    def documents(self, lender: int, digests: Sequence[str]) -> dict[str, Document]:
        """Return the lender's documents of these SHA-256s, with their attachments; what is not there is left out."""

    def save_attachment(self, lender: int, document: str, attachment: Attachment, data: bytes) -> bool:
        """Keep an attachment of a document that is there, and say whether it is new; of one that is there only the
        checks are replaced.
        """

    def remove_document(self, lender: int, sha256: str) -> None:
        """Forget a document with its attachments; harmless where there is none."""

    def attachment_data(self, lender: int, document: str, sha256: str) -> bytes:
        """Return the bytes of an attachment. Raises `NotFoundError`."""


class IncomingFile(Protocol):
    """A file that is being received. All methods raise `UnavailableError` when the disk does not do its part."""

    @property
    def sealed(self) -> SealedPath:
        """Where the bytes are for now, once they were synced."""

    def write(self, part: bytes) -> None:
        """Append bytes."""

    def sync(self) -> None:
        """Have all bytes on disk; no more may come."""

    def keep(self, sha256: str) -> None:
        """Make it the lender's document of this SHA-256, all at once, and on disk when this returns."""


class DocumentFiles(Protocol):
    """The bytes of documents. No document is on disk but sealed, also while it is received."""

    def receive(self, lender: int) -> AbstractContextManager[IncomingFile]:
        """Begin a file of a lender; unless it was kept, nothing is left of it at the end. Raises `UnavailableError`."""

    def find(self, lender: int, sha256: str) -> SealedPath:
        """Return a document that was kept. Raises `UnavailableError` where its file is not, `CorruptLogError`."""

    def remove(self, lender: int, sha256: str) -> None:
        """Overwrite a document and remove it; harmless where there is none. Raises `UnavailableError`."""


class CheckSubject(StrEnum):
    """What a checker is asked to look at."""

    PDF = "pdf"
    SIGNATURE = "signature"
    TIMESTAMP = "timestamp"


@dataclass(frozen=True)
class CheckTask:
    """What a checker needs: the document, an attachment's bytes if it is about one, certificates, the time.

    `roots` are the DER certificates of the authorities that the lender has registered; `at` is in milliseconds.
    """

    subject: CheckSubject
    document: SealedPath
    at: int
    roots: tuple[bytes, ...] = ()
    attachment: bytes = b""


class DocumentChecker(Protocol):
    """Looks into documents that somebody made who may mean harm."""

    def check(self, task: CheckTask) -> tuple[DocumentCheck, ...]:
        """Return what was found, within bounded time and memory; whatever goes wrong on the way is `unknown`.

        Raises `CheckerBusyError` when more documents wait than are checked.
        """


def checks_json(checks: Sequence[DocumentCheck]) -> list[dict[str, str | None]]:
    """Return checks as a JSON array."""
    return [check.to_json() for check in checks]


def _plain(text: str) -> str:
    visible = "".join(" " if category(sign).startswith(("C", "Z")) else sign for sign in text[: 4 * _MAX_TEXT])
    line = " ".join(normalize("NFC", visible).split())
    return line if len(line) <= _MAX_TEXT else line[: _MAX_TEXT - 1] + "…"
