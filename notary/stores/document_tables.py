# SPDX-License-Identifier: Apache-2.0
"""What is known of documents."""

from collections.abc import Sequence
from typing import Any

import orjson

from notary.documents.document import Attachment, AttachmentKind, Document, DocumentCheck, checks_json
from notary.errors import NotFoundError
from notary.stores.database import Database


class DocumentTables(Database):
    """Implements `notary.documents.document.DocumentStore`."""

    def save_document(self, document: Document) -> bool:
        checks = _text(document.checks)
        values = (
            document.lender, document.sha256, document.sm3, document.size, document.media_type, document.received_at,
        )  # fmt: skip
        with self._transaction() as rows:
            if rows.do("add_document", (*values, checks)):
                return True
            rows.do("replace_document_checks", (checks, document.lender, document.sha256))
        return False

    def documents(self, lender: int, digests: Sequence[str]) -> dict[str, Document]:
        found = {}
        for digest in digests:
            if row := self._rows.one("document", (lender, digest)):
                _, sha256, sm3, size, media_type, received_at, checks = row
                attachments = tuple(map(_attachment, self._rows.all("attachments", (lender, digest))))
                found[digest] = Document(
                    lender, sha256, sm3, size, media_type, received_at, _checks(checks), attachments
                )
        return found

    def save_attachment(self, lender: int, document: str, attachment: Attachment, data: bytes) -> bool:
        checks = _text(attachment.checks)
        values = (lender, document, attachment.sha256, attachment.kind.value, attachment.received_at, checks, data)
        with self._transaction() as rows:
            if rows.do("add_attachment", values):
                return True
            key = (lender, document, attachment.sha256)
            rows.do("replace_attachment_checks", (checks, *key))
        return False

    def remove_document(self, lender: int, sha256: str) -> None:
        with self._transaction() as rows:
            for statement in ("remove_attachments", "remove_document"):
                rows.do(statement, (lender, sha256))
            # Attachments stand in the clear, and name who signed. Whoever removes a document erases a loan, and sweeps.
            self._destroyed(rows, ("document_attachments", "documents"))

    def attachment_data(self, lender: int, document: str, sha256: str) -> bytes:
        if row := self._rows.one("attachment_data", (lender, document, sha256)):
            return bytes(row[0])
        raise NotFoundError("the document has no attachment of this SHA-256")


def _attachment(row: Sequence[Any]) -> Attachment:
    sha256, kind, received_at, checks = row
    return Attachment(sha256, AttachmentKind(kind), received_at, _checks(checks))


def _text(checks: Sequence[DocumentCheck]) -> str:
    return orjson.dumps(checks_json(checks)).decode()


def _checks(text: str) -> tuple[DocumentCheck, ...]:
    return tuple(map(DocumentCheck.from_json, orjson.loads(text)))
