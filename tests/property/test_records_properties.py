# SPDX-License-Identifier: Apache-2.0
"""Properties of record types: dates are real, amounts exact, splits sum, any input is read or refused in its place."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from notary.errors import InvalidRecordError
from notary.records import RECORD_TYPES, parse_record
from notary.records.fields import Date, Instant
from notary.records.money import EXPONENTS, Amount, format_amount

VECTORS = Path(__file__).parents[1] / "vectors" / "records"
FILES = {kind: json.loads((VECTORS / f"{kind}.json").read_text("utf-8")) for kind in RECORD_TYPES}
SAMPLES = {kind: file["valid"][0]["record"] for kind, file in FILES.items()}
DATES: TypeAdapter[str] = TypeAdapter(Date)
INSTANTS: TypeAdapter[str] = TypeAdapter(Instant)
AMOUNTS: TypeAdapter[Any] = TypeAdapter(Amount)

BETWEEN_MEMBERS = {
    "credit_decision": ("/valid_until", "/reasons", ""),
    "collateral": ("/registry_no",),
    "facility": ("/available_to",),
    "rate_set": ("/period_end",),
}
"""Where the fault is told of two members that are right by themselves and contradict each other."""

currencies = st.sampled_from(sorted(EXPONENTS))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def taken(adapter: TypeAdapter[Any], value: object) -> bool:
    try:
        adapter.validate_python(value)
    except ValidationError:
        return False
    return True


def real(text: str) -> bool:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return False
    try:
        return 1900 <= date.fromisoformat(text).year <= 2999
    except ValueError:
        return False


@given(st.integers(1800, 3100), st.integers(0, 13), st.integers(0, 32))
def test_a_date_is_taken_if_and_only_if_it_is_real(year: int, month: int, day: int) -> None:
    text = f"{year:04}-{month:02}-{day:02}"
    assert taken(DATES, text) == real(text)
    assert taken(INSTANTS, f"{text}T00:00:00Z") == real(text)


def test_every_end_of_february_of_eleven_centuries() -> None:
    for year in range(1900, 3000):
        assert taken(DATES, f"{year}-02-29") == real(f"{year}-02-29")


@given(st.text("0123456789-TZ:.+ \n٣", max_size=24))
def test_what_is_taken_as_a_time_is_one(text: str) -> None:
    if taken(INSTANTS, text):
        assert real(text[:10])
        assert re.fullmatch(r"T[0-2][0-9](:[0-5][0-9]){2}(\.[0-9]{1,9})?Z", text[10:])


@given(st.integers(0, 10**18 - 1), currencies)
def test_a_formatted_amount_is_read_as_the_same_sum(minor: int, currency: str) -> None:
    money = AMOUNTS.validate_python({"currency": currency, "amount": format_amount(minor, currency)})
    assert money.minor == minor


@given(st.text("0123456789.-+eE ,\n", max_size=8), currencies)
def test_an_amount_has_one_spelling(text: str, currency: str) -> None:
    if taken(AMOUNTS, {"currency": currency, "amount": text}):
        assert format_amount(int(text.replace(".", "")), currency) == text


@given(currencies, st.lists(st.integers(0, 10**12), min_size=4, max_size=4), st.integers(-2, 2))
def test_a_split_is_taken_if_and_only_if_it_sums_exactly(currency: str, parts: list[int], off: int) -> None:
    total = max(0, sum(parts) + off)
    names = ("principal", "interest", "penalty", "fee")
    record = SAMPLES["repayment"] | {
        "amount": {"currency": currency, "amount": format_amount(total, currency)},
        "split": {
            name: {"currency": currency, "amount": format_amount(part, currency)}
            for name, part in zip(names, parts, strict=True)
        },
    }
    if total == sum(parts):
        parse_record(record)
        return
    with pytest.raises(InvalidRecordError) as refused:
        parse_record(record)
    assert [(fault.pointer, fault.check) for fault in refused.value.faults] == [("/split", "C7")]


@given(st.sampled_from(sorted(RECORD_TYPES)), st.data())
def test_any_member_with_any_value_is_read_or_refused_at_that_member(kind: str, data: st.DataObject) -> None:
    record = SAMPLES[kind]
    name = data.draw(st.sampled_from(sorted(record.keys() - {"type"})) | st.text(min_size=1, max_size=8))
    value = data.draw(json_values)
    try:
        read = parse_record(record | {name: value})
    except InvalidRecordError as refused:
        pointer = "/" + name.replace("~", "~0").replace("/", "~1")
        first = refused.faults[0]
        assert first.detail
        assert first.pointer.startswith((pointer, *BETWEEN_MEMBERS.get(kind, ()), "/previous")) or name == "type"
    else:
        assert read.model_dump(mode="json", exclude_none=True) == record | {name: value}


@given(json_values)
def test_anything_else_is_refused_as_a_record(value: object) -> None:
    with pytest.raises(InvalidRecordError):
        parse_record(value)
