# SPDX-License-Identifier: Apache-2.0
"""The JavaScript verifier reads JSON and records as the notary does: the same are taken, the same refused."""

import copy
import random
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from api.record_types import record_types_module
from notary.canonical import canonical_json, parse_canonical, parse_json
from notary.encoding import b64
from notary.errors import InvalidInputError, MalformedJsonError, ProofError
from notary.log.merkle import ConsistencyProof, prove_consistency, verify_consistency
from notary.records import parse_record
from tests.support.browser_verifier import BrowserVerifier, running_verifier
from tests.support.record_vectors import INVALID, VALID, changed
from tests.support.trees import MemoryTree, corruptions, leaf_hashes
from tests.support.vector_receipts import places

ROOT = Path(__file__).parents[2]
TEXTS = [
    b"", b" ", b"1", b"-1", b"-0", b"0", b"00", b"01", b"1.0", b"1e3", b"1E1", b"+1", b".5", b"1.", b"--1", b"0x10",
    b"NaN", b"Infinity", b"-Infinity", b"9007199254740991", b"9007199254740992", b"-9007199254740991",
    b"-9007199254740992", b"1" * 40, b"true", b"false", b"null", b"nul", b"True", b"[]", b"[1]", b"[1,]", b"[,]",
    b"[1 2]", b"[", b"]", b"{}", b"{", b"{,}", b'{"a":1}', b'{"a":1,}', b'{"a":1,"a":1}', b'{"a":1,"\\u0061":2}',
    b'{"b":1,"a":2}', b'{"a":1,"b":2}', b'{"a" :1}', b"{a:1}", b'{"__proto__":1}', b'{"constructor":{"a":1}}',
    b'{"10":1,"9":2}', b'{"9":1,"10":2}', '{"é":1}'.encode(), b'{"":0}', b'{"a":1}x', b'""', b'"a', b'"\x00"',
    b'"\x1f"', b'"\x7f"', b'"\\u0000"', b'"\\b\\f\\n\\r\\t"', b'"\\u0008"', b'"\\/"', b'"\\a"', b'"\\u12"',
    b'"\\u12g4"', b'"\\"', b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\ud83d\\ude00"', '"😀"'.encode(), b'"\\u00e9"',
    b'"e\\u0301"', '"é"'.encode(), b'"\\n\\u0301"', "\"\u1100\u1161\"".encode(), '"\uac00"'.encode(),
    '"\u212b"'.encode(), '"\u0958"'.encode(), '"\ufeff"'.encode(), b"\xef\xbb\xbf1", b'"\xff"', b'"\xc3"',
    b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"', b'"\xc0\x80"', b"\x0c1", b"\xc2\xa01", "\u20281".encode(), b"1\n",
    b"\t[ 1 , 2 ]\r\n", b"[" * 254 + b"]" * 254, b"[" * 255 + b"]" * 255, b"[" * 254 + b"1" + b"]" * 254,
    b'{"a":' * 254 + b"1" + b"}" * 254, b'{"a":' * 255 + b"1" + b"}" * 255, b"[" * 30_000, b" " * 70_000,
    b'"' + b"a" * 65_533 + b'"', b'"' + b"a" * 65_535 + b'"',
]  # fmt: skip


@pytest.fixture(scope="module")
def verifier() -> Iterator[BrowserVerifier]:
    with running_verifier() as running:
        yield running


def is_taken(data: bytes, parse: Any) -> bool:
    try:
        parse(data, limit=64 * 1024)
    except MalformedJsonError:
        return False
    return True


@pytest.mark.parametrize("data", TEXTS, ids=lambda data: repr(data[:24]))
def test_json_is_taken_or_refused_alike(verifier: BrowserVerifier, data: bytes) -> None:
    assert (verifier.ask("json", data) is None) == is_taken(data, parse_json)
    assert (verifier.ask("canonical", data) is None) == is_taken(data, parse_canonical)


def test_damaged_json_is_taken_or_refused_alike(verifier: BrowserVerifier) -> None:
    numbers = random.Random(5)
    sample = canonical_json({"a": [1, "é\n😀", None, True, {"b": -7, "c": ""}], "d": "0", "e": 2**53 - 1})
    for _ in range(3000):
        data = bytearray(sample)
        for _ in range(numbers.randint(1, 3)):
            place = numbers.randrange(len(data))
            data[place : place + numbers.randint(0, 2)] = numbers.choice(
                [b"", b'"', b"\\", b"0", b",", b"}", b"\xcc\x81", b" "]
            )
        assert (verifier.ask("json", bytes(data)) is None) == is_taken(bytes(data), parse_json), bytes(data)
        assert (verifier.ask("canonical", bytes(data)) is None) == is_taken(bytes(data), parse_canonical), bytes(data)


