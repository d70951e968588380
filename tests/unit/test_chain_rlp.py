# SPDX-License-Identifier: Apache-2.0
"""Our RLP against the rlp package, which is the reference here; and Keccak-256 against Ethereum's own constants."""

import random

import pytest
import rlp
from eth_hash.auto import keccak as reference_keccak
from hypothesis import given
from hypothesis import strategies as st
from rlp.exceptions import DecodingError

from chain.errors import EvidenceError
from chain.keccak import keccak
from chain.rlp_lists import RlpItem, decode_list, encode, encode_integer

ITEMS = st.recursive(st.binary(max_size=70), lambda inner: st.lists(inner, max_size=5), max_leaves=20)


@given(ITEMS)
def test_writes_what_the_reference_writes(item: RlpItem) -> None:
    assert encode(item) == rlp.encode(item)


@given(st.lists(ITEMS, max_size=6))
def test_reads_back_what_it_wrote(items: list[RlpItem]) -> None:
    assert decode_list(encode(items), 100_000) == items


@given(st.binary(max_size=40).map(lambda tail: bytes([0xC0 + min(len(tail), 55)]) + tail) | st.binary(max_size=40))
def test_takes_what_the_reference_takes_and_nothing_else(data: bytes) -> None:
    try:
        wanted = rlp.decode(data)
    except (DecodingError, RecursionError):
        wanted = None
    if isinstance(wanted, list) and rlp.encode(wanted) == data:
        assert decode_list(data, 100) == wanted
    else:
        with pytest.raises(EvidenceError):
            decode_list(data, 100)


@pytest.mark.parametrize("length", [0, 1, 54, 55, 56, 57, 255, 256, 65_535, 65_536])
def test_lengths_around_every_limit(length: int) -> None:
    items: list[RlpItem] = [b"\x81" * length]
    assert encode(items) == rlp.encode(items)
    assert decode_list(encode(items), 100_000) == items


def test_every_cut_and_every_changed_byte_is_another_list_or_none() -> None:
    numbers = random.Random(1)
    items: list[RlpItem] = [b"\x01", b"", b"\x80", [b"a" * 60, []], numbers.randbytes(300)]
    data = encode(items)
    for end in range(len(data)):
        with pytest.raises(EvidenceError):
            decode_list(data[:end], 1000)
    for place in range(len(data)):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        try:
            found = decode_list(changed, 1000)
        except EvidenceError:
            continue
        assert found != items
        assert encode(found) == changed


@pytest.mark.parametrize(
    "data", [b"\xc2\x81\x05", b"\xf8\x00", b"\xf8\x37" + b"a" * 55, b"\xf9\x00\x38" + b"a" * 56, b"\xff" * 9]
)
def test_an_item_has_one_spelling(data: bytes) -> None:
    with pytest.raises(EvidenceError):
        decode_list(data, 1000)


def test_depth_and_size_are_limited() -> None:
    deep: RlpItem = []
    for _ in range(17):
        deep = [deep]
    with pytest.raises(EvidenceError, match="too deeply"):
        decode_list(encode(deep), 1000)
    with pytest.raises(EvidenceError, match="at most 3"):
        decode_list(b"\xc3abc", 3)
    assert decode_list(b"\xc3abc", 4) == [b"a", b"b", b"c"]


@pytest.mark.parametrize(("value", "written"), [(0, b""), (1, b"\1"), (255, b"\xff"), (256, b"\1\0")])
def test_integers(value: int, written: bytes) -> None:
    assert encode_integer(value) == written


def test_keccak() -> None:
    # The hash of nothing, which is the code hash of every account without code (EIP-1052).
    assert keccak(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    for length in (1, 31, 135, 136, 137, 640):
        assert keccak(b"x" * length) == reference_keccak(b"x" * length)
