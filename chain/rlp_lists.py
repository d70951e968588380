# SPDX-License-Identifier: Apache-2.0
"""RLP (Ethereum yellow paper, appendix B) of strings and lists, canonical or refused.

Our own, because the offline verifier must not need the rlp package and all that it brings; tests compare the two.
"""

from chain.errors import EvidenceError

RlpItem = bytes | list["RlpItem"]

_MAXIMUM_DEPTH = 16
"""Levels of nesting: a trie node has two, a header one."""
_STRING, _LIST, _SHORT = 0x80, 0xC0, 55


def decode_list(data: bytes, maximum: int) -> list[RlpItem]:
    """Decode a list of at most `maximum` bytes.

    Raises:
        EvidenceError: when it is anything else, or not canonical.
    """
    if len(data) > maximum:
        raise EvidenceError(f"{len(data)} bytes of RLP, at most {maximum} are taken")
    item, end = _decode(data, 0, len(data), 0)
    if end != len(data):
        raise EvidenceError(f"{len(data) - end} bytes follow the RLP")
    if not isinstance(item, list):
        raise EvidenceError("a string where a list in RLP should be")
    return item


def encode(item: RlpItem) -> bytes:
    """Encode a string or a list."""
    if isinstance(item, list):
        body = b"".join(map(encode, item))
        return _prefix(len(body), _LIST) + body
    if len(item) == 1 and item[0] < _STRING:
        return item
    return _prefix(len(item), _STRING) + item


def encode_integer(value: int) -> bytes:
    """Return the string that stands for a number: big-endian, without leading zero bytes."""
    return value.to_bytes((value.bit_length() + 7) // 8)


def _prefix(length: int, offset: int) -> bytes:
    if length <= _SHORT:
        return bytes((offset + length,))
    written = encode_integer(length)
    return bytes((offset + _SHORT + len(written),)) + written


def _decode(data: bytes, start: int, stop: int, depth: int) -> tuple[RlpItem, int]:
    """Decode the item at `start`, which must end by `stop`; return it and where it ends."""
    if depth > _MAXIMUM_DEPTH:
        raise EvidenceError("RLP nested too deeply")
    if start >= stop:
        raise EvidenceError("RLP ends before its last item")
    first = data[start]
    if first < _STRING:
        return data[start : start + 1], start + 1
    offset = _STRING if first < _LIST else _LIST
    begin, end = _body(data, start, stop, first - offset)
    if offset == _STRING:
        text = data[begin:end]
        if len(text) == 1 and text[0] < _STRING:
            raise EvidenceError("RLP that is not canonical: a prefix before a small byte")
        return text, end
    items: list[RlpItem] = []
    while begin < end:
        item, begin = _decode(data, begin, end, depth + 1)
        items.append(item)
    return items, end


def _body(data: bytes, start: int, stop: int, size: int) -> tuple[int, int]:
    """Return where an item's body begins and ends, whose prefix at `start` says `size` after its offset."""
    begin, length = start + 1, size
    if size > _SHORT:
        begin += size - _SHORT
        written = data[start + 1 : begin]
        length = int.from_bytes(written)
        if length <= _SHORT or written[:1] == b"\0":
            raise EvidenceError("RLP that is not canonical: a length with too many bytes")
    if begin + length > stop:
        raise EvidenceError("RLP ends before its last item")
    return begin, begin + length
