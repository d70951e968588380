# SPDX-License-Identifier: Apache-2.0
"""The published vectors of verification: `python -m tests.support.make_vectors` writes them anew.

They are made from fixed keys, so a second run writes the same bytes. Which links break is said by hand in
`vector_cases`, `vector_broken` and `vector_malformed`; a case in which the notary's own verifier finds others is not
written but ends in an error.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from notary.encoding import b64
from notary.log.signed_note import parse_verifier
from notary.receipts.report import Report, Status
from tests.support.vector_broken import broken_cases
from tests.support.vector_cases import Case, good_cases, sealed_wrongly
from tests.support.vector_malformed import malformed_cases
from verifier import make_verifier

FOLDER = Path(__file__).parents[1] / "vectors" / "verification"
GROUPS = {"good": good_cases, "broken": broken_cases, "sealed-wrongly": sealed_wrongly, "malformed": malformed_cases}


def vectors() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the name of each file and the cases in it."""
    for group, cases in GROUPS.items():
        yield f"{group}.json", [_vector(case) for case in cases()]


def expectation(report: Report) -> dict[str, Any]:
    """Return what a vector says about a report: every other verifier must come to the same."""
    return {
        "verdict": report.verdict.value,
        "links": [[check.link, check.status.value] for check in report.checks],
        "facts": report.facts,
    }


def encoded(cases: list[dict[str, Any]]) -> str:
    """Return the text of a file: one case a line."""
    return "[\n" + ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases) + "\n]\n"


def _vector(case: Case) -> dict[str, Any]:
    report = make_verifier(parse_verifier(case.log_key) if case.log_key else None).verify(case.data)
    found = {check.link for check in report.checks if check.status is Status.FAILED}
    assert found == case.broken, f"{case.name}: {sorted(found)} break, not {sorted(case.broken)}"
    return {"name": case.name, "log_key": case.log_key, "receipt": b64(case.data), **expectation(report)}


def main() -> None:
    """Write the files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, cases in vectors():
        (FOLDER / name).write_text(encoded(cases), "utf-8")


if __name__ == "__main__":
    main()
