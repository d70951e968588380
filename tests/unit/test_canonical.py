# SPDX-License-Identifier: Apache-2.0
"""JSON: what is read, what is refused, and the one way of writing it."""

import time

import pytest

from notary.canonical import MAX_INTEGER, canonical_json, parse_canonical, parse_json
from notary.errors import MalformedJsonError

LIMIT = 1 << 20

# RFC 8785 section 3.2.2 without its numbers that are not integers, and section 3.2.3's order of ASCII keys.
RFC_8785_INPUT = rb"""{
  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
  "literals": [null, true, false],
  "1": {"f": {"f": "hi", "F": 5}, "\n": 56},
  "10": {}, "": "empty", "a": {}, "111": [{"e": "yes", "E": "no"}], "A": {}
}"""
RFC_8785_OUTPUT = (
    '{"":"empty","1":{"\\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{"E":"no","e":"yes"}],"A":{},"a":{},'
    '"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
)


def refusal(data: bytes, limit: int = LIMIT) -> str:
    with pytest.raises(MalformedJsonError) as refused:
        parse_json(data, limit=limit)
    assert [fault.pointer for fault in refused.value.faults] == [""]
    return refused.value.faults[0].detail


def test_the_example_of_rfc_8785() -> None:
    assert canonical_json(parse_json(RFC_8785_INPUT, limit=LIMIT)).decode() == RFC_8785_OUTPUT
    assert canonical_json(parse_canonical(RFC_8785_OUTPUT.encode(), limit=LIMIT)).decode() == RFC_8785_OUTPUT


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b' {"a":1}', id="space before"),
        pytest.param(b'{"a":1}\n', id="line feed behind"),
        pytest.param(b'{"a": 1}', id="space within"),
        pytest.param(b'{"b":1,"a":2}', id="order of keys"),
        pytest.param(rb'{"a":"\u0041"}', id="needless escape"),
        pytest.param(rb'{"a":"\/"}', id="escaped slash"),
        pytest.param(rb'{"a":"\u001F"}', id="capital hex digits"),
        pytest.param(rb'{"a":"\u000a"}', id="long escape of a line feed"),
        pytest.param(rb'{"a":"\u20ac"}', id="escaped character beyond ASCII"),
    ],
)
def test_json_that_is_written_another_way_is_json_but_not_canonical(data: bytes) -> None:
    parse_json(data, limit=LIMIT)
    with pytest.raises(MalformedJsonError, match="RFC 8785"):
        parse_canonical(data, limit=LIMIT)


