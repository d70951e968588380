# SPDX-License-Identifier: Apache-2.0
"""Operations on audits."""

from api.openapi import examples as ex
from api.openapi.model import Answer, Body, Link, Operation, Table
from api.openapi.shapes import TEXT, WHOLE, either, exactly, items, ref
from notary.audit.bookings import BOOKED
from notary.audit.evaluation import ATTRIBUTE_COLUMNS
from notary.audit.tie_out import COLUMNS

_PATH = {"audit": ex.AUDIT_ID}
_ID = {"audit": "$response.body#/id"}
_AUDIT = Answer("The audit.", ref("Audit"))
_DECIMAL = {"type": "string", "pattern": r"^(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,6})?$"}
_TYPES = items(either(*BOOKED), minItems=1)
_NUMBER = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
_SAMPLE = exactly(
    {
        "kind": either("sample"), "types": _TYPES, "tolerable": _DECIMAL, "confidence": _DECIMAL,
        "mode": either("attribute", "monetary"),
    },
    {
        "lender": _NUMBER, "expected": {**WHOLE, "maximum": 2**31 - 1}, "currency": TEXT,
        "population": either("infinite", "finite"), "seed_block": _NUMBER,
    },
)  # fmt: skip
_REFUSALS = ("not-found", "job-refused")

TABLE = Table(
    "Audits",
    "Of the log, of a lender's records, of a sample, of a ledger; each runs in the background.",
    {
        "audits.order": Operation(
            "Order an audit",
            {201: _AUDIT},
            "`log` is what an outsider sees, with its anchors; `records` adds every record and signature of a lender; "
            "`sample` draws one; `tie-out` holds a ledger against the log, which is sent afterwards. An auditor names "
            "the lender, and needs a grant of all its loans. At most four are not over.",
            body=Body.json(
                {
                    "oneOf": [
                        exactly({"kind": either("log")}),
                        exactly({"kind": either("records")}, {"lender": _NUMBER}),
                        exactly({"kind": either("tie-out"), "types": _TYPES}, {"lender": _NUMBER}),
                        _SAMPLE,
                    ]
                },
                tie_out={"kind": "tie-out", "types": ["repayment", "disbursement"]},
                log={"kind": "log"},
                records={"kind": "records"},
                sample={
                    "kind": "sample",
                    "mode": "attribute",
                    "types": ["repayment"],
                    "confidence": "0.95",
                    "tolerable": "0.05",
                },
            ),
            refusals=_REFUSALS,
            links={
                201: tuple(Link(f"audits.{name}", _ID) for name in ("show", "put_ledger", "cancel")),
            },
        ),
        "audits.put_ledger": Operation(
            "Send the ledger of a tie-out",
            {200: _AUDIT},
            f"At most 64 MiB of CSV (RFC 4180) whose first line is `{','.join(COLUMNS)}`. The same may be sent again.",
            paths=_PATH,
            body=Body({"text/csv": (TEXT, {"empty": ",".join(COLUMNS) + "\n"})}),
            refusals=(*_REFUSALS, "invalid-input", "wrong-digest"),
        ),
        "audits.index": Operation(
            "List audits", {200: Answer("Yours, the newest first; they are kept for thirty days.", ref("Audits"))}
        ),
        "audits.show": Operation("Show how far an audit is", {200: _AUDIT}, paths=_PATH, refusals=("not-found",)),
        "audits.report": Operation(
            "Fetch an audit's report",
            {200: Answer("An audit, a sample or a tie-out, as its `format` says.", ref("AuditReport"))},
            paths=_PATH,
            refusals=_REFUSALS,
        ),
        "audits.cancel": Operation(
            "Cancel an audit", {200: _AUDIT}, paths=_PATH, body=Body.json(exactly({}), nothing={}), refusals=_REFUSALS
        ),
        "audits.evaluate_sample": Operation(
            "Evaluate a sample",
            {200: Answer("What the results show of the population.", ref("SampleEvaluation"))},
            "`index,deviation` with yes or no, or `index,audited` with sums, for every item of the sample.",
            paths=_PATH,
            body=Body({"text/csv": (TEXT, {"one_item": ",".join(ATTRIBUTE_COLUMNS) + "\n2,no\n"})}),
            refusals=(*_REFUSALS, "invalid-input", "wrong-digest"),
        ),
    },
)
