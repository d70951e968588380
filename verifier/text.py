# SPDX-License-Identifier: Apache-2.0
"""A report as lines for people."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from notary.receipts.report import Report, Status, Verdict

_MARKS = {
    Status.OK: "✓",
    Status.FAILED: "✗",
    Status.PENDING: "…",
    Status.UNKNOWN: "?",
    Status.NOT_CHECKED: "–",
}


class Line(NamedTuple):
    """A line and what it tells of, for those who colour it; None for a plain one."""

    text: str
    about: Verdict | Status | None = None


def report_lines(report: Report) -> Iterator[Line]:
    """Yield what a verifier found: verdict, facts, checks, the loan where all of it is there, what was trusted."""
    yield Line(report.verdict.value.upper(), report.verdict)
    for name, value in report.facts.items():
        if name != "signers":
            yield Line(f"  {name.replace('_', ' '):<12} {str(value).upper() if value == 'test' else value}")
    for signer in report.facts.get("signers", ()):
        yield Line(f"  {'signed by':<12} {signer['party']}, {signer['subject'] or 'key ' + signer['kid']}")
    yield Line("checks")
    for check in report.checks:
        text = f"  {_MARKS[check.status]} {check.link:<12} {check.status.value:<12} {check.detail}"
        yield Line(text, check.status)
    if report.loan is not None:
        yield from _loan_lines(report.loan)
    if report.trusted:
        yield Line("taken on trust")
        yield from (Line(f"  · {sentence}") for sentence in report.trusted)


def _loan_lines(loan: dict[str, Any]) -> Iterator[Line]:
    yield Line(f"the loan as of {loan['as_of']}, computed from its records")
    sums = {"outstanding": loan["principal"]["outstanding"], "paid": loan["paid"]["total"], "overdue": loan["overdue"]}
    for name, money in sums.items():
        if money is not None:
            yield Line(f"  {name:<12} {money['amount']} {money['currency']}")
    for finding in loan["findings"]:
        numbers = ", ".join(str(record["sequence"]) for record in finding["records"])
        yield Line(f"  {finding['code']} {finding['severity']}: {finding['en']} (record {numbers})")