def test_the_table_of_record_types_is_that_of_the_code() -> None:
    file = ROOT / "api" / "static" / "verify" / "record-types.js"
    assert file.read_text("utf-8") == record_types_module(), (
        "python -m api.record_types api/static/verify/record-types.js"
    )


def is_record(value: object) -> bool:
    with suppress(InvalidInputError):
        parse_record(value)
        return True
    return False


@pytest.mark.parametrize("record", VALID)
def test_a_valid_record_is_read(verifier: BrowserVerifier, record: dict[str, Any]) -> None:
    assert verifier.ask("record", canonical_json(record)) is None


@pytest.mark.parametrize(("record", "case"), INVALID)
def test_an_invalid_record_is_refused(verifier: BrowserVerifier, record: dict[str, Any], case: dict[str, Any]) -> None:
    assert isinstance(verifier.ask("record", canonical_json(changed(record, case))), str)


ODD = [
    None,
    True,
    0,
    1,
    -1,
    2**53 - 1,
    "",
    "0",
    "x",
    "0.00",
    "1.000",
    "CNY",
    "USD",
    "JPY",
    "per_day",
    "2026-02-30",
    "2024-02-29",
    [],
    [1],
    {},
]


def mutated(numbers: random.Random, pool: list[dict[str, Any]]) -> Any:
    """Return a valid record with a few members replaced by odd values, by members of others, dropped or added."""
    record = copy.deepcopy(numbers.choice(pool))
    for _ in range(numbers.choice([1, 1, 1, 2, 3])):
        parent, step = numbers.choice(list(places(record)) or [({"x": 1}, "x")])
        match numbers.randrange(6):
            case 0:
                del parent[step]
            case 1 if isinstance(parent, dict):
                parent[numbers.choice(["amount", "name", "share", "previous", "sequence", "x"])] = numbers.choice(ODD)
            case 2 if isinstance(parent, list):
                parent.append(copy.deepcopy(parent[step]))
            case 3 if isinstance(parent[step], str) and parent[step]:
                place = numbers.randrange(len(parent[step]))
                parent[step] = (
                    parent[step][:place] + numbers.choice("0123456789abcXY.-／\u2028é") + parent[step][place + 1 :]
                )
            case 4 if isinstance(step, str):
                others = [other[step] for other in pool if step in other]
                parent[step] = copy.deepcopy(numbers.choice(others or ODD))
            case _:
                parent[step] = numbers.choice(ODD)
    return record


def test_changed_records_are_taken_or_refused_alike(verifier: BrowserVerifier) -> None:
    numbers, pool = random.Random(20260301), [param.values[0] for param in VALID]
    taken = 0
    for _ in range(6000):
        record = mutated(numbers, pool)
        try:
            data = canonical_json(record)
            value = parse_json(data, limit=64 * 1024)
        except MalformedJsonError:
            continue
        found = verifier.ask("record", data)
        assert (found is None) == is_record(value), (found, record)
        taken += found is None
    assert taken > 500


def accepts(proof: ConsistencyProof, old_root: bytes, new_root: bytes) -> bool:
    with suppress(ProofError):
        verify_consistency(proof, old_root, new_root)
        return True
    return False


def test_consistency_proofs_are_believed_alike(verifier: BrowserVerifier) -> None:
    tree = MemoryTree(leaf_hashes(70))
    sizes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 32, 33, 63, 64, 65, 70]
    believed = 0
    for old, new in [*pairwise(sizes), (1, 70), (3, 64), (33, 65), (64, 70), (8, 8), (0, 8), (9, 8)]:
        good = prove_consistency(old, new, tree.read).hashes if 0 < old <= new else ()
        for hashes in (good, *corruptions(good)):
            proof = ConsistencyProof(old, new, tuple(hashes))
            roots = tree.root(old) or bytes(32), tree.root(new)
            asked = {"old": old, "new": new, "hashes": [b64(value) for value in hashes]}
            found = verifier.ask("consistency", **asked, old_root=b64(roots[0]), new_root=b64(roots[1]))
            assert (found is None) == accepts(proof, *roots), (old, new, found)
            believed += found is None
    assert believed > len(sizes)
