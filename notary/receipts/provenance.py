# SPDX-License-Identifier: Apache-2.0
"""The notary's word on the documents that a record names: whether it held them, and what it found in them.

Computed anew whenever somebody asks, from what is known of the documents then: nothing of it is stored with the
record, and a record that names no document costs nothing. When each document came is part of the word.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from notary.documents.document import CheckStatus, Document, DocumentCheck, DocumentStore
from notary.errors import Fault, MissingDocumentError
from notary.receipts.document_words import DocumentWord

MAX_SHOWN_CHECKS = 128
"""Checks in one receipt. Of a record with more, each document's worst is shown: receipts have a size."""
_MEMBER = b'"documents":'
_WORST_FIRST = (CheckStatus.FAILED, CheckStatus.UNKNOWN, CheckStatus.OK)


def words_on_documents(store: DocumentStore, lender: int, payload: bytes) -> tuple[DocumentWord, ...]:
    """Return the word on each document that a record's payload names, in its order."""
    named = _named(payload)
    if not named:
        return ()
    held = store.documents(lender, [item["sha256"] for item in named])
    words = [_word(item, held.get(item["sha256"])) for item in named]
    if sum(len(word.checks) for word in words) > MAX_SHOWN_CHECKS:
        words = [DocumentWord(**{**vars(word), "checks": _worst(word.checks)}) for word in words]
    return tuple(words)


def require_documents(store: DocumentStore, lender: int, payload: bytes) -> None:
    """Return if the lender has deposited every document that a record's payload names, as the record describes it.

    Raises `MissingDocumentError`.
    """
    named = _named(payload)
    held = store.documents(lender, [item["sha256"] for item in named])
    if faults := tuple(_faults(named, held)):
        raise MissingDocumentError(*faults)


def _named(payload: bytes) -> list[dict[str, Any]]:
    # In JSON a quotation mark within a text is written \", so only a member can match.
    if _MEMBER not in payload:
        return []
    named: list[dict[str, Any]] = orjson.loads(payload).get("documents", [])
    return named


def _faults(named: Sequence[dict[str, Any]], held: dict[str, Document]) -> Iterator[Fault]:
    for number, item in enumerate(named):
        pointer, document = f"/documents/{number}", held.get(item["sha256"])
        if document is None:
            yield Fault(pointer, f"the notary does not hold {item['sha256']}", "")
            continue
        if document.size != item["size"]:
            yield Fault(f"{pointer}/size", f"is {item['size']}, but the document has {document.size} bytes", "")
        if document.sm3 != item.get("sm3", document.sm3):
            yield Fault(f"{pointer}/sm3", f"is not the document's, which is {document.sm3}", "")


def _word(named: dict[str, Any], held: Document | None) -> DocumentWord:
    if held is None:
        return DocumentWord(named["sha256"])
    checks = (*held.checks, *(check for attachment in held.attachments for check in attachment.checks))
    size_ok = held.size == named["size"]
    return DocumentWord(held.sha256, held.received_at, size_ok, held.sm3, held.media_type, checks)


def _worst(checks: Sequence[DocumentCheck]) -> tuple[DocumentCheck, ...]:
    return tuple(sorted(checks, key=lambda check: _WORST_FIRST.index(check.status))[:1])
