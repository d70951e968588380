# SPDX-License-Identifier: Apache-2.0
"""`tie-out`: a ledger against a real log."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import Result

from api.settings import DataFolder, Settings
from notary.audit.bookings import UnbookedTypeError
from notary.audit.tie_out import COLUMNS, TieOut
from notary.stores.sqlite import SqliteStore
from tests.support.audited import append, prepare
from tests.support.builders import ORIGIN, VAULT, kit_over, record, record_id
from tests.support.cli import document, is_one_line, run

Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log with two loans of an agreement, a disbursement and ten repayments each, and one loan in yen."""
    path = tmp_path_factory.mktemp("ledger")
    DataFolder(path).begin(Settings.checked(origin=ORIGIN))
    prepare(path)
    store = SqliteStore.create(path / "notary.db", VAULT)
    append(kit_over(store), [orjson.dumps(value) for value in values()])
    store.close()
    return path


def values() -> list[dict[str, Any]]:
    made = []
    for loan in (1, 2):
        made.append(record("agreement", id=record_id(loan * 100), loan=f"L-{loan}"))
        made.append(record("disbursement", id=record_id(loan * 100 + 1), loan=f"L-{loan}", reference=f"OUT-{loan}"))
        made += [
            record("repayment", id=record_id(loan * 100 + 2 + i), loan=f"L-{loan}", reference=f"IN-{loan}-{i}")
            for i in range(10)
        ]
    made.append(record("reminder", id=record_id(900), loan="L-1"))
    return made


def ledger() -> Rows:
    """Return the ledger that fits."""
    rows = []
    for value in values():
        if value["type"] in ("agreement", "disbursement", "repayment"):
            amount = value.get("amount") or value["principal"]
            day = value.get("value_date") or value["occurred_at"][:10]
            row = (
                value["loan"],
                value["type"],
                value["id"],
                value.get("reference", ""),
                day,
                amount["currency"],
                amount["amount"],
            )
            rows.append(dict(zip(COLUMNS, row, strict=True)))
    return rows


def tied(folder: Path, rows: Rows, *arguments: str | Path) -> Result:
    path = folder / "ledger.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return run("tie-out", path, "--data", folder, *arguments)


def test_a_ledger_that_fits(folder: Path) -> None:
    result = tied(folder, ledger(), "--json")
    report = document(result)
    assert (result.exit_code, report["matched"], report["differences"]) == (0, 24, [])
    sums = {(item["type"], item["currency"]): item for item in report["sums"]}
    assert sums["repayment", "CNY"] == {
        "type": "repayment", "currency": "CNY", "ledger": {"count": 20, "amount": "17819.80"},
        "log": {"count": 20, "amount": "17819.80"}, "difference": "0.00",
    }  # fmt: skip
    assert set(sums) == {("agreement", "CNY"), ("disbursement", "CNY"), ("repayment", "CNY")}
    shown = tied(folder, ledger())
    assert (shown.exit_code, "17819.80" in shown.stdout) == (0, True)


@pytest.mark.parametrize("named_by", ["id", "reference"])
def test_a_row_may_name_its_record_in_two_ways(folder: Path, named_by: str) -> None:
    other = {"id": "reference", "reference": "id"}[named_by]
    rows = [row | {other: ""} if row[named_by] else row for row in ledger()]
    assert document(tied(folder, rows, "--json"))["matched"] == 24


def change(at: int, **fields: str) -> Callable[[Rows], Rows]:
    return lambda rows: [row | fields if i == at else row for i, row in enumerate(rows)]


# Of the ledger's rows the third, on line 4 of the file, is the first repayment, at entry 3 of the log.
NOT_FOUND = [("missing in the log", 4, None, set[str]()), ("missing in the ledger", None, 3, set[str]())]
DIFFERENCES: dict[str, tuple[Callable[[Rows], Rows], list[tuple[str, int | None, int | None, set[str]]]]] = {
    "another amount": (change(2, amount="890.98"), [("mismatched", 4, 3, {"amount"})]),
    "another day": (change(2, date="2026-01-01"), [("mismatched", 4, 3, {"date"})]),
    "another currency": (change(2, currency="EUR"), [("mismatched", 4, 3, {"currency"})]),
    "another loan": (change(2, loan="L-9"), [("mismatched", 4, 3, {"loan"})]),
    "another reference": (change(2, reference="X"), [("mismatched", 4, 3, {"reference"})]),
    "another type": (change(2, type="reversal"), [("mismatched", 4, 3, {"type"})]),
    "two things": (change(2, amount="1.00", date="2026-01-01"), [("mismatched", 4, 3, {"amount", "date"})]),
    "a row gone": (lambda rows: rows[:2] + rows[3:], [("missing in the ledger", None, 3, set())]),
    "a row of nothing": (
        change(2, id=record_id(5555)), NOT_FOUND
    ),
    "an id that is none": (
        change(2, id="5555"), NOT_FOUND
    ),
    "a row twice": (lambda rows: [*rows, rows[2]], [("missing in the log", 26, None, set())]),
    "a record that no ledger books": (
        change(2, id=record_id(900)), NOT_FOUND
    ),
    "by reference, another amount": (change(2, id="", amount="1.00"), [("mismatched", 4, 3, {"amount"})]),
    "by reference, in another loan": (
        change(2, id="", loan="L-2"), NOT_FOUND
    ),
    "no rows": (lambda _: [], [("missing in the ledger", None, i, set()) for i in range(1, 25)]),
}  # fmt: skip


