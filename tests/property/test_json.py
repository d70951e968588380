# SPDX-License-Identifier: Apache-2.0
"""JSON, base64 and times on arbitrary input: one spelling each, and no error but the documented one."""

import json
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any

import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from notary.canonical import MAX_INTEGER, canonical_json, parse_canonical, parse_json
from notary.encoding import b64, b64url, format_time, parse_b64, parse_b64url, parse_time
from notary.errors import MalformedJsonError

LIMIT = 10_000
TEXTS = st.text().map(lambda text: unicodedata.normalize("NFC", text))
SCALARS = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | TEXTS
KEYS = st.text(st.characters(max_codepoint=127), max_size=8)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=20
)
ANY_TEXT = st.text(max_size=40)
# What this project may or may not take: floats, large integers, any key and text.
LOOSE_VALUES = st.recursive(
    SCALARS | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)
JSON_LIKE = st.text(alphabet='{}[]":,\\u0123456789abcdefé\u0301 truefalsn-+.E\n', max_size=40)


@given(VALUES)
def test_writing_is_that_of_the_reference_and_reading_gives_it_back(value: Any) -> None:
    written = canonical_json(value)
    assert written == rfc8785.dumps(value)
    assert parse_canonical(written, limit=len(written)) == value
    assert parse_json(json.dumps(value).encode(), limit=10**6) == value


@given(st.binary(max_size=60) | JSON_LIKE.map(str.encode) | LOOSE_VALUES.map(lambda value: json.dumps(value).encode()))
@example(b'{"\xc3\xa9a":1}')
def test_what_is_read_has_one_canonical_form(data: bytes) -> None:
    try:
        value = parse_json(data, limit=LIMIT)
    except MalformedJsonError:
        return
    written = canonical_json(value)
    assert parse_canonical(written, limit=LIMIT * 6) == value == json.loads(data)
    assert written == rfc8785.dumps(value)


@given(st.binary(max_size=60) | JSON_LIKE.map(str.encode) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_what_is_read_as_canonical_is_written_so(data: bytes) -> None:
    try:
        value = parse_canonical(data, limit=LIMIT)
    except MalformedJsonError:
        return
    assert canonical_json(value) == data


@given(LOOSE_VALUES, st.booleans())
@example({"a": 1.5}, True)
@example({"a": [1.0, -2e30]}, True)
@example({"a": 2**53}, True)
@example({"a": [0, -(2**53)]}, True)
@example({"a": 2**70}, True)
@example({"a": ":1.5,[2.5", "b": ":9007199254740993"}, True)
def test_exactly_what_the_rules_allow_is_read(value: Any, tight: bool) -> None:
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":") if tight else None).encode()
    try:
        parse_json(data, limit=10**6)
    except MalformedJsonError:
        assert not allowed(value)
    else:
        assert allowed(value)


def allowed(value: Any) -> bool:
    if isinstance(value, dict):
        return all(key.isascii() and allowed(member) for key, member in value.items())
    if isinstance(value, list):
        return all(map(allowed, value))
    if isinstance(value, str):
        return unicodedata.is_normalized("NFC", value)
    if isinstance(value, float):
        return False
    return value is None or abs(value) <= MAX_INTEGER


@given(st.binary())
def test_base64_comes_back(data: bytes) -> None:
    assert parse_b64(b64(data)) == parse_b64url(b64url(data)) == data


@given(ANY_TEXT | st.text(alphabet="AZaz09+/-_=", max_size=12))
def test_whatever_is_read_as_base64_is_written_so(text: str) -> None:
    for parse, write in ((parse_b64, b64), (parse_b64url, b64url)):
        try:
            data = parse(text)
        except ValueError:
            continue
        assert write(data) == text


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_come_back(moment: datetime) -> None:
    milliseconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    text = format_time(milliseconds)
    assert parse_time(text) == milliseconds
    assert datetime.fromisoformat(text) == moment - timedelta(microseconds=moment.microsecond % 1000)


@given(ANY_TEXT | st.from_regex(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z\Z"))
@example("0001-01-01T00:00:00.000Z")
def test_whatever_is_read_as_a_time_is_written_so(text: str) -> None:
    try:
        milliseconds = parse_time(text)
    except ValueError:
        return
    assert format_time(milliseconds) == text
