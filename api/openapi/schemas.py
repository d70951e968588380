# SPDX-License-Identifier: Apache-2.0
"""The schemas of the document: records as the code checks them, and what the API takes and answers beside them.

Objects in answers may get members; clients pass over those that they do not know.
"""

from typing import Any

from api.audits.audit import KINDS
from api.openapi.model import Schema
from api.openapi.shapes import (
    BASE64,
    BASE64URL,
    DIGEST,
    FLAG,
    HEX,
    TEXT,
    TIME,
    WHOLE,
    either,
    exactly,
    items,
    listing,
    members,
    or_null,
    ref,
)  # fmt: skip
from notary.access import ROLES
from notary.access_log import KINDS as READ_KINDS
from notary.access_log import THIS_HOST, WAYS, WRITING_HOSTS
from notary.batch_place import MAX_RECORDS
from notary.history import Severity
from notary.parties.keys import KEY_TYPES
from notary.parties.signatures import PARTIES, Assurance
from notary.policies import CODES, REFUSABLE, RETENTION_LIMITS, THRESHOLD_LIMITS
from notary.privacy.erasing import HOLDERS
from notary.receipts.report import Status, Verdict
from notary.records import RECORD_TYPES
from notary.records.schemas import schema_of
from notary.webhooks import EVENT_TYPES

_PARTS = "#/$defs/"
_DROPPED = frozenset({"$id", "$schema", "title", "discriminator"})
"""What a record type's schema says for itself alone, or again."""
_RECORD_TYPE = either(*RECORD_TYPES)
_SCOPES = items(either(*sorted({scope for scopes in ROLES.values() for scope in scopes})), minItems=1)

