# SPDX-License-Identifier: Apache-2.0
"""The report of a tie-out (`loan-notary/tie-out@1`): how many lines fit and how many do not, sums, differences."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from notary.audit.table import read_table
from notary.audit.tie_out import COLUMNS, TieOut, sums_members

FORMAT = "loan-notary/tie-out@1"


def tie_out_report(
    tie: TieOut, ledger: Iterable[str], most: int, keep: Callable[[dict[str, Any]], object] | None = None
) -> dict[str, Any]:
    """Hold a ledger (CSV) against the log and return the report with the first `most` differences.

    `keep` is given every difference. Raises `TableError`.
    """
    counts, first = Counter[str](), list[dict[str, Any]]()
    for difference in tie.run(read_table(ledger, COLUMNS)):
        counts[difference.kind] += 1
        members = difference.members()
        if keep:
            keep(members)
        if len(first) < most:
            first.append(members)
    return {
        "format": FORMAT,
        "lender": tie.lender,
        "entries": tie.size,
        "types": list(tie.types),
        "matched": tie.matched,
        "mismatched": counts["mismatched"],
        "missing_in_the_log": counts["missing in the log"],
        "missing_in_the_ledger": counts["missing in the ledger"],
        "sums": sums_members(tie.sums),
        "differences": first,
    }


def ties_out(report: dict[str, Any]) -> bool:
    """Tell whether nothing differs."""
    return not any(report[name] for name in ("mismatched", "missing_in_the_log", "missing_in_the_ledger"))
