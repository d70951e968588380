# SPDX-License-Identifier: Apache-2.0
"""What one page of a list may cost: rows that are looked at, and how the database finds them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from notary.history import DEFAULT_POLICY
from notary.listing import Lists, Wanted
from notary.ports.log import Batch
from notary.ports.parties import Lender
from notary.ports.records import Loan
from notary.stores.sqlite import SqliteStore
from notary.stores.sqlite_file import STATEMENTS
from tests.support.builders import NOW, VAULT, add_lender, head_of, log_signer, stored_record

LENDER = Lender(1, "示范银行")
ROWS = 10_050
SIGNER = log_signer()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    """Return a store with `ROWS` loans of one record each."""
    store = SqliteStore.create(tmp_path_factory.mktemp("listing") / "notary.db", VAULT)
    add_lender(store, LENDER.name, b"1" * 32, NOW)
    loans = [Loan(1, f"L-{number}", b"k" * 32, "active", 1, sha256(b"x").digest()) for number in range(ROWS)]
    head = head_of(ROWS, sha256(b"root").digest(), SIGNER)
    records = [stored_record(index, 0, loan) for index, loan in enumerate(loans)]
    store.commit(None, Batch(head, [b"entry"] * ROWS, records, loans))
    yield store
    store.close()


def test_a_page_looks_at_10_000_rows_and_the_list_goes_on_behind_them(store: SqliteStore) -> None:
    lists = Lists(store)
    last = f"L-{ROWS - 1}"
    place = lists.begin_records(LENDER, Wanted(), NOW)
    page = lists.records(LENDER, Wanted(), place, 100, lambda loan: loan == last)
    assert page.items == []
    assert page.following == place._replace(start=10_000)
    rest = lists.records(LENDER, Wanted(), page.following, 100, lambda loan: loan == last)
    assert [item.loan for item in rest.items] == [last]
    assert rest.following is None
    begun = lists.begin_loans(NOW)
    loans = lists.loans(LENDER, Wanted(), begun, 100, lambda loan: loan == last, DEFAULT_POLICY)
    assert loans.items == []
    assert loans.following == begun._replace(start=10_001)


def test_findings_are_computed_of_200_loans_a_page(store: SqliteStore) -> None:
    lists = Lists(store)
    begun = lists.begin_loans(NOW)
    page = lists.loans(LENDER, Wanted(state="settled", code="F1"), begun, 100, lambda _: True, DEFAULT_POLICY)
    assert (page.items, page.following) == ([], begun._replace(start=201))


def test_a_full_page_is_the_last_one_where_nothing_follows(store: SqliteStore) -> None:
    lists = Lists(store)
    place = lists.begin_records(LENDER, Wanted(), NOW)._replace(start=ROWS - 5)
    page = lists.records(LENDER, Wanted(), place, 5, lambda _: True)
    assert (len(page.items), page.following) == (5, None)
    page = lists.records(LENDER, Wanted(), place, 4, lambda _: True)
    assert (len(page.items), page.following) == (4, place._replace(start=ROWS - 1))


@pytest.mark.parametrize(
    "name", ["lender_records", "lender_records_of_type", "lender_records_of_loan", "lender_loans", "received_span"]
)
def test_no_list_sorts_or_reads_a_whole_table(tmp_path: Path, name: str) -> None:
    SqliteStore.create(tmp_path / "notary.db", VAULT)
    text = STATEMENTS[name]
    names = {"lender": 1, "start": 5, "stop": 9, "limit": 3, "loan": "A", "type": "offer"}
    with closing(sqlite3.connect(tmp_path / "notary.db")) as connection:
        values = names if ":lender" in text else [1] * text.count("?")
        steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", values)]
    assert steps
    assert not [step for step in steps if step.startswith("SCAN") or "TEMP B-TREE" in step]