_TIME: Schema = {
    "type": "string",
    "description": "RFC 3339 in UTC, to the millisecond; in requests of the years 1900 to 2999.",
    "pattern": r"^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z$",
    "examples": ["2026-01-31T08:30:00.000Z"],
}
_PROBLEM = members(
    {
        "type": {"type": "string", "pattern": "^urn:loan-notary:problem:[a-z-]+$"},
        "title": TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": TEXT,
        "trace_id": {"type": "string", "description": "Find the request in the service's log by it."},
        "help": {"type": "string", "description": "The page that says what happened and what to do."},
    },
    {
        "errors": items(
            members(
                {
                    "pointer": {"type": "string", "description": "JSON Pointer (RFC 6901) into what was sent."},
                    "detail": TEXT,
                    "check": {"type": "string", "description": "C1 to C9, or nothing."},
                }
            )
        ),
        "findings": items(ref("Finding")),
    },
    description="A problem document (RFC 9457).",
)
_CHECKS = items(members({"kind": TEXT, "status": TEXT, "detail": TEXT, "signer": or_null(TEXT), "time": or_null(TEXT)}))
_VALIDITY = {"valid_from": TIME, "valid_until": or_null(TIME), "revoked_from": or_null(TIME)}
_PLACE = {**WHOLE, "maximum": MAX_RECORDS - 1}
_BATCH = exactly({"index": _PLACE, "path": items(BASE64, maxItems=32), "payload": BASE64URL})
_SIGNATURE = exactly({"protected": BASE64URL, "signature": BASE64URL}, {"batch": _BATCH})
_ENVELOPE = exactly({"payload": BASE64URL, "signatures": items(_SIGNATURE, maxItems=16)})
_WORD = members(
    {
        "sha256": DIGEST, "present": FLAG, "received_at": or_null(TIME), "size_ok": or_null(FLAG),
        "sm3": or_null(DIGEST), "media_type": or_null(TEXT), "checks": _CHECKS,
    }
)  # fmt: skip
_OPENED = {
    "received_at": TIME,
    "envelope": ref("Envelope"),
    "keys": items(members({"party": TEXT, "jwk": ref("Jwk"), **_VALIDITY, "root": or_null(BASE64)})),
    "documents": items(_WORD),
    "nonce": BASE64URL,
    "index": WHOLE,
    "inclusion": items(BASE64),
}
_SEALED = {
    "format": TEXT, "environment": either("production", "test"), "state": TEXT,
    "lender": TEXT, "checkpoint": TEXT, "log_key": TEXT,
    "timestamps": items(BASE64), "anchors": items({"type": "object"}), "seal": BASE64URL,
}  # fmt: skip
_SUMMARY = {
    "id": TEXT,
    "type": _RECORD_TYPE,
    "sequence": WHOLE,
    "index": WHOLE,
    "occurred_at": TEXT,
    "received_at": TIME,
    "assurance": either(*(item.value for item in Assurance)),
    "state": TEXT,
}
_SUM = or_null(members({"currency": TEXT, "amount": TEXT}))
_ROW = {"no": WHOLE, "due": TEXT, **dict.fromkeys(("principal", "interest", "fee", "balance", "open"), _SUM)}
_VIEW: dict[str, Schema] = {
    "as_of": TIME,
    "records": items(ref("RecordSummary")),
    "state": TEXT,
    "disputed": FLAG,
    "frozen": FLAG,
    "holders": items(
        members(
            {"name": TEXT, "lei": or_null(TEXT), "uscc": or_null(TEXT), "share": TEXT, "participated": TEXT},
        )
    ),
    "open_disputes": items(TEXT),
    "principal": members(
        dict.fromkeys(("disbursed", "capitalised", "repaid", "waived", "written_off", "outstanding"), _SUM)
    ),
    "interest_outstanding": _SUM,
    "paid": members(dict.fromkeys(("total", "principal", "interest", "penalty", "fee", "recovered"), _SUM)),
    "limit": _SUM,
    "next_due": or_null(members(_ROW)),
    "overdue": _SUM,
    "days_past_due": or_null(WHOLE),
    "schedule": or_null(members({"record": TEXT, "recorded": FLAG, "rows": items(members(_ROW))})),
    "findings": items(ref("Finding")),
}
_PAGE: dict[str, Schema] = {"size": WHOLE, "as_of": TIME, "next": or_null(TEXT)}
_LOAN = {"loan": TEXT, **_VIEW, "policy": WHOLE}
_THRESHOLDS: dict[str, Schema] = {
    **{name: {"type": "integer", "minimum": low, "maximum": high} for name, (low, high) in THRESHOLD_LIMITS.items()},
    "apr_tolerance": {"type": "string", "pattern": r"^(?:0|0\.[0-9]{0,5}[1-9])$"},
}
_POLICY = {
    "refuse": items(either(*REFUSABLE), uniqueItems=True),
    "require_documents": items(_RECORD_TYPE, uniqueItems=True),
}
_ACCESS = members(
    {
        "number": WHOLE, "at": TIME, "organisation": or_null(WHOLE), "organisation_name": or_null(TEXT), "by": TEXT,
        "way": either(*WAYS), "kind": either(*READ_KINDS), "loan": or_null(TEXT), "loan_reference": or_null(TEXT),
        "document_reference": or_null(TEXT), "record": or_null(TEXT), "entry": or_null(WHOLE), "query": or_null(TEXT),
        "trace_id": TEXT, "hash": DIGEST,
    }
)  # fmt: skip
_READS_AT = either(WRITING_HOSTS, THIS_HOST)
_BORROWER_ACCESS = members(
    {
        "at": TIME,
        "reader": members({"role": either("lender", "auditor", "operator", "borrower"), "name": or_null(TEXT)}),
        "kind": either(*READ_KINDS),
        "record": or_null(TEXT),
    }
)
_RETENTION = {"retention_days": {"type": "integer", "minimum": RETENTION_LIMITS[0], "maximum": RETENTION_LIMITS[1]}}
_HOLDS = items(members({"by": either(*HOLDERS), "set_at": TIME}))
_API_KEY = {
    "id": TEXT, "name": TEXT, "scopes": _SCOPES, "created_at": TIME, "expires_at": or_null(TIME),
    "revoked_at": or_null(TIME), "last_used_at": or_null(TIME),
}  # fmt: skip
_PASS = {
    "id": TEXT, "loan": TEXT, "created_at": TIME, "expires_at": TIME, "revoked_at": or_null(TIME),
    "last_used_at": or_null(TIME),
}  # fmt: skip
_WEBHOOK = {
    "id": TEXT, "url": TEXT, "events": items(either(*EVENT_TYPES), minItems=1),
    "state": either("active", "disabled"), "disabled_because": or_null(TEXT), "created_at": TIME,
}  # fmt: skip
_DELIVERY = {
    "id": TEXT, "type": TEXT, "state": either("waiting", "delivered", "failed"), "created_at": TIME, "attempts": WHOLE,
    "next_attempt_at": or_null(TIME), "delivered_at": or_null(TIME), "last_status": or_null(WHOLE),
    "last_detail": or_null(TEXT),
}  # fmt: skip
_AUDIT = {
    "id": TEXT, "kind": either(*KINDS), "lender": or_null(WHOLE),
    "state": either("open", "waiting", "running", "done", "failed", "cancelled"), "created_at": TIME,
    "started_at": or_null(TIME), "finished_at": or_null(TIME), "cancelled_at": or_null(TIME), "done": WHOLE,
    "total": or_null(WHOLE), "seconds_left": or_null(WHOLE), "problem": or_null({"type": "object"}),
}  # fmt: skip
_ORGANISATION = {"number": WHOLE, "name": TEXT, "role": either(*ROLES)}
_ATTACHMENT = members(
    {"sha256": DIGEST, "kind": either("signature", "timestamp"), "received_at": TIME, "checks": _CHECKS}
)
_DRAFT = {
    "id": TEXT, "loan": TEXT, "type": _RECORD_TYPE, "signed": items(members({"party": TEXT, "kid": TEXT})),
    "missing": items(TEXT), "created_at": TIME, "expires_at": TIME,
}  # fmt: skip

