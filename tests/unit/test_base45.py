# SPDX-License-Identifier: Apache-2.0
"""Base45 against the examples of RFC 9285, and what is not base45."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notary.receipts.base45 import base45, parse_base45


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"AB", "BB8"),
        (b"Hello!!", "%69 VD92EX0"),
        (b"base-45", "UJCLQE7W581"),
        (b"ietf!", "QED8WEX0"),
        (b"", ""),
        (b"\xff\xff", "FGW"),
    ],
)
def test_the_examples_of_the_rfc(data: bytes, text: str) -> None:
    assert base45(data) == text
    assert parse_base45(text) == data


@given(st.binary(max_size=200))
def test_it_reads_what_it_writes(data: bytes) -> None:
    assert parse_base45(base45(data)) == data


@pytest.mark.parametrize("text", ["A", "AAAA", "GGW", ":::", "U6", "::", "aa", "A_", "AB\n", "Ａ0"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not base45"):
        parse_base45(text)
