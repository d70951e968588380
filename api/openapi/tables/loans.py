# SPDX-License-Identifier: Apache-2.0
"""Operations on loans, what is odd in them, and with what that is measured."""

from dataclasses import replace

from api.openapi import examples as ex
from api.openapi.model import Answer, Body, Operation, Query, Table
from api.openapi.shapes import either, ref
from api.openapi.tables.common import AS_OF, CERTIFICATE, LENDER, PACKAGE, PLACING, READING, RECEIPT
from notary.history import Severity
from notary.policies import CODES

_PATH = {"number": ex.LOAN}
_CURSOR = Query("cursor", {"type": "string", "pattern": "^[0-9]{1,18}$"}, "`next` of the page before.")

LOANS = Table(
    "Loans",
    "Where loans stand.",
    {
        "loans.timeline": Operation(
            "Show where a loan stands",
            {200: Answer("The loan at that moment, computed from its records alone.", ref("Loan"))},
            "The number may hold any characters; a slash in it is written `%2F` or as it is.",
            paths=_PATH,
            query=(AS_OF, LENDER),
            refusals=READING,
        ),
        "loans.receipt": Operation(
            "Fetch a loan's history receipt",
            {
                200: Answer(
                    "All records of the loan, provable in one file; or, where a loan's own number ends like this path, "
                    "that loan.",
                    {"anyOf": [ref("HistoryReceipt"), ref("Loan")]},
                )
            },
            paths=_PATH,
            query=(LENDER,),
            refusals=(*READING, "history-too-long"),
        ),
        "loans.evidence": Operation(
            "Fetch a loan's evidence package",
            {200: replace(PACKAGE, others={"application/json": ref("Loan")})},
            "History receipt, documents, proofs, verifier and explanations, sealed; or, where a loan's own number ends "
            "like this path, that loan.",
            paths=_PATH,
            query=(LENDER,),
            refusals=(*READING, "package-too-large", "history-too-long"),
        ),
    },
)
ACCESSES = Table(
    "Accesses",
    "Who read what.",
    {
        "accesses.index": Operation(
            "List who read what of your loans",
            {200: Answer("The newest first; `next` is the cursor of the page after it.", ref("Accesses"))},
            "One line for each read, noted before it was answered, with a hash over itself and the line before. A list "
            "is one line. A line of an erased loan has its reference and no number. `reads_at` is `writing-hosts` for "
            "the lines of all hosts that write, and `this-host` where a host that only reads tells its own.",
            query=(_CURSOR,),
            refusals=("forbidden", "invalid-input"),
        ),
        "loans.accesses": Operation(
            "List who read a loan",
            {
                200: Answer(
                    "The newest first; or, where a loan's own number ends like this path, that loan.",
                    {"anyOf": [ref("Accesses"), ref("Loan")]},
                )
            },
            "Reads of the loan, of its records and of the documents that they name; lists and audits of many loans are "
            "among all lines only.",
            paths=_PATH,
            query=(_CURSOR,),
            refusals=("forbidden", "invalid-input", "not-found", "erased"),
        ),
        "accesses.of_pass": Operation(
            "List who read the loan of the pass",
            {200: Answer("How often it was read, and the newest reads, 100 at most.", ref("BorrowerAccesses"))},
            refusals=("erased",),
        ),
    },
)
ERASURES = Table(
    "Erasure",
    "Loans that are no longer to be known, and those that have to be.",
    {
        "erasures.erase": Operation(
            "Erase a loan",
            {200: Answer("The erasure, under the id by which the log tells of it.", ref("Erasure"))},
            "Destroys the keys that open the loan's records, and removes whatever else holds its values: half-signed "
            "records, answers kept for repeated requests, finished jobs. Nothing brings them back. Receipts that were "
            "fetched before go on verifying, and so does the log. Harmless to repeat.",
            paths={"number": ex.ERASED_LOAN},
            refusals=("not-found", "held", "job-refused", "log-busy"),
        ),
        "erasures.hold": Operation(
            "Put a loan under a legal hold",
            {200: Answer("The holds of the loan.", ref("Holds"))},
            "No loan is erased while anybody holds it.",
            paths=_PATH,
            refusals=("not-found", "erased", "log-busy"),
        ),
        "erasures.release": Operation(
            "Lift your legal hold",
            {200: Answer("The holds that are left.", ref("Holds"))},
            "The operator's own, if there is one, stays.",
            paths=_PATH,
            refusals=("not-found", "log-busy"),
        ),
        "erasures.retention": Operation(
            "List the loans that are due to be erased",
            {200: Answer("At most 1,000; nothing is erased by itself.", ref("Retention"))},
            "Settled loans whose last record is older than the `retention_days` of your policy.",
        ),
    },
)
FINDINGS = Table(
    "Findings",
    "What is odd.",
    {
        "findings.every": Operation(
            "List all findings",
            {200: Answer("One finding a line.", ref("Finding"), "application/x-ndjson")},
            query=(
                Query("severity", either(*(item.value for item in Severity)), "Only these.", repeated=True),
                Query("code", either(*CODES), "Only these.", repeated=True),
                AS_OF,
                LENDER,
            ),
            refusals=READING,
        )
    },
)
POLICY = Table(
    "Policy",
    "A lender's own rules.",
    {
        "policy.put": Operation(
            "Set the policy",
            {200: Answer("The policy in force from now on, complete.", ref("Policy"))},
            "What is not named is as in the notary's own policy of this day.",
            body=Body.json(ref("PolicyChange"), strict={"refuse": ["F6"], "thresholds": {"grace_days": 3}}, own={}),
            refusals=("invalid-policy",),
        ),
        "policy.show": Operation(
            "Show the policy",
            {200: Answer("The policy; version 0 is the notary's own.", ref("Policy"))},
            query=(AS_OF,),
            refusals=("invalid-input",),
        ),
    },
)
MY_LOAN = Table(
    "My loan",
    "The loan of whoever holds a pass to it.",
    {
        "my_loan.show": Operation(
            "Show the loan of the pass",
            {200: Answer("The loan.", ref("MyLoan"))},
            query=(AS_OF,),
            refusals=("invalid-input", "erased"),
        ),
        "my_loan.submit": Operation(
            "Add the borrower's own word",
            {
                201: Answer("The record is in the log: its receipt.", ref("Receipt")),
                200: Answer("The same record was in the log before: its receipt as of now.", ref("Receipt")),
            },
            "A `dispute` or `payment_claim` as JSON, or its envelope with the borrower's signature. The lender's "
            "policy does not apply to it.",
            body=Body(
                {
                    "application/json": ({"anyOf": [ref("Record"), ref("Envelope")]}, {"dispute": ex.dispute()}),
                    "application/jose+json": (
                        ref("Envelope"),
                        {"signed": ex.envelope({**ex.dispute(), "id": ex.CLAIM_ID}, ex.BORROWER_KEY)},
                    ),
                }
            ),
            refusals=PLACING,
        ),
        "my_loan.receipt": Operation(
            "Fetch a receipt of the loan of the pass",
            {200: RECEIPT},
            paths={"record_id": ex.AGREEMENT_ID},
            refusals=("not-found", "erased"),
        ),
        "my_loan.certificate": Operation(
            "Fetch a certificate of the loan of the pass",
            {200: CERTIFICATE},
            paths={"record_id": ex.AGREEMENT_ID},
            refusals=("not-found", "erased", "invalid-qr"),
        ),
        "my_loan.evidence": Operation(
            "Fetch the evidence package of the loan of the pass",
            {200: PACKAGE},
            refusals=("not-found", "erased", "package-too-large", "history-too-long"),
        ),
    },
)