_OWN: dict[str, Schema] = {
    "Time": _TIME,
    "Problem": _PROBLEM,
    "Envelope": {**_ENVELOPE, "description": "A record with its signatures, as JWS (RFC 7515 section 7.2.1)."},
    "Signature": _SIGNATURE,
    "Receipt": members({**_SEALED, **_OPENED, "tag": BASE64URL}),
    "HistoryReceipt": members({**_SEALED, "loan_key": BASE64URL, "records": items(members(_OPENED))}),
    "Report": members(
        {
            "verdict": either(*(item.value for item in Verdict)),
            "facts": {"type": "object"},
            "checks": items(
                members({"link": TEXT, "status": either(*(item.value for item in Status)), "detail": TEXT})
            ),
            "trusted": items(TEXT),
        },
        {"loan": {"type": "object"}},
    ),
    "RecordSummary": members(_SUMMARY),
    "RecordWhole": members(
        {
            **_SUMMARY, "findings": items(ref("Finding")), "loan": TEXT, "documents": items(_WORD),
            "record": ref("Record"), "envelope": ref("Envelope"),
        }
    ),
    "RecordList": members({"records": items(members({"loan": TEXT, **_SUMMARY})), **_PAGE}),
    "LoanList": members(
        {"loans": items(members({"loan": TEXT, "state": TEXT, "records": WHOLE, "began_at": TIME})), **_PAGE}
    ),
    "BatchAnswer": members(
        {"line": WHOLE, "status": WHOLE},
        {**_PROBLEM["properties"], "status": WHOLE, "id": TEXT, "index": WHOLE, "sequence": WHOLE},
        description="One line of the answer: where the record is, or the problem of its line.",
    ),
    "Audit": members(_AUDIT),
    "AuditReport": members({"format": TEXT}, additionalProperties=True),
    "Audits": listing("audits", "Audit"),
    "SampleEvaluation": members(
        {
            "mode": either("attribute", "monetary"), "items": WHOLE, "upper_limit": TEXT, "tolerable": FLAG,
            "maths": TEXT,
        },
        {
            "deviations": WHOLE, "deviating": items(WHOLE), "overstated_items": WHOLE, "certain_overstatement": TEXT,
            "projected_overstatement": TEXT, "found_understatement": TEXT,
        },
    ),
    "Job": members(
        {
            "id": TEXT, "state": either("open", "running", "done", "cancelled"), "created_at": TIME,
            "started_at": or_null(TIME), "cancelled_at": or_null(TIME), "finished_at": or_null(TIME),
            "parts": items(members({"number": WHOLE, "sha256": DIGEST, "size": WHOLE})),
            **dict.fromkeys(("bytes", "bytes_read", "lines", "placed", "known", "refused"), WHOLE),
            "lines_per_second": or_null(WHOLE), "seconds_left": or_null(WHOLE),
        }
    ),
    "Finding": members(
        {
            "code": either(*CODES),
            "severity": either(*(item.value for item in Severity)),
            "records": items(members({"sequence": WHOLE, "id": TEXT})),
            "zh": TEXT,
            "en": TEXT,
        },
        {"loan": TEXT},
    ),
    "Loan": members(_LOAN),
    "MyLoan": members({**_LOAN, "lender": TEXT, "pass": members({"id": TEXT, "expires_at": TIME})}),
    "Accesses": members({"accesses": items(_ACCESS), "next": or_null(TEXT), "reads_at": _READS_AT}),
    "BorrowerAccesses": members({"count": WHOLE, "accesses": items(_BORROWER_ACCESS), "reads_at": _READS_AT}),
    "Erasure": members({"erasure": TEXT, "erased_at": or_null(TIME), "entries": items(WHOLE)}),
    "Holds": members({"loan": TEXT, "holds": _HOLDS}),
    "Retention": members(
        {
            "retention_days": or_null(WHOLE),
            "as_of": TIME,
            "due": items(members({"loan": TEXT, "last_record_at": TIME, "due_at": TIME, "holds": _HOLDS})),
        }
    ),
    "PolicyChange": exactly({}, {**_POLICY, **_RETENTION, "thresholds": exactly({}, _THRESHOLDS)}),
    "Policy": members(
        {
            "version": WHOLE, "set_at": or_null(TIME), "set_by": or_null(TEXT), **_POLICY,
            "thresholds": members(_THRESHOLDS),
        },
        _RETENTION,
    ),
    "DepositedDocument": members(
        {
            "sha256": DIGEST, "sm3": DIGEST, "size": WHOLE, "media_type": TEXT, "received_at": TIME,
            "checks": _CHECKS, "attachments": items(_ATTACHMENT),
        }
    ),
    "Draft": members(_DRAFT),
    "DraftWhole": members({**_DRAFT, "record": ref("Record"), "envelope": ref("Envelope")}),
    "Drafts": listing("drafts", "Draft", "after"),
    "Key": members(
        {
            "kid": TEXT, "party": either(*PARTIES), "jwk": ref("Jwk"), "registered_at": TIME, **_VALIDITY,
            "revoked_at": or_null(TIME),
        }
    ),
    "Keys": listing("keys", "Key", "after"),
    "Root": members(
        {
            "fingerprint": DIGEST, "party": either(*PARTIES), "organization": or_null(TEXT), "certificate": BASE64,
            **_VALIDITY, "revoked_at": or_null(TIME),
        }
    ),
    "Roots": listing("roots", "Root"),
    "ApiKey": members(_API_KEY),
    "ApiKeys": listing("api_keys", "ApiKey"),
    "NewApiKey": members({**_API_KEY, "api_key": TEXT}, description="The key itself is shown this once."),
    "ClientKey": members(
        {"kid": TEXT, "client_id": TEXT, "jwk": ref("Jwk"), "created_at": TIME, "revoked_at": or_null(TIME)}
    ),
    "ClientKeys": listing("client_keys", "ClientKey"),
    "Token": members(
        {"access_token": TEXT, "token_type": either("Bearer"), "expires_in": WHOLE, "scope": TEXT}
    ),
    "OAuthError": members({"error": TEXT, "error_description": TEXT}, description="RFC 6749 section 5.2."),
    "Grant": members(
        {
            "id": TEXT, "auditor": WHOLE, "lender": WHOLE, "loan": or_null(TEXT), "began_from": or_null(TIME),
            "began_until": or_null(TIME), "created_at": TIME, "expires_at": TIME, "revoked_at": or_null(TIME),
        }
    ),
    "Grants": listing("grants", "Grant"),
    "Pass": members(_PASS),
    "Passes": listing("passes", "Pass"),
    "NewPass": members({**_PASS, "secret": TEXT, "link": TEXT}, description="The secret is shown this once."),
    "Organisation": members(_ORGANISATION),
    "Organisations": listing("organisations", "Organisation"),
    "NewOrganisation": members({**_ORGANISATION, "api_key": TEXT}),
    "Webhook": members(_WEBHOOK),
    "Webhooks": listing("webhooks", "Webhook"),
    "WebhookWithSecret": members({**_WEBHOOK, "secret": TEXT}),
    "Delivery": members(_DELIVERY),
    "DeliveryWhole": members({**_DELIVERY, "body": TEXT}),
    "Deliveries": listing("deliveries", "Delivery", "next"),
    "Anchor": members(
        {
            "chain_id": WHOLE, "registry": HEX, "log_id": HEX, "size": WHOLE, "root": BASE64, "checkpoint": TEXT,
            "state": TEXT, "transaction_hash": or_null(HEX), "block_number": or_null(WHOLE),
            "block_hash": or_null(HEX), "block_time": or_null(WHOLE), "gas_used": or_null(WHOLE),
            "timestamps": items(members({"authority": TEXT, "time": TIME, "token": BASE64})),
        }
    ),
    "Anchors": listing("anchors", "Anchor", "next"),
    "KeyHistory": members({"format": {"const": "loan-notary/log-keys@1"}, "successions": items(TEXT)}),
    "Health": members({"status": TEXT}),
    "Readiness": members(
        {"status": TEXT, "size": WHOLE, "anchor": or_null({"type": "object"}), "timestamps": items({"type": "object"})}
    ),
}  # fmt: skip


