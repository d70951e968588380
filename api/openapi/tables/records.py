# SPDX-License-Identifier: Apache-2.0
"""Operations on records."""

from api.openapi import examples as ex
from api.openapi.model import Answer, Body, Link, Operation, Table
from api.openapi.shapes import BINARY, ref
from api.openapi.tables.common import CERTIFICATE, DOCUMENTS, LENDER, PLACING, READING, RECEIPT, file

_PATH = {"record_id": ex.AGREEMENT_ID}
_ID = {"record_id": "$request.body#/id"}
_LINKS = tuple(Link(f"records.{name}", _ID) for name in ("show", "receipt", "proof", "cose_receipt"))
_RECORD = ex.agreement()
_SIGNED = ex.envelope(ex.agreement(ex.SIGNED_ID, ex.SIGNED_LOAN), ex.LENDER_KEY, ex.BORROWER_KEY)
_LINES = "".join(f"{line}\n" for line in (ex.encoded(_RECORD), ex.encoded(ex.disbursement())))

_SIGNED_BATCH = (
    "batch-mismatch", "duplicate-batch", "invalid-certificate", "invalid-envelope", "invalid-signature",
    "key-not-valid", "malformed-json", "unknown-key",
)  # fmt: skip

TABLE = Table(
    "Records",
    "What happens to loans, as it is taken into the log.",
    {
        "records.submit": Operation(
            "Submit a record",
            {
                201: Answer("The record is in the log: its receipt.", ref("Receipt")),
                200: Answer("The same record was in the log before: its receipt as of now.", ref("Receipt")),
            },
            "One record as JSON, or its envelope (JWS) with the signatures of the parties. The answer comes when the "
            "record is on disk in the log. Sending the same again is harmless: a lender's record is known by its `id`.",
            query=(DOCUMENTS,),
            body=Body(
                {
                    "application/json": (
                        {"anyOf": [ref("Record"), ref("Envelope")]},
                        {
                            "agreement": _RECORD,
                            "disbursement": ex.disbursement(),
                            "signed": _SIGNED,
                        },
                    ),
                    "application/jose+json": (
                        ref("Envelope"),
                        {"signed": _SIGNED},
                    ),
                }
            ),
            refusals=PLACING,
            links={201: _LINKS, 200: _LINKS},
        ),
        "records.submit_batch": Operation(
            "Submit many records",
            {
                200: Answer(
                    "One line for each line, in order: where its record is, or its problem.",
                    ref("BatchAnswer"),
                    "application/x-ndjson",
                )
            },
            "One record or envelope a line, at most 64 MiB. A bad line does not keep the others out. The lines of one "
            "loan belong into one request, in order. If the first line is a JWS of the type `loan-notary/batch@1`, it "
            "signs all others: they are taken as they were signed, or none of them is, and that line has no answer of "
            "its own.",
            query=(DOCUMENTS,),
            body=Body({"application/x-ndjson": (BINARY, {"lines": _LINES, "under one signature": ex.signed_lines()})}),
            refusals=_SIGNED_BATCH,
        ),
        "records.show": Operation(
            "Show a record",
            {200: Answer("The record as it was taken, and what is odd about it.", ref("RecordWhole"))},
            paths=_PATH,
            query=(LENDER,),
            refusals=READING,
        ),
        "records.receipt": Operation(
            "Fetch a record's receipt",
            {200: RECEIPT},
            "What proves the record without this service. Its `state` is `final` once an anchor of it is.",
            paths=_PATH,
            query=(LENDER,),
            refusals=READING,
        ),
        "records.proof": Operation(
            "Fetch the proof as C2SP tlog-proof",
            {200: file("The proof, with the checkpoint.", "text/plain")},
            paths=_PATH,
            query=(LENDER,),
            refusals=READING,
        ),
        "records.cose_receipt": Operation(
            "Fetch the proof as COSE receipt",
            {200: file("The receipt (RFC 9942).", "application/cose")},
            paths=_PATH,
            query=(LENDER,),
            refusals=READING,
        ),
        "records.certificate": Operation(
            "Fetch a certificate",
            {200: CERTIFICATE},
            "In Chinese and English; its QR code carries the proof itself.",
            paths=_PATH,
            query=(LENDER,),
            refusals=(*READING, "invalid-qr"),
        ),
    },
)