@pytest.mark.parametrize(
    "value", [None, True, False, 0, -1, MAX_INTEGER, -MAX_INTEGER, "", "示范", "🙂", [], {}, [[{}]]]
)
def test_every_kind_of_value_comes_back(value: object) -> None:
    assert parse_canonical(canonical_json(value), limit=LIMIT) == value


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"", "not JSON", id="nothing"),
        pytest.param(b"\xef\xbb\xbf{}", "not JSON", id="byte order mark"),
        pytest.param(b"\xff{}", "not UTF-8 at byte 0", id="not UTF-8"),
        pytest.param(b'"\xed\xa0\x80"', "not UTF-8", id="a surrogate in UTF-8"),
        pytest.param(b'"\xc0\x80"', "not UTF-8", id="an overlong null"),
        pytest.param(b"{}{}", "not JSON", id="two values"),
        pytest.param(b"{'a':1}", "not JSON", id="single quotes"),
        pytest.param(b'{"a":1,}', "not JSON", id="a trailing comma"),
        pytest.param(b'{"a":1 /* one */}', "not JSON", id="a comment"),
        pytest.param(b'"a\nb"', "not JSON", id="a line feed in a string"),
        pytest.param(b"\x0b1", "not JSON", id="a vertical tab"),
        pytest.param("\u00a01".encode(), "not JSON", id="a space that is none"),
        pytest.param(b"01", "not JSON", id="a leading zero"),
        pytest.param(b"+1", "not JSON", id="a plus sign"),
        pytest.param(b"0x10", "not JSON", id="hex"),
        pytest.param("٤٢".encode(), "not JSON", id="digits of another script"),
        pytest.param(b'{"a":1,"a":1}', "'a' stands twice", id="a key twice"),
        pytest.param(rb'[{"a":1,"\u0061":2}]', "'a' stands twice", id="a key twice, escaped"),
        pytest.param(b"1.5", "number 1.5", id="a float"),
        pytest.param(b"1.0", "number 1.0", id="a whole float"),
        pytest.param(b"1e2", "number 1e2", id="an exponent"),
        pytest.param(b"[NaN]", "number NaN", id="NaN"),
        pytest.param(b"-Infinity", "number -Infinity", id="infinity"),
        pytest.param(b"-0", "number -0", id="minus zero"),
        pytest.param(b"9007199254740992", "beyond 2^53 - 1", id="2^53"),
        pytest.param(b"-9007199254740992", "beyond 2^53 - 1", id="-2^53"),
        pytest.param(b"1" * 5000, "beyond 2^53 - 1", id="more digits than int() takes"),
        pytest.param(rb'"\ud800"', "surrogate", id="an unpaired surrogate"),
        pytest.param(rb'{"\udc00":1}', "surrogate", id="an unpaired surrogate in a key"),
        pytest.param("\"e\u0301\"".encode(), "normalisation form C", id="a letter and its accent apart"),
        pytest.param(rb'"e\u0301"', "normalisation form C", id="the same, escaped"),
        pytest.param('["\u212b"]'.encode(), "normalisation form C", id="the sign of the ångström"),
        pytest.param('{"a":[{"b":"\u0958"}]}'.encode(), "normalisation form C", id="deep down"),
        pytest.param('{"é":1}'.encode(), "beyond ASCII", id="a key beyond ASCII"),
        pytest.param(rb'[{"a":{"\u00e9":1}}]', "beyond ASCII", id="the same, escaped"),
        pytest.param('{"a\\\"é":1}'.encode(), "beyond ASCII", id="a key beyond ASCII, with a quote"),
        pytest.param('{"é\\\"":1}'.encode(), "beyond ASCII", id="a key beyond ASCII before a quote"),
        pytest.param('{"éa":1}'.encode(), "beyond ASCII", id="a key beyond ASCII at its start"),
        pytest.param(b"[" * 300 + b"]" * 300, "nested", id="300 lists deep"),
        pytest.param(b"[" * 200_000, "nested", id="200,000 lists deep"),
        pytest.param(b'{"a":' * 100_000, "nested", id="100,000 objects deep"),
    ],
)  # fmt: skip
def test_what_is_refused(data: bytes, words: str) -> None:
    assert words in refusal(data)


def test_text_that_only_looks_like_a_key() -> None:
    value = {"a": 'é":', "b": ['é":é"', "é:"]}
    assert parse_canonical(canonical_json(value), limit=LIMIT) == value


@pytest.mark.parametrize("text", ["\n\u0303", "\b\u0323", "\u0301", '"\u0338', "\\\u0301", "\u0000\u0301"])
def test_a_mark_after_an_escape_is_not_composed_with_the_letter_of_the_escape(text: str) -> None:
    assert parse_json(canonical_json([text]), limit=LIMIT) == [text]


def test_the_size_is_capped_first() -> None:
    assert parse_json(b'"abcde"', limit=7) == "abcde"
    assert refusal(b'"abcde"', limit=6) == "more than 6 bytes"
    assert refusal(b"\xff" * 7, limit=6) == "more than 6 bytes"


def test_many_keys_do_not_make_the_search_for_the_double_one_slow() -> None:
    keys = ",".join(f'"{number}":1' for number in range(50_000))
    begin = time.process_time()
    assert "'49999' stands twice" in refusal(f'{{{keys},"49999":1}}'.encode())
    assert time.process_time() - begin < 2


def test_a_long_key_is_not_repeated_in_the_answer() -> None:
    key = "k" * 100_000
    assert len(refusal(f'{{"{key}":1,"{key}":2}}'.encode())) < 100