def component_schemas() -> dict[str, Any]:
    """Return all schemas by name: the API's own, each record type's as `record.TYPE`, and the parts of these."""
    found: dict[str, Any] = {**_OWN, "Jwk": {"oneOf": [_jwk(kind) for kind in KEY_TYPES.values()]}}
    for name in RECORD_TYPES:
        schema = schema_of(name)
        parts = schema.pop("$defs", {})
        for part, value in {**parts, f"record.{name}": schema}.items():
            known = found.setdefault(part, _hoisted(value))
            assert known == _hoisted(value), f"two different schemas are called {part}"
    mapping = {name: f"#/components/schemas/record.{name}" for name in RECORD_TYPES}
    found["Record"] = {
        "oneOf": [ref(f"record.{name}") for name in RECORD_TYPES],
        "discriminator": {"propertyName": "type", "mapping": mapping},
    }
    return found


def _jwk(kind: Any) -> Schema:
    named = {name: {"const": value} for name, value in kind.named.items()}
    return exactly({**named, **{member.name: TEXT for member in kind.members}})


def _hoisted(value: Any) -> Any:
    """Have a record type's schema point at the document's parts."""
    if isinstance(value, list):
        return [_hoisted(item) for item in value]
    if isinstance(value, dict):
        return {
            key: {name: _hoisted(item) for name, item in part.items()} if key == "properties" else _hoisted(part)
            for key, part in value.items()
            if key not in _DROPPED
        }
    return value.replace(_PARTS, "#/components/schemas/") if isinstance(value, str) else value
