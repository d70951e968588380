# SPDX-License-Identifier: Apache-2.0
"""The nine checks that refuse a record, each by its number, on the way that a record takes; nothing is left behind."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from notary.canonical import canonical_json
from notary.errors import InvalidInputError, RefusedError
from notary.schemes import PrivateKey, generate_key
from notary.stores.sqlite import SqliteStore
from tests.support.builders import VAULT, NotaryKit, kit_over, record, record_id, signed
from tests.support.histories import money

BANK = {"name": "示范银行股份有限公司"}
FUND = {"name": "Example Credit Fund"}
HALF = {"numerator": 1, "denominator": 2}


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[NotaryKit]:
    kit = kit_over(SqliteStore.create(tmp_path / "notary.db", VAULT))
    yield kit
    kit.store.close()


def refused_for(kit: NotaryKit, body: bytes) -> set[str]:
    """Submit what must be refused, see that it leaves nothing behind, and return the checks that it fails."""
    before = kit.store.head(), list(kit.store.entries(0, 1000)), list(kit.store.records())
    try:
        [answer] = kit.sequencer.append([kit.registrar.submission(kit.lender, body, prove=True)])
    except InvalidInputError as error:
        checks = {fault.check for fault in error.faults}
    else:
        assert isinstance(answer, RefusedError), answer
        checks = {answer.check}
    assert (kit.store.head(), list(kit.store.entries(0, 1000)), list(kit.store.records())) == before
    return checks


def of(kind: str, number: int = 9, **changes: Any) -> bytes:
    value = record(kind, id=record_id(number), loan="L-1") | changes
    return canonical_json({name: member for name, member in value.items() if member is not None})


def begin(kit: NotaryKit) -> None:
    """Agree on a loan and pay it out."""
    parties = [{"role": "lender", **BANK}, {"role": "borrower", "subject_ref": "ab" * 32}]
    kit.submit(of("agreement", 0, parties=parties))
    kit.submit(of("disbursement", 1))


@pytest.mark.parametrize(
    "body",
    [
        b"no JSON",
        of("repayment").replace(b'"loan":"L-1"', b'"loan":"L-1","loan":"L-1"'),
        of("repayment", loan="e\u0301"),
        of("repayment").replace(b'"amount":"890.99"', b'"amount":890.99'),
        of("repayment").replace(b'"type":"repayment"', b'"type":"gift"'),
        of("repayment", colour="red"),
        of("repayment", value_date="2026-02-30"),
        of("repayment", split=None),
    ],
)  # fmt: skip
def test_c1_what_is_not_in_the_form_of_a_record(kit: NotaryKit, body: bytes) -> None:
    begin(kit)
    assert refused_for(kit, body) == {"C1"}


@pytest.mark.parametrize(("sequence", "previous"), [(1, None), (3, None), (2, "00" * 32)])
def test_c2_what_is_not_the_loan_s_next_record(kit: NotaryKit, sequence: int, previous: str | None) -> None:
    begin(kit)
    last = kit.store.find_loans([(kit.lender.number, "L-1")])[kit.lender.number, "L-1"].last_digest.hex()
    assert refused_for(kit, of("repayment", sequence=sequence, previous=previous or last)) == {"C2"}
    kit.submit(of("repayment", sequence=2, previous=last))


def test_c3_what_is_not_signed_by_the_right_key(kit: NotaryKit) -> None:
    begin(kit)
    lender, borrower, unknown = kit.register("lender"), kit.register("borrower"), generate_key("EdDSA")
    value = record("repayment", id=record_id(9), loan="L-1")

    def other_payload(key: PrivateKey) -> bytes:
        payload = re.search(rb'"payload":"[^"]+"', signed(value | {"id": record_id(8)}, key))
        assert payload is not None
        return re.sub(rb'"payload":"[^"]+"', payload[0], signed(value, key))

    for body in (
        signed(value, borrower),
        signed(value, unknown),
        signed(value, lender, unknown),
        other_payload(lender),
    ):
        assert refused_for(kit, body) == {"C3"}
    kit.submit(signed(value, lender))


def test_c4_another_record_under_the_same_id(kit: NotaryKit) -> None:
    begin(kit)
    kit.submit(of("repayment"))
    assert refused_for(kit, of("repayment", reference="another")) == {"C4"}
    assert refused_for(kit, of("repayment", loan="L-2")) == {"C4"}


@pytest.mark.parametrize(
    "amount",
    [
        {"currency": "CNY", "amount": "100.5"},
        {"currency": "JPY", "amount": "100.50"},
        {"currency": "XXX", "amount": "100.50"},
        money(100, "USD"),
    ],
)
def test_c5_money_in_no_or_another_currency_or_scale(kit: NotaryKit, amount: dict[str, str]) -> None:
    begin(kit)
    assert refused_for(kit, of("disbursement", amount=amount)) == {"C5"}


@pytest.mark.parametrize("kind", ["agreement", "application", "recovery", "dispute_resolution", "limit_change"])
def test_c6_what_the_loan_s_state_does_not_take(kit: NotaryKit, kind: str) -> None:
    begin(kit)
    assert refused_for(kit, of(kind)) == {"C6"}


@pytest.mark.parametrize("kind", ["repayment", "reversal", "settlement"])
def test_c7_parts_that_do_not_sum(kit: NotaryKit, kind: str) -> None:
    begin(kit)
    split = {"principal": money(100), "interest": money(1)}
    in_one_currency = {"outstanding": money(0), "waived": None} if kind == "settlement" else {}
    assert refused_for(kit, of(kind, amount=money(102), split=split, **in_one_currency)) == {"C7"}


def test_c8_shares_that_do_not_sum_to_the_whole(kit: NotaryKit) -> None:
    parties = [{"role": "lender", **BANK, "share": HALF}, {"role": "borrower", "subject_ref": "ab" * 32}]
    assert refused_for(kit, of("agreement", parties=parties)) == {"C8"}
    begin(kit)
    kit.submit(of("assignment", 2, assignor=BANK, assignee=FUND, share=HALF))
    whole = {"numerator": 1, "denominator": 1}
    assert refused_for(kit, of("assignment", assignor=BANK, assignee=FUND, share=whole)) == {"C8"}
    assert refused_for(kit, of("participation", grantor=FUND, participant=BANK, share=whole)) == {"C8"}


def test_c9_who_does_not_hold_the_loan_passes_nothing_on(kit: NotaryKit) -> None:
    begin(kit)
    assert refused_for(kit, of("assignment", assignor=FUND, assignee=BANK, share=HALF)) == {"C9"}
    assert refused_for(kit, of("participation", grantor=FUND, participant=BANK, share=HALF)) == {"C9"}


def test_every_check_has_a_test_that_names_it() -> None:
    errors = (Path(__file__).parents[2] / "notary" / "errors.py").read_text("utf-8")
    assert set(re.findall(r"\bC\d\b", errors)) >= {f"C{number}" for number in range(2, 10)}
    named = {match for name in globals() for match in re.findall(r"^test_(c\d)_", name)}
    assert named == {f"c{number}" for number in range(1, 10)}
