# SPDX-License-Identifier: Apache-2.0
"""Receipts changed at random: the verifier of the pages and the notary's come to the same, link by link."""

import copy
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from notary.canonical import canonical_json
from notary.encoding import b64, b64url, parse_b64, parse_b64url
from notary.log.signed_note import parse_verifier
from tests.support import vector_receipts as make
from tests.support.browser_verifier import BrowserVerifier, running_verifier
from tests.support.builders import record
from tests.support.make_vectors import expectation
from tests.support.vector_cases import LOG_KEY
from tests.support.vector_receipts import places
from verifier import make_verifier

BASES = [
    make.agreement(),
    make.anchored(make.agreement()),
    make.changed(make.anchored(make.agreement()), make.put("/anchors/0/evidence", "none")),
    make.receipt_of(make.envelope_of(record("repayment")), {}, 8, 3),
    make.receipt_of(make.envelope_of(record("schedule"), make.ES256K, make.PS256), {"lender": make.PS256.public}, 3, 2),
    make.wallet_receipt(record("repayment")),
]
VERIFIERS = {key: make_verifier(parse_verifier(key) if key else None) for key in (LOG_KEY, None)}
ODD: list[Any] = [
    None, True, False, 0, 1, -1, 2**53 - 1, "", "x", "none", [], {}, [[]], [{}], "A" * 43, "0x" + "00" * 32, "lender",
    "mined", "é", "\u2028", "2026-03-02T01:30:00.125Z", b64(bytes(32)), b64url(bytes(64)),
]  # fmt: skip
BYTES = [
    b"",
    b'"',
    b"\\",
    b"0",
    b",",
    b"{",
    b"}",
    b" ",
    b"\n",
    b"\xc3",
    b"\xe7\xa4\xba",
    b"\xcc\x81",
    b"\\u0041",
    b"-",
    b"1e1",
]


@pytest.fixture(scope="module")
def verifier() -> Iterator[BrowserVerifier]:
    with running_verifier() as running:
        yield running


def flip(numbers: random.Random, text: str) -> str:
    """Change one bit of the bytes that a text stands for, or one character of it."""
    decoders: list[tuple[Callable[[str], bytes], Callable[[bytes], str]]] = [(parse_b64, b64), (parse_b64url, b64url)]
    for parse, write in decoders:
        try:
            data = bytearray(parse(text))
        except ValueError:
            continue
        if data:
            data[numbers.randrange(len(data))] ^= 1 << numbers.randrange(8)
            return write(bytes(data))
    place = numbers.randrange(len(text) + 1)
    return text[:place] + numbers.choice("0aZ+-/ \n\u0085—") + text[place + numbers.randint(0, 1) :]


def inner(numbers: random.Random, text: str) -> str:
    """Change what a payload, a header or a note says, and not just its bytes."""
    try:
        data = parse_b64url(text)
    except ValueError:
        return text.replace(numbers.choice("0123456789"), numbers.choice("0123456789+ \n"), 1)
    place = numbers.randrange(len(data) + 1)
    return b64url(data[:place] + numbers.choice([*BYTES, b"7", b"x"]) + data[place + numbers.randint(0, 1) :])


def change(numbers: random.Random, members: dict[str, Any]) -> None:
    """Change one value somewhere in a receipt."""
    parent, step = numbers.choice(list(places(members)))
    value = parent[step]
    choice = numbers.random()
    if isinstance(value, str) and choice < 0.4:
        parent[step] = flip(numbers, value)
    elif isinstance(value, str) and choice < 0.7:
        parent[step] = inner(numbers, value)
    elif type(value) is int and choice < 0.7:
        parent[step] = value + numbers.choice([-1, 1, 2**40])
    elif choice < 0.8:
        del parent[step]
    elif isinstance(parent, list) and choice < 0.9:
        parent.insert(numbers.randrange(len(parent) + 1), copy.deepcopy(value))
    else:
        parent[step] = numbers.choice(ODD)


def damaged(numbers: random.Random) -> bytes:
    """Return a receipt with its members changed and sealed again, its seal left as it was, or its bytes changed."""
    members = copy.deepcopy(numbers.choice(BASES))
    kind = numbers.random()
    if kind < 0.75:
        for _ in range(numbers.choice([1, 1, 1, 2])):
            change(numbers, members)
        return canonical_json(make.sealed(members) if kind < 0.65 else members)
    data = canonical_json(members)
    place = numbers.randrange(len(data))
    return data[:place] + numbers.choice(BYTES) + data[place + numbers.randint(0, 2) :]


def test_changed_receipts_are_judged_alike(verifier: BrowserVerifier) -> None:
    numbers, seen = random.Random(20260302), Counter[str]()
    for _ in range(3000):
        data, key = damaged(numbers), numbers.choice([LOG_KEY, None])
        report = verifier.report(data, key)
        links = [[check["link"], check["status"]] for check in report["checks"]]
        found = {"verdict": report["verdict"], "links": links, "facts": report["facts"]}
        assert found == expectation(VERIFIERS[key].verify(data)), (data, report)
        seen.update(link for link, status in links if status == "failed")
        seen[report["verdict"]] += 1
    reached = {"format", "seal", "record", "signatures", "checkpoint", "inclusion", "anchor", "valid", "cannot tell"}
    assert reached <= {name for name, count in seen.items() if count >= 5}, seen
