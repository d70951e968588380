# SPDX-License-Identifier: Apache-2.0
"""Calls on audits: order one, follow it, read what came of it."""

from collections.abc import Sequence
from typing import Any, Literal

from loan_notary.answers import Audit
from loan_notary.call import Call, get, member, path, send_json

CSV = "text/csv"


def audit_log() -> Call[Audit]:
    """Order an audit of the whole log, as an outsider sees it, and of its anchors.

    >>> client.audit_log()["state"]
    'waiting'
    """
    return send_json("POST", path("audits"), {"kind": "log"})


def audit_records(lender: int | None = None) -> Call[Audit]:
    """Order the same with every record, signature and loan of a lender; an auditor names whose.

    >>> client.audit_records()["kind"]
    'records'
    """
    return send_json("POST", path("audits"), {"kind": "records", "lender": lender})


def draw_sample(
    types: Sequence[str],
    tolerable: str,
    *,
    confidence: str = "0.95",
    mode: Literal["attribute", "monetary"] = "attribute",
    expected: int = 0,
    currency: str | None = None,
    population: Literal["infinite", "finite"] = "infinite",
    seed_block: int | None = None,
    lender: int | None = None,
) -> Call[Audit]:
    """Order a sample of a lender's records, seeded by a block that came after they were anchored (ISA 530).

    `tolerable` is a rate such as "0.05", or for monetary-unit samples a sum of `currency`.

    >>> client.draw_sample(["repayment"], "0.05")["kind"]
    'sample'
    """
    wanted = {
        "kind": "sample", "types": list(types), "tolerable": tolerable, "confidence": confidence, "mode": mode,
        "expected": expected, "currency": currency, "population": population, "seed_block": seed_block,
        "lender": lender,
    }  # fmt: skip
    return send_json("POST", path("audits"), wanted)


def tie_out(types: Sequence[str], lender: int | None = None) -> Call[Audit]:
    """Order that a lender's ledger is held against the log; `put_ledger` sends the ledger.

    >>> client.tie_out(["repayment"])["state"]
    'open'
    """
    return send_json("POST", path("audits"), {"kind": "tie-out", "types": list(types), "lender": lender})


def put_ledger(audit_id: str, ledger: bytes) -> Call[Audit]:
    """Send the ledger (CSV) of a tie-out.

    >>> audit = client.tie_out(["repayment"])
    >>> ledger = b"loan,type,id,reference,date,currency,amount\\n"
    >>> client.put_ledger(audit["id"], ledger)["state"]
    'waiting'
    """
    call = send_json("PUT", path("audits", audit_id, "ledger"))
    return Call(call.method, call.path, call.read, ledger, CSV)


def audits() -> Call[list[Audit]]:
    """List your audits of the last thirty days, the newest first.

    >>> audit = client.audit_log()
    >>> audit["id"] in [item["id"] for item in client.audits()]
    True
    """
    return member(get(path("audits")), "audits")


def audit(audit_id: str) -> Call[Audit]:
    """Return how far an audit is.

    >>> client.audit(client.audit_log()["id"])["done"]
    0
    """
    return get(path("audits", audit_id))


def audit_report(audit_id: str) -> Call[dict[str, Any]]:
    """Return the report of an audit that is done.

    >>> client.audit_report(audited)["verdict"]
    'valid'
    """
    return get(path("audits", audit_id, "report"))


def cancel_audit(audit_id: str) -> Call[Audit]:
    """End an audit that is not over.

    >>> client.cancel_audit(client.audit_log()["id"])["state"]
    'cancelled'
    """
    return send_json("POST", path("audits", audit_id, "cancellation"), {})


def evaluate_sample(audit_id: str, results: bytes) -> Call[dict[str, Any]]:
    """Say what the results (CSV: `index,deviation` or `index,audited`) of a sample show of the population.

    >>> items = client.audit_report(sampled)["items"]
    >>> rows = [f"{item['index']},no" for item in items]
    >>> client.evaluate_sample(sampled, "\\n".join(["index,deviation", *rows]).encode())["tolerable"]
    True
    """
    call = send_json("POST", path("audits", audit_id, "evaluation"))
    return Call(call.method, call.path, call.read, results, CSV)
