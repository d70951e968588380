# SPDX-License-Identifier: Apache-2.0
"""Views and findings as JSON, for the API and the command line."""

from typing import Any

from notary.encoding import format_time
from notary.finance.schedule import Instalment
from notary.history.finding import Finding
from notary.history.view import LoanView
from notary.records.money import format_amount


def view_json(view: LoanView) -> dict[str, Any]:
    """Return a view; sums are money as in records, but with a sign where more was paid back than was owed."""
    state, account, currency = view.state, view.account, view.state.currency

    def money(minor: int | None) -> dict[str, str] | None:
        return None if minor is None or not currency else _money(minor, currency)

    return {
        "as_of": format_time(view.as_of),
        "records": view.records,
        "state": state.stage,
        "disputed": bool(state.disputes),
        "frozen": state.frozen,
        "holders": [
            {
                "name": item.holder.name,
                "lei": item.holder.lei or None,
                "uscc": item.holder.uscc or None,
                "share": item.share,
                "participated": item.participated,
            }
            for item in state.holdings
        ],
        "open_disputes": list(state.disputes),
        "principal": {
            name: money(getattr(account, name))
            for name in ("disbursed", "capitalised", "repaid", "waived", "written_off", "outstanding")
        },
        "interest_outstanding": money(view.interest_outstanding),
        "paid": {
            "total": money(account.paid),
            "principal": money(account.repaid),
            "interest": money(account.interest),
            "penalty": money(account.penalty),
            "fee": money(account.fee),
            "recovered": money(account.recovered),
        },
        "limit": money(view.limit),
        "next_due": _row(view.next_due.row, currency) | {"open": money(view.next_due.open)} if view.next_due else None,
        "overdue": money(view.overdue),
        "days_past_due": view.days_past_due,
        "schedule": {
            "record": view.plan.source.record.id,
            "recorded": view.plan.recorded,
            "rows": [
                _row(row, currency) | {"open": money(left)} for row, left in zip(view.plan.rows, view.open, strict=True)
            ],
        }
        if view.plan
        else None,
        "findings": [finding_json(item) for item in view.findings],
    }


def finding_json(item: Finding) -> dict[str, Any]:
    """Return a finding with its code, weight, sentences, and the sequences and ids of the records it rests on."""
    return {
        "code": item.code,
        "severity": item.severity.value,
        "records": [
            {"sequence": sequence, "id": record}
            for sequence, record in zip(item.sequences, item.record_ids, strict=True)
        ],
        "zh": item.zh,
        "en": item.en,
    }


def _row(row: Instalment, currency: str) -> dict[str, Any]:
    return {
        "no": row.number,
        "due": row.due.isoformat(),
        "principal": _money(row.principal, currency),
        "interest": _money(row.interest, currency),
        "fee": _money(row.fee, currency),
        "balance": _money(row.balance, currency),
    }


def _money(minor: int, currency: str) -> dict[str, str]:
    sign = "-" if minor < 0 else ""
    return {"currency": currency, "amount": sign + format_amount(abs(minor), currency)}
