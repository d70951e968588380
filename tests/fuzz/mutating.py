# SPDX-License-Identifier: Apache-2.0
"""Changing bytes: a few small changes at a time, of the kinds that parsers are known to trip over."""

import random

_ODD = (
    b"", b"\x00", b"\xff", b"\x80", b"\xc0\x80", b"\xed\xa0\x80", b"-0", b"1e9", b"9" * 20, b'"', b"\\ud800", b"{",
    b"[" * 50, b"null", b"\n\n", "— ".encode(), b"=", b"../", b"\xef\xbb\xbf", (1 << 31).to_bytes(4),
    (1 << 63).to_bytes(8), b"\x1f\x8b",
)  # fmt: skip
MAX_SIZE = 64 * 1024


def mutated(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Return `data` with one to four changes; pieces of `others` may be in it."""
    result = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 4))):
        _KINDS[chance.randrange(len(_KINDS))](result, others, chance)
    return bytes(result[:MAX_SIZE])


def _flip(data: bytearray, _: list[bytes], chance: random.Random) -> None:
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _set(data: bytearray, _: list[bytes], chance: random.Random) -> None:
    if data:
        data[chance.randrange(len(data))] = chance.choice((0, 1, 127, 128, 255, chance.randrange(256)))


def _remove(data: bytearray, _: list[bytes], chance: random.Random) -> None:
    start, stop = _span(data, chance)
    del data[start:stop]


def _repeat(data: bytearray, _: list[bytes], chance: random.Random) -> None:
    start, stop = _span(data, chance)
    data[start:start] = data[start:stop] * chance.choice((1, 1, 2, 30))


def _insert(data: bytearray, _: list[bytes], chance: random.Random) -> None:
    place = chance.randint(0, len(data))
    data[place:place] = chance.choice(_ODD)


def _replace(data: bytearray, _: list[bytes], chance: random.Random) -> None:
    start, stop = _span(data, chance)
    data[start:stop] = chance.choice(_ODD)


def _splice(data: bytearray, others: list[bytes], chance: random.Random) -> None:
    other = bytearray(chance.choice(others))
    start, stop = _span(other, chance)
    place = chance.randint(0, len(data))
    data[place : place + chance.choice((0, stop - start))] = other[start:stop]


def _cut(data: bytearray, _: list[bytes], chance: random.Random) -> None:
    del data[chance.randint(0, len(data)) :]


_KINDS = (_flip, _flip, _set, _remove, _repeat, _insert, _replace, _splice, _cut)


def _span(data: bytearray, chance: random.Random) -> tuple[int, int]:
    start = chance.randint(0, len(data))
    return start, min(len(data), start + chance.choice((1, 2, 4, 16, 64, 1024)))
