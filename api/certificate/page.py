# SPDX-License-Identifier: Apache-2.0
"""The page: rows on the record, the QR code, what it proves and what not."""

from hashlib import sha256

from api.certificate import texts
from api.certificate.fonts import runs_of
from api.certificate.sheet import Sheet
from notary.canonical import parse_canonical
from notary.envelope import MAX_PAYLOAD
from notary.log.checkpoint import open_checkpoint
from notary.log.signed_note import NoteVerifier
from notary.receipts.receipt import parse_receipt
from notary.receipts.report import Report
from notary.records import parse_record

_QR_SIDE = 215.0
"""Points, 76 mm: the code that a proof needs in a log of 2^32 entries has modules of half a millimetre."""


def write_page(data: bytes, report: Report, log_key: NoteVerifier, qr: str, sealed_by: str | None) -> bytes:
    """Return the PDF of a receipt that was verified; `sealed_by` names who will seal it."""
    receipt = parse_receipt(data)
    is_test = receipt.environment == "test"
    seal = texts.SEALED.format(name=sealed_by) if sealed_by else texts.UNSEALED
    sheet = Sheet(" · ".join(texts.TITLE), seal, texts.TEST_MARK if is_test else "")
    for text, size in zip(texts.TITLE, (19, 12), strict=True):
        sheet.heading(text, size)
    if is_test:
        sheet.heading(texts.TEST, 9)
    sheet.space(10)
    payload = receipt.envelope.payload
    record = parse_record(parse_canonical(payload, limit=MAX_PAYLOAD))
    digests = sha256(payload).hexdigest(), sha256(data).hexdigest()
    checkpoint = open_checkpoint(receipt.checkpoint, log_key)
    rows = [*texts.rows_of(receipt, record, checkpoint, digests), *texts.time_rows(receipt, report)]
    for row in rows:
        sheet.row(row.label, row.values)
    if any(_is_unshown(value) for row in rows for value in row.values):
        sheet.paragraph(texts.UNSHOWN)
    sheet.qr(qr, _QR_SIDE)
    for text in (texts.SCAN, *texts.PROVES):
        sheet.paragraph(text)
    return sheet.finish()


def _is_unshown(text: str) -> bool:
    """Tell whether a text has signs that are shown by their numbers."""
    return "".join(run.text for run in runs_of(text)) != text
