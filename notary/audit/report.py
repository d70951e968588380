# SPDX-License-Identifier: Apache-2.0
"""What a full audit says in the end, for programs (`loan-notary/audit@1`) and for readers (Markdown)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from notary.audit.finding import Findings
from notary.audit.histories import HistoriesOutcome
from notary.audit.job import Job
from notary.encoding import b64, format_time
from notary.receipts.report import Verdict

FORMAT = "loan-notary/audit@1"


@dataclass(frozen=True)
class AuditReport:
    """A full audit's result.

    `root` is what the entries hash to, None if some could not be read; `histories` None for an audit without records.
    `unknown` are (place, reason) of what could not be checked, `not_checked` what nobody asked for; `resumed` counts
    the parts that an earlier run had done; `erased` the entries whose openings were erased, as the log says.
    """

    job: Job
    source: str
    began_at: int
    ended_at: int
    workers: int
    resumed: int
    erased: int
    root: bytes | None
    histories: HistoriesOutcome | None
    anchors_on_chain: int
    anchors_stored: int
    findings: Findings
    unknown: tuple[tuple[str, str], ...]
    not_checked: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        """Return `invalid` if anything contradicts, else `cannot tell` if something could not be checked."""
        if self.findings.count:
            return Verdict.INVALID
        return Verdict.CANNOT_TELL if self.unknown else Verdict.VALID

    def members(self) -> dict[str, Any]:
        """Return the report as a JSON object."""
        return {
            "format": FORMAT,
            "verdict": self.verdict.value,
            "source": self.source,
            "began_at": format_time(self.began_at),
            "ended_at": format_time(self.ended_at),
            "workers": self.workers,
            "resumed_parts": self.resumed,
            "checkpoint": self.job.checkpoint,
            "entries": self.job.size,
            "root": b64(self.root) if self.root is not None else None,
            "anchors": {"on_chain": self.anchors_on_chain, "stored": self.anchors_stored},
            "records": _records(self.histories, self.erased, self.job.as_of) if self.histories else None,
            "findings": [
                {"place": item.place, "index": item.index, "finding": item.text} for item in self.findings.ordered()
            ],
            "findings_not_listed": self.findings.unlisted,
            "unknown": [{"place": place, "reason": reason} for place, reason in self.unknown],
            "not_checked": list(self.not_checked),
        }


def _records(histories: HistoriesOutcome, erased: int, as_of: int) -> dict[str, Any]:
    return {
        "records": histories.records,
        "erased": erased,
        "loans": histories.loans,
        "signatures": histories.signatures,
        "assurance": dict(sorted(histories.assurance.items())),
        "history_findings": {
            "as_of": format_time(as_of),
            "by_code": dict(sorted(histories.codes.items(), key=lambda item: int(item[0][1:]))),
            "loans_not_judged": histories.broken,
        },
    }


_WORDS = {
    Verdict.VALID: "CLEAN: everything that was checked fits together.",
    Verdict.INVALID: "CONTRADICTIONS: see the findings.",
    Verdict.CANNOT_TELL: "CANNOT TELL: nothing contradicts, but something could not be checked.",
}


def markdown(members: Mapping[str, Any]) -> str:
    """Write a report's members for a reader."""
    verdict = Verdict(members["verdict"])
    anchors, records = members["anchors"], members["records"]
    rows = {
        "source": members["source"],
        "began, ended": f"{members['began_at']}, {members['ended_at']}",
        "entries": f"{members['entries']:,}",
        "root of the entries": members["root"] or "not computed",
        "anchors": f"{anchors['on_chain']:,} on the chain, {anchors['stored']:,} kept by the notary",
        "worker processes": f"{members['workers']}, {members['resumed_parts']} parts done by an earlier run",
    }
    if records:
        rows["records"] = f"{records['records']:,} of {records['loans']:,} loans"
        rows["erased"] = f"{records['erased']:,} more, as the log says"
        rows["signatures verified"] = f"{records['signatures']:,}"
        rows["whose word"] = ", ".join(f"{name} {count:,}" for name, count in records["assurance"].items()) or "none"
    lines = ["# Audit of the log", "", f"**{_WORDS[verdict]}**", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {_cell(value)} |" for name, value in rows.items()]
    lines += ["", "## Checkpoint", "", "```text", members["checkpoint"].rstrip("\n"), "```"]
    lines += ["", "## Findings", ""]
    lines += [f"- {item['place']}: {_cell(item['finding'])}" for item in members["findings"]] or ["none"]
    if members["findings_not_listed"]:
        lines.append(f"- and {members['findings_not_listed']:,} more")
    lines += ["", "## Not checked", ""]
    lines += [f"- {item['place']}: {_cell(item['reason'])}" for item in members["unknown"]]
    lines += [f"- {text}" for text in members["not_checked"]]
    if not members["unknown"] and not members["not_checked"]:
        lines.append("nothing")
    if records:
        lines += ["", "## What the records themselves show", "", *_history_lines(records["history_findings"])]
    return "\n".join(lines) + "\n"


def _history_lines(history: Mapping[str, Any]) -> list[str]:
    lines = [f"As of {history['as_of']}; they follow from the records and contradict nothing in the log.", ""]
    lines += [f"- {code}: {count:,}" for code, count in history["by_code"].items()] or ["none"]
    if history["loans_not_judged"]:
        lines.append(f"- {history['loans_not_judged']:,} loans were not judged: their records contradict each other")
    return lines


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
