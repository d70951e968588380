# SPDX-License-Identifier: Apache-2.0
"""Which documents go with a loan that is erased: those that its records name, and no other of the lender does."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import orjson

from notary.documents.document import DocumentFiles, DocumentStore
from notary.ports.lists import ListStore
from notary.ports.records import StoredRecord

_PAGE = 1000
_EVERY = 2**62


class ForgettingStore(DocumentStore, ListStore, Protocol):
    """What is known of documents, and the records that name them."""


class DocumentTraces:
    """Implements `notary.privacy.erasing.Traces`; where there is a document, all of the lender's records are read."""

    def __init__(self, store: ForgettingStore, files: DocumentFiles) -> None:
        self._store = store
        self._files = files

    def forget(self, lender: int, loan: str, records: Sequence[StoredRecord]) -> None:
        named = {digest for record in records for digest in named_documents(record)}
        going = set(self._store.documents(lender, sorted(named)))
        if going:
            for record in self._others(lender, loan):
                going.difference_update(named_documents(record))
        for digest in sorted(going):
            # The row last: while it is there, asking again goes on here.
            self._files.remove(lender, digest)
            self._store.remove_document(lender, digest)

    def _others(self, lender: int, loan: str) -> Iterator[StoredRecord]:
        start = 0
        while page := self._store.lender_records(lender, start, _EVERY, _PAGE):
            yield from (record for record in page if record.loan != loan)
            start = page[-1].index + 1


def named_documents(record: StoredRecord) -> set[str]:
    """Return the SHA-256s, in hex, of the documents that a record names."""
    # Most records name none, and need not be read for that.
    if b'"documents"' not in record.payload:
        return set()
    value: dict[str, Any] = orjson.loads(record.payload)
    return {item["sha256"] for item in value.get("documents", ())}