@pytest.mark.parametrize("name", DIFFERENCES)
def test_what_does_not_fit_is_named(folder: Path, name: str) -> None:
    changed, wanted = DIFFERENCES[name]
    result = tied(folder, changed(ledger()), "--json")
    report = document(result)
    found = [(item["kind"], item["line"], item["index"], set(item["fields"])) for item in report["differences"]]
    assert (result.exit_code, found) == (1, wanted)
    assert report["matched"] + report["mismatched"] + report["missing_in_the_ledger"] == 24
    counts = [report[kind] for kind in ("mismatched", "missing_in_the_log", "missing_in_the_ledger")]
    assert sum(counts) == len(wanted)


def test_both_values_and_the_sums_are_told(folder: Path) -> None:
    report = document(tied(folder, change(2, amount="890.98")(ledger()), "--json"))
    assert report["differences"][0]["fields"] == {"amount": {"ledger": "890.98", "log": "890.99"}}
    assert {item["difference"] for item in report["sums"]} == {"0.00", "-0.01"}
    shown = tied(folder, change(2, amount="890.98")(ledger()))
    assert (shown.exit_code, "amount: 890.98 / 890.99" in shown.stdout, "line 4" in shown.stdout) == (1, True, True)


def test_all_differences_go_to_a_file(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "differences"
    rows = [row | {"amount": "1.00"} for row in ledger()] * 5
    report = document(tied(folder, rows, "--differences", path, "--json"))
    lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    assert (len(report["differences"]), len(lines)) == (100, 120)
    assert lines[:100] == report["differences"]


def test_of_several_payments_with_one_reference_the_one_that_fits_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "twins"
    DataFolder(path).begin(Settings.checked(origin=ORIGIN))
    prepare(path)
    store = SqliteStore.create(path / "notary.db", VAULT)
    first = record("agreement", id=record_id(1), loan="T-1")
    twins = [
        record("repayment", id=record_id(i), loan="T-1", reference="R", value_date=f"2026-03-0{i}") for i in (2, 3)
    ]
    append(kit_over(store), [orjson.dumps(value) for value in (first, *twins)])
    store.close()
    row = dict(zip(COLUMNS, ("T-1", "repayment", "", "R", "2026-03-03", "CNY", "890.99"), strict=True))
    rows = [row, row | {"date": "2026-03-02"}]
    assert tied(path, rows, "--type", "repayment").exit_code == 0
    third = document(tied(path, [*rows, row], "--type", "repayment", "--json"))
    assert (third["matched"], third["missing_in_the_log"]) == (2, 1)


def test_payments_that_are_alike_are_as_many_as_there_are(tmp_path: Path) -> None:
    path = tmp_path / "alike"
    DataFolder(path).begin(Settings.checked(origin=ORIGIN))
    prepare(path)
    store = SqliteStore.create(path / "notary.db", VAULT)
    first = record("agreement", id=record_id(1), loan="T-1")
    twins = [record("repayment", id=record_id(i), loan="T-1", reference="R", value_date="2026-03-02") for i in (2, 3)]
    append(kit_over(store), [orjson.dumps(value) for value in (first, *twins)])
    row = dict(zip(COLUMNS, ("T-1", "repayment", "", "R", "2026-03-02", "CNY", "890.99"), strict=True))
    assert tied(path, [row, row], "--type", "repayment").exit_code == 0
    assert tied(path, [row, row, row], "--type", "repayment").exit_code == 1
    # Below the second of them the log ends, as far as this tie-out is concerned.
    tie = TieOut(store, 1, 3, ("repayment",))
    rows = [(2, row), (3, row | {"id": record_id(3)})]
    assert [item.kind for item in tie.run(rows)] == ["missing in the log"]
    store.close()


def test_only_the_types_asked_for(folder: Path) -> None:
    rows = [row for row in ledger() if row["type"] == "repayment"]
    assert tied(folder, rows, "--type", "repayment").exit_code == 0
    is_one_line(tied(folder, ledger(), "--type", "repayment"), 1, "line 2 is of type 'agreement'")


def test_of_another_lender_nothing_is_told(folder: Path) -> None:
    report = document(tied(folder, ledger(), "--lender", "2", "--json"))
    assert (report["matched"], report["missing_in_the_log"], report["missing_in_the_ledger"]) == (0, 24, 0)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"type": "gift"}, "line 4 is of type 'gift'"),
        ({"id": "", "reference": ""}, "line 4 has neither id nor reference"),
        ({"amount": "890.9"}, "line 4 has '890.9' as amount"),
        ({"currency": "XXX"}, "line 4 has 'XXX' as currency"),
        ({"date": "yesterday"}, "line 4 has 'yesterday' as date"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_by_its_line(folder: Path, fields: dict[str, str], words: str) -> None:
    is_one_line(tied(folder, change(2, **fields)(ledger())), 1, words)


def test_misuse(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UnbookedTypeError, match="'reminder' is no type"):
        TieOut(SqliteStore(folder / "notary.db", VAULT), 1, 10, ("reminder",))
    path = tmp_path / "ledger.csv"
    path.write_text("loan,amount\n")
    is_one_line(run("tie-out", path, "--data", folder), 1, "line 1 must be the header loan,type")
    is_one_line(run("tie-out", path, "--data", tmp_path), 1, "there is no notary")
