# SPDX-License-Identifier: Apache-2.0
"""The links between a receipt and documents: the notary's words on them, and files in the verifier's hands.

A check returns a sentence for the report, or raises what stands against it. What the notary has found in a document is
its word and breaks no link.
"""

from collections.abc import Sequence

from notary.documents.digests import FileDigests
from notary.documents.document import CheckStatus
from notary.errors import Fault, ReceiptError
from notary.receipts.document_words import DocumentWord
from notary.receipts.receipt import Receipt
from notary.receipts.report import NotCheckedError
from notary.records import Record


def compare_documents(receipt: Receipt, record: Record) -> str:
    """Check that a receipt's words are on the documents that its record names, in their order."""
    named = record.documents or ()
    if [word.sha256 for word in receipt.documents] != [item.sha256 for item in named]:
        raise ReceiptError(Fault("/documents", "are not the documents that the record names, in their order"))
    told = [
        _sentence(word, item.name, receipt.received_at) for word, item in zip(receipt.documents, named, strict=True)
    ]
    return "; ".join(told) or "none are named"


def check_file(file: FileDigests, records: Sequence[Record | None]) -> str:
    """Check that a file is a document that one of the records names; None is a record that could not be read."""
    items = [item for record in records if record for item in record.documents or () if item.sha256 == file.sha256]
    if not items and None in records:
        raise NotCheckedError("not every record could be read")
    if not items:
        raise ReceiptError(Fault("/documents", f"no record names a document of the file's SHA-256, {file.sha256}"))
    item = items[0]
    if item.size != file.size:
        raise ReceiptError(Fault("/documents", f"{item.name} has {item.size} bytes by the record, not {file.size}"))
    if item.sm3 not in (None, file.sm3):
        raise ReceiptError(Fault("/documents", f"{item.name} has another SM3 by the record than the file's"))
    return f"the file is {item.name}, as the record names it"


def _sentence(word: DocumentWord, name: str, recorded_at: int) -> str:
    if word.received_at is None:
        return f"{name}: not deposited"
    when = "before" if word.received_at <= recorded_at else "after"
    size = "" if word.size_ok else ", of another size than the record says"
    odd = [f"{check.kind} {check.status.value}" for check in word.checks if check.status is not CheckStatus.OK]
    found = f"; found: {', '.join(odd)}" if odd else ""
    return f"{name}: deposited {when} the record{size}{found}"
