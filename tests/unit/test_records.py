# SPDX-License-Identifier: Apache-2.0
"""The registry of record types, the models' own promises, and the words of faults."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from notary.errors import InvalidRecordError
from notary.records import RECORD_TYPES, Record, parse_record
from notary.records.faults import MAX_FAULTS
from notary.records.money import EXPONENTS, TAGS, Money0, Money2, Money3, Money4, format_amount, has_scale
from notary.records.party import is_lei, is_uscc

VECTORS = Path(__file__).parents[1] / "vectors" / "records"


BOTH = ("lender", "borrower")
SIGNERS = {
    **dict.fromkeys(["agreement", "amendment", "restructuring", "dispute_resolution"], BOTH),
    **dict.fromkeys(["data_consent", "consent_revoked", "application", "payment_claim", "dispute"], ("borrower",)),
    **dict.fromkeys(["guarantee", "collateral"], ("lender", "guarantor")),
    "assignment": ("lender", "assignee"),
    "participation": ("lender", "participant"),
    "administration": (),
}
AUTHORS = {
    **dict.fromkeys(["data_consent", "consent_revoked", "payment_claim", "dispute"], ("borrower",)),
    "application": ("borrower", "lender"),
    "dispute_resolution": BOTH,
    "administration": ("notary",),
}


def sample(kind: str) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((VECTORS / f"{kind}.json").read_text("utf-8"))["valid"][0]["record"]
    return record


def refusal(value: object) -> list[tuple[str, str]]:
    with pytest.raises(InvalidRecordError) as refused:
        parse_record(value)
    return [(fault.pointer, fault.detail) for fault in refused.value.faults]


@pytest.mark.parametrize("value", [None, [], "repayment", 1, True])
def test_what_is_no_object_is_refused(value: object) -> None:
    assert refusal(value) == [("", "must be an object")]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({}, "is required"),
        ({"type": "Repayment"}, "is not a known record type"),
        ({"type": None}, "is not a known record type"),
        ({"type": ["repayment"]}, "is not a known record type"),
    ],
)
def test_an_unknown_type_is_refused_with_the_known_ones(value: object, words: str) -> None:
    [(pointer, detail)] = refusal(value)
    assert (pointer, detail) == ("/type", f"{words}; known are {', '.join(RECORD_TYPES)}")
    assert "agreement, amendment, guarantee" in detail


@pytest.mark.parametrize("kind", RECORD_TYPES)
def test_a_record_names_its_type_and_signers(kind: str) -> None:
    record = parse_record(sample(kind))
    assert record.type == kind
    assert record.signers == SIGNERS.get(kind, ("lender",))
    assert record.authors == AUTHORS.get(kind, ("lender",))


@pytest.mark.parametrize("kind", RECORD_TYPES)
def test_a_record_cannot_be_changed(kind: str) -> None:
    record = parse_record(sample(kind))
    with pytest.raises(ValidationError, match="frozen"):
        record.loan = "another"


def test_faults_say_what_is_wanted() -> None:
    faults = refusal(sample("repayment") | {"loan": "x" * 129, "instalments": [0], "sequence": 2**53, "rail": "a"})
    assert faults == [
        ("/loan", "must have at most 128 characters"),
        ("/sequence", "must be at most 9007199254740991"),
        ("/rail", "must be the code of a payment rail in capitals, like CNAPS_HVPS or SEPA_SCT"),
        ("/instalments/0", "must be at least 1"),
    ]
    assert refusal(sample("repayment") | {"amount": {"currency": "CNY", "amount": "5.00"}}) == [
        ("/split", "sums to 890.99, but /amount is 5.00")
    ]


@pytest.mark.parametrize("name", ["principal", "interest", "penalty", "fee"])
def test_every_part_of_a_split_is_in_the_currency_of_the_amount(name: str) -> None:
    amount = {"currency": "CNY", "amount": "1.00"}
    parts = dict.fromkeys(("principal", "interest", "penalty", "fee"), amount)
    payment = sample("repayment") | {"amount": amount | {"amount": "4.00"}, "split": parts}
    assert parse_record(payment).loan
    assert refusal(payment | {"split": parts | {name: amount | {"currency": "USD"}}}) == [
        (f"/split/{name}/currency", "must be CNY, the currency of /amount")
    ]


def test_lists_are_limited() -> None:
    assert refusal(sample("repayment") | {"instalments": list(range(1, 258))}) == [
        ("/instalments", "must have at most 256 items")
    ]


def test_only_so_many_faults_are_told() -> None:
    assert len(refusal(sample("repayment") | {f"unknown_{i}": 1 for i in range(1000)})) == MAX_FAULTS


def models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield model
    for child in model.__subclasses__():
        yield from models(child)


def test_no_member_has_the_name_of_a_tag() -> None:
    # faults.py leaves tags out of pointers, so a member of that name would vanish from them.
    names = {name for model in models(Record.__mro__[1]) for name in model.model_fields}
    assert "split" in names
    assert "reset" in names
    assert not names & TAGS


def test_exponents_are_those_of_iso_4217() -> None:
    assert {code: EXPONENTS[code] for code in ("CNY", "USD", "JPY", "KRW", "KWD", "BHD", "CLF", "CLP", "VND")} == {
        "CNY": 2, "USD": 2, "JPY": 0, "KRW": 0, "KWD": 3, "BHD": 3, "CLF": 4, "CLP": 0, "VND": 0,
    }  # fmt: skip
    assert len(EXPONENTS) == sum(
        len(model.model_json_schema()["properties"]["currency"]["enum"]) for model in (Money0, Money2, Money3, Money4)
    )


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(0, "CNY", "0.00"), (5, "CNY", "0.05"), (1200000, "CNY", "12000.00"), (7, "JPY", "7"), (1, "KWD", "0.001")],
)
def test_amounts_are_written_as_records_hold_them(minor: int, currency: str, text: str) -> None:
    assert format_amount(minor, currency) == text


def test_minor_counts_the_smallest_unit() -> None:
    assert Money2(currency="CNY", amount="12000.05").minor == 1200005
    assert Money0(currency="JPY", amount="12000").minor == 12000


@pytest.mark.parametrize(
    ("kind", "member", "role"),
    [
        ("assignment", "assignor", "lender"),
        ("assignment", "assignee", "assignee"),
        ("participation", "grantor", "lender"),
        ("participation", "participant", "participant"),
        ("guarantee", "guarantor", "guarantor"),
    ],
)
def test_a_record_names_the_keys_of_its_parties(kind: str, member: str, role: str) -> None:
    key = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    value = sample(kind)
    named = parse_record(value | {member: value[member] | {"key": key}})
    assert named.keys_of(role) == {key}
    assert named.keys_of("borrower") == frozenset()
    silent = parse_record(value | {member: {k: v for k, v in value[member].items() if k != "key"}})
    assert silent.keys_of(role) == frozenset()


@pytest.mark.parametrize(
    ("amount", "exponent", "right"),
    [("1.00", 2, True), ("1.0", 2, False), ("1", 2, False), ("1.000", 2, False), ("1", 0, True), ("1.0", 0, False),
     ("10.123", 3, True), ("0.1234", 4, True)],
)  # fmt: skip
def test_the_scale_of_an_amount(amount: str, exponent: int, right: bool) -> None:
    assert has_scale(amount, exponent) is right


@pytest.mark.parametrize("code", ["529900T8BM49AURSDO55", "5493001KJTIIGC8Y1R12", "HWUPKR0MPOU8FGXBT394"])
def test_check_digits_of_an_lei(code: str) -> None:
    # Published LEIs: Ubisecure's example, Bloomberg, Apple (GLEIF).
    assert is_lei(code)
    assert not is_lei(code[:-1] + str((int(code[-1]) + 1) % 10))


@pytest.mark.parametrize("code", ["91350100M000100Y43", "914403001922038216", "91110000802100433B"])
def test_check_character_of_a_uscc(code: str) -> None:
    # The customary sample, and two firms of the public register.
    assert is_uscc(code)
    assert not is_uscc(code[:16] + ("0" if code[16] != "0" else "1") + code[17])
