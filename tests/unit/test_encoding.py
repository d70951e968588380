# SPDX-License-Identifier: Apache-2.0
"""Base64 and times: known values, and the other spellings that are refused."""

from hashlib import sha256

import pytest

from notary.encoding import b64, b64_hashes, b64url, format_time, parse_b64, parse_b64url, parse_moment, parse_time

# RFC 4648 section 10.
RFC_4648 = [
    (b"", ""), (b"f", "Zg=="), (b"fo", "Zm8="), (b"foo", "Zm9v"), (b"foob", "Zm9vYg=="), (b"fooba", "Zm9vYmE="),
    (b"foobar", "Zm9vYmFy"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "text"), RFC_4648)
def test_the_published_values(data: bytes, text: str) -> None:
    assert b64(data) == text
    assert parse_b64(text) == data
    assert b64url(data) == text.rstrip("=")
    assert parse_b64url(text.rstrip("=")) == data


@pytest.mark.parametrize("count", [0, 1, 2, 64])
def test_hashes_in_one_call_are_written_as_each_alone(count: int) -> None:
    hashes = [sha256(bytes([number])).digest() for number in range(count)]
    assert b64_hashes(hashes, b'","') == '","'.join(map(b64, hashes)).encode()


def test_the_two_alphabets() -> None:
    assert (b64(b"\xfb\xff\xbf"), b64url(b"\xfb\xff\xbf")) == ("+/+/", "-_-_")


def test_the_example_of_rfc_7515() -> None:
    # RFC 7515 appendix C.
    assert b64url(bytes([3, 236, 255, 224, 193])) == "A-z_4ME"


@pytest.mark.parametrize(
    "text",
    ["Zg", "Zg=", "Zh==", "Zm9=", "Zm9v\n", " Zm9v", "Zm9v====", "Zm-v", "Zm_v", "Z", "Zg==Zg==", "Zmé=", "=", "🙂"],
)
def test_no_other_spelling_of_base64(text: str) -> None:
    with pytest.raises(ValueError, match="base64"):
        parse_b64(text)


@pytest.mark.parametrize("text", ["Zg==", "Zg=", "Zh", "Zm9", "Zm9v\n", " Zm9v", "Zm+v", "Zm/v", "Z", "Zmé", "=", "🙂"])
def test_no_other_spelling_of_base64url(text: str) -> None:
    with pytest.raises(ValueError, match="base64url"):
        parse_b64url(text)


TIMES = [
    (0, "1970-01-01T00:00:00.000Z"),
    (-1, "1969-12-31T23:59:59.999Z"),
    (951_782_400_125, "2000-02-29T00:00:00.125Z"),
    (1_769_848_200_125, "2026-01-31T08:30:00.125Z"),
    (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
]


@pytest.mark.parametrize(("milliseconds", "text"), TIMES)
def test_times(milliseconds: int, text: str) -> None:
    assert format_time(milliseconds) == text
    assert parse_time(text) == milliseconds


@pytest.mark.parametrize("text", ["1900-01-01T00:00:00.000Z", "2999-12-31T23:59:59.999Z"])
def test_moments_are_of_the_years_that_records_can_name(text: str) -> None:
    milliseconds = parse_moment(text)
    assert format_time(milliseconds) == text
    beyond = format_time(milliseconds + (1 if text.startswith("2") else -1))
    assert parse_time(beyond)
    with pytest.raises(ValueError, match="years 1900 to 2999"):
        parse_moment(beyond)


@pytest.mark.parametrize(
    "text",
    [
        "", "2026-01-31T08:30:00Z", "2026-01-31T08:30:00.12Z", "2026-01-31T08:30:00.1255Z", "2026-01-31T08:30:00,125Z",
        "2026-01-31t08:30:00.125z", "2026-01-31 08:30:00.125Z", "2026-01-31T08:30:00.125+00:00",
        "2026-02-29T08:30:00.125Z",
        "2026-01-31T24:00:00.000Z", "2026-01-31T23:60:00.000Z", "2026-12-31T23:59:60.000Z", "2026-13-01T00:00:00.000Z",
        "0000-01-01T00:00:00.000Z", "12026-01-31T08:30:00.125Z", "2026-01-31T08:30:00.125Z\n",
        " 2026-01-31T08:30:00.125Z",
        "２０２６-01-31T08:30:00.125Z", "-026-01-31T08:30:00.125Z",
    ],
)  # fmt: skip
def test_no_other_spelling_of_a_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"time|day|second|month|hour|year|data"):
        parse_time(text)
