# SPDX-License-Identifier: Apache-2.0
"""What an auditor found in a sample, carried over to the population: the upper limit, and whether it can be tolerated.

The results are a table: `index,deviation` with yes or no, or `index,audited` with the sum that the auditor found right.
Every item of the sample has one row, in any order.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from notary.audit.sample import FORMAT
from notary.audit.sampling import SampleError, upper_deviation_limit, upper_misstatement_limit
from notary.audit.table import TableError, read_amount, read_table
from notary.records.money import format_amount, minor_units

ATTRIBUTE_COLUMNS, MONETARY_COLUMNS = ("index", "deviation"), ("index", "audited")


def evaluate(sample: Any, results: Iterable[str]) -> dict[str, Any]:
    """Return what the results say; `tolerable` tells whether the upper limit is within what was asked for.

    Raises `SampleError` for a document that is no sample or results that are not its own, `TableError` for a table that
    cannot be read.
    """
    try:
        if sample["format"] != FORMAT:
            raise SampleError(f"the sample is not of the format {FORMAT}")
        monetary = sample["wanted"]["mode"] == "monetary"
        return _monetary(sample, results) if monetary else _attribute(sample, results)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise SampleError(f"the sample cannot be read: {type(error).__name__} at {error}") from None


def _attribute(sample: Any, results: Iterable[str]) -> dict[str, Any]:
    answers = _answers(sample, results, ATTRIBUTE_COLUMNS)
    deviating = []
    for index, (line, text) in answers.items():
        if text not in ("yes", "no"):
            raise TableError(line, f"has {text[:20]!r} as deviation, neither yes nor no")
        if text == "yes":
            deviating.append(index)
    wanted = sample["wanted"]
    limit = upper_deviation_limit(len(answers), len(deviating), Decimal(wanted["confidence"]))
    return {
        "mode": "attribute",
        "items": len(answers),
        "deviations": len(deviating),
        "deviating": sorted(deviating),
        "upper_limit": f"{limit:f}",
        "tolerable": limit <= Decimal(wanted["tolerable"]),
        "maths": f"at most this share deviates, with a confidence of {wanted['confidence']} (Clopper and Pearson)",
    }


def _monetary(sample: Any, results: Iterable[str]) -> dict[str, Any]:
    answers = _answers(sample, results, MONETARY_COLUMNS)
    wanted = sample["wanted"]
    currency, taintings = wanted["currency"], []
    certain = under = 0
    for item in sample["items"]:
        line, text = answers[item["index"]]
        booked = minor_units(item["amount"])
        over = booked - read_amount(line, text, currency)
        if over < 0:
            under -= over
        elif over and item["certain"]:
            certain += over
        elif over:
            taintings.append(Decimal(over) / booked)
    population = sample["population"]
    left = population["items"] > population["certain"]["items"]
    interval = minor_units(sample["interval"]) if left else 0
    limit = upper_misstatement_limit(interval, taintings, certain, Decimal(wanted["confidence"]))
    return {
        "mode": "monetary",
        "items": len(answers),
        "overstated_items": len(taintings),
        "certain_overstatement": format_amount(certain, currency),
        "projected_overstatement": format_amount(certain + int(interval * sum(taintings, Decimal(0))), currency),
        "found_understatement": format_amount(under, currency),
        "upper_limit": format_amount(limit, currency),
        "tolerable": limit <= minor_units(wanted["tolerable"]),
        "maths": (
            f"the population is overstated by at most this, with a confidence of {wanted['confidence']} (Stringer "
            f"bound, Poisson factors); understatements are shown and not set off"
        ),
    }


def _answers(sample: Any, results: Iterable[str], columns: tuple[str, str]) -> dict[int, tuple[int, str]]:
    """Return the line and the answer for each item of the sample."""
    wanted = {item["index"] for item in sample["items"]}
    answers: dict[int, tuple[int, str]] = {}
    for line, fields in read_table(results, columns):
        text = fields["index"]
        index = int(text) if text.isascii() and text.isdigit() else -1
        if index not in wanted or str(index) != text:
            raise TableError(line, f"is about entry {text[:20]!r}, which is not in the sample")
        if index in answers:
            raise TableError(line, f"is the second about entry {index}")
        answers[index] = line, fields[columns[1]]
    if missing := sorted(wanted - answers.keys()):
        raise SampleError(f"entry {missing[0]} of the sample has no result, and {len(missing) - 1} more")
    return answers
