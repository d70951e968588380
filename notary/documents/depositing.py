# SPDX-License-Identifier: Apache-2.0
"""Depositing documents and the evidence over them.

A document is received into a file of its own, hashed on the way, brought to disk, checked, given its final name, and
only then written into the database. Whatever happens on the way leaves nothing that anybody can see, and sending it
again is harmless: whoever comes later finds it there.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Protocol

from notary.documents.digests import FileDigests, FileHasher
from notary.documents.document import (
    MAX_ATTACHMENTS,
    Attachment,
    AttachmentKind,
    CheckStatus,
    CheckSubject,
    CheckTask,
    Document,
    DocumentCheck,
    DocumentChecker,
    DocumentFiles,
    DocumentStore,
    IncomingFile,
)
from notary.errors import DigestError, Fault, InvalidInputError, NotFoundError
from notary.ports.parties import Lender, PartyStore
from notary.privacy.sealed_file import SealedPath

_PDF = "application/pdf"
_PDF_MARK = b"%PDF-"
_HEADER = 1024
"""Readers look for the mark of a PDF in so many bytes from the start (ISO 32000-2, annex I)."""


class DepositStore(DocumentStore, PartyStore, Protocol):
    """What is known of documents, and of the authorities that a lender trusts."""


class Depositary:
    """Takes documents. Signers are trusted by the roots that a lender has registered, for whatever party; `clock` gives
    milliseconds since 1970.
    """

    def __init__(
        self,
        store: DepositStore,
        files: DocumentFiles,
        checker: DocumentChecker,
        clock: Callable[[], int],
    ) -> None:
        self._store = store
        self._files = files
        self._checker = checker
        self._clock = clock

    def deposit(
        self, lender: Lender, digest: str, media_type: str, parts: Iterable[bytes], promised: bytes | None = None
    ) -> tuple[Document, bool]:
        """Take the bytes of a document and say also whether it is new.

        `digest` is its SHA-256 in hex; `promised`, if given, one that the sender has added. Of a document that is
        there what was once found stays, unless part of it is unknown: then it is checked again. Raises
        `DigestError` for other bytes, `CheckerBusyError`, or `UnavailableError`.
        """
        with self._files.receive(lender.number) as file:
            head, found = _receive(file, parts)
            if found.sha256 != digest:
                raise DigestError(Fault("", f"the SHA-256 of what came is {found.sha256}, not {digest}", ""))
            if promised is not None and promised.hex() != digest:
                raise DigestError(Fault("", "the Content-Digest is not that of what came", ""))
            known = self._store.documents(lender.number, [digest]).get(digest)
            if known and _is_settled(known.checks):
                return known, False
            checks: tuple[DocumentCheck, ...] = ()
            if media_type == _PDF or _PDF_MARK in head:
                checks = self._check(lender, CheckSubject.PDF, file.sealed)
            file.keep(digest)
        document = Document(lender.number, digest, found.sm3, found.size, media_type, self._clock(), checks)
        new = self._store.save_document(document)
        return self.find(lender, digest), new

    def attach(self, lender: Lender, digest: str, name: str, kind: AttachmentKind, data: bytes) -> bool:
        """Take a signature or timestamp over a document and say whether it is new; `name` is its SHA-256 in hex.

        Raises `NotFoundError` for a document that is not there, `DigestError` for other bytes,
        `InvalidInputError` for one too many, `CheckerBusyError`, or `UnavailableError`.
        """
        if sha256(data).hexdigest() != name:
            raise DigestError(Fault("", f"what came does not have the SHA-256 {name}", ""))
        document = self.find(lender, digest)
        known = next((item for item in document.attachments if item.sha256 == name), None)
        if known and _is_settled(known.checks):
            return False
        if not known and len(document.attachments) >= MAX_ATTACHMENTS:
            raise InvalidInputError(Fault("", f"a document has at most {MAX_ATTACHMENTS} attachments", ""))
        checks = self._check(lender, CheckSubject(kind.value), self._files.find(lender.number, digest), data)
        attachment = Attachment(name, kind, self._clock(), checks)
        return self._store.save_attachment(lender.number, digest, attachment, data)

    def find(self, lender: Lender, digest: str) -> Document:
        """Return a lender's document. Raises `NotFoundError`."""
        if found := self._store.documents(lender.number, [digest]).get(digest):
            return found
        raise NotFoundError("you have no document of this SHA-256")

    def _check(
        self, lender: Lender, subject: CheckSubject, file: SealedPath, attachment: bytes = b""
    ) -> tuple[DocumentCheck, ...]:
        now = self._clock()
        roots = {root.certificate for root in self._store.roots(lender.number) if root.validity.fault_at(now) is None}
        return self._checker.check(CheckTask(subject, file, now, tuple(sorted(roots)), attachment))


def _receive(file: IncomingFile, parts: Iterable[bytes]) -> tuple[bytes, FileDigests]:
    """Bring the parts to disk; return the first bytes and what identifies all of them."""
    head, hasher = b"", FileHasher()
    for part in parts:
        if len(head) < _HEADER:
            head = (head + part)[:_HEADER]
        hasher.update(part)
        file.write(part)
    file.sync()
    return head, hasher.digests()


def _is_settled(checks: Sequence[DocumentCheck]) -> bool:
    return all(check.status is not CheckStatus.UNKNOWN for check in checks)
