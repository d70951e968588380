# SPDX-License-Identifier: Apache-2.0
"""`loan-notary submit` of a file of plain repayments, timed from outside, start of the command included."""

from pathlib import Path
from time import perf_counter

import orjson

from tests.bench.figures import Figure
from tests.bench.notary import command, repayments, running_notary

TITLE = "Bulk submission: loan-notary submit"
RECORDS = 100_000


def run(folder: Path) -> list[Figure]:
    """Measure."""
    source = folder / "repayments.ndjson"
    with running_notary(folder) as notary:
        source.write_bytes(b"\n".join(repayments(0, RECORDS)) + b"\n")
        began = perf_counter()
        answer = command(
            "submit", str(source), "--json", LOAN_NOTARY_URL=notary.url, LOAN_NOTARY_API_KEY=notary.api_key
        )
        seconds = perf_counter() - began
    outcome = orjson.loads(answer)
    if outcome["placed"] != RECORDS:
        raise RuntimeError(f"not all records were placed: {answer[:500]}")
    return [
        Figure("records", RECORDS),
        Figure("time", seconds, "s"),
        Figure("rate", RECORDS / seconds, "records/s", ">= 15,000"),
    ]
