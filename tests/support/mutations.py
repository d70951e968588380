# SPDX-License-Identifier: Apache-2.0
"""Every member of a receipt or history receipt, changed in every way that has a name, and the links that must break.

A mutation is made from the parsed document alone, knows nothing of the verifier, and says which links a report must
name (`blamed`: one of them at least) and which it may name besides (`besides`). Where only the notary's word is
changed, no link but the seal can break, and `blamed` is empty.
"""

import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from notary.encoding import b64, b64url, parse_b64, parse_b64url

Path = tuple[str | int, ...]
_PLACES = 12
"""In how many places a string of bytes is changed, about."""
FORMAT = frozenset({"format"})


@dataclass(frozen=True)
class Mutation:
    """One change of a document, and the links that it breaks under a good seal."""

    name: str
    document: dict[str, Any]
    blamed: frozenset[str]
    besides: frozenset[str] = frozenset()


_RECORD = frozenset({"record", "signatures", "inclusion", "documents", "completeness", "lifecycle"})
_PLACE = frozenset({"inclusion", "completeness"})
_LINKS: tuple[tuple[str, set[str], frozenset[str]], ...] = (
    # Paths, the links to blame for another valid value there, and those that may break as well.
    (
        r"/(environment|lender)|.*/received_at|.*/keys/\d+/(party|valid_from|valid_until|revoked_from|root)",
        set(),
        _RECORD,
    ),
    (r"/anchors/\d+/(chain_id|transaction_hash)", set(), frozenset()),
    (r"/format|/state|/anchors/\d+/state", {"format"}, frozenset()),
    (r"(/records/\d+)?/envelope/payload", {"inclusion"}, _RECORD),
    (r"(/records/\d+)?/envelope/signatures/\d+/protected", {"format", "signatures"}, _PLACE),
    (r"(/records/\d+)?/envelope/signatures/\d+/batch/(payload|index)", {"format", "signatures"}, _PLACE),
    (r"(/records/\d+)?/envelope/signatures(/.*)?", {"signatures", "inclusion"}, _PLACE),
    (r"(/records/\d+)?/keys(/.*)?", {"signatures"}, frozenset()),
    (r"(/records/\d+)?/(nonce|tag|index|inclusion)(/\d+)?|/loan_key", {"inclusion"}, _PLACE),
    (r"/records", {"completeness"}, _RECORD),
    (r"/checkpoint", {"checkpoint"}, frozenset()),
    (r"/log_key", {"seal"}, frozenset()),
    (r"/anchors/\d+(/.*)?", {"anchor"}, frozenset()),
    (r"(/records/\d+)?/documents(/\d+/sha256)?", {"documents"}, frozenset()),
    (r"(/records/\d+)?/documents/.*", set(), frozenset({"documents"})),
    (r"/timestamps(/.*)?", set(), frozenset({"time"})),
    (r"/seal", {"seal"}, frozenset()),
)


def mutations(document: dict[str, Any]) -> Iterator[Mutation]:
    """Yield every mutation of a document."""
    for path, value in places(document):
        yield from _structural(document, path, value)
        yield from _other_values(document, path, value)


def places(value: Any, above: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield the path and value of every member and item."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield (*above, step), inner
        yield from places(inner, (*above, step))


def pointer(path: Path) -> str:
    """Return the JSON Pointer of a path; no member here has a slash."""
    return "".join(f"/{step}" for step in path)


def _structural(document: dict[str, Any], path: Path, value: Any) -> Iterator[Mutation]:
    """Yield changes that leave no document of the format; of a JWK any strings are one, to be refused as a key."""
    where = pointer(path)
    shape = frozenset({"signatures"}) if re.search(r"/jwk/\w+$", where) else FORMAT
    if isinstance(path[-1], str):
        yield Mutation(f"{where} dropped", _without(document, path), shape)
        yield Mutation(
            f"{where} doubled under another name", _with(document, (*path[:-1], f"{path[-1]}2"), value), shape
        )
    other: Any = {"x": "y"} if isinstance(value, list) else 7 if value is None or isinstance(value, str) else ["x"]
    yield Mutation(f"{where} of another type", _with(document, path, other), FORMAT)
    if value is not None and not re.search(r"(valid_until|revoked_from|root)$", where):
        yield Mutation(f"{where} null", _with(document, path, None), FORMAT)
    if isinstance(value, str) and where != "/lender":
        yield Mutation(f"{where} empty", _with(document, path, ""), *_links(where, "empty"))
    if isinstance(value, dict):
        extra = frozenset({"signatures"}) if where.endswith("/jwk") else FORMAT
        yield Mutation(f"{where} with a member more", _with(document, (*path, "extra"), "x"), extra)


def _other_values(document: dict[str, Any], path: Path, value: Any) -> Iterator[Mutation]:
    where = pointer(path)
    for name, other in _variants(where, value):
        changed = _with(document, path, other)
        if name == "the last dropped" and where == "/records":
            continue  # A history that ends earlier is as good: no more is said of what came later.
        blamed, besides = _links(where, name)
        yield Mutation(f"{where}: {name}", changed, blamed, besides)


def _links(where: str, name: str) -> tuple[frozenset[str], frozenset[str]]:
    if name == "empty" and where not in ("/checkpoint", "/log_key"):
        # Only these two are text that the format leaves to later links, and a log's key has one character at least.
        in_jwk = re.search(r"/jwk/\w+$", where)
        return (frozenset({"signatures"}) if in_jwk else FORMAT | {"signatures", "record"}), _RECORD
    if name == "empty":
        return (FORMAT if where == "/log_key" else frozenset({"checkpoint"})), frozenset()
    if where == "/anchors" or (name == "the first twice" and where.endswith("/envelope/signatures")):
        return FORMAT, frozenset()
    for pattern, blamed, besides in _LINKS:
        if re.fullmatch(pattern, where):
            return frozenset(blamed), besides
    raise AssertionError(f"nothing says which link holds {where}")


def _variants(where: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield other values that still look like what they are."""
    if isinstance(value, bool):
        yield "the opposite", not value
    elif isinstance(value, int):
        yield "one more", value + 1
        if value:
            yield "one less", value - 1
    elif isinstance(value, list):
        yield from _lists(where, value)
    elif isinstance(value, str):
        yield from _strings(where, value)


def _lists(where: str, value: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    if where == "/anchors":
        if len(value) == 1:
            yield "the only one dropped", []
        return  # The same anchor twice says nothing that is not so.
    if value:
        yield "the last dropped", value[:-1]
        yield "the first twice", [value[0], *value]
    if len(value) > 1:
        yield "the first dropped", value[1:]
        yield "one in the middle dropped", value[: len(value) // 2] + value[len(value) // 2 + 1 :]
        for place in range(len(value) - 1):
            yield (
                f"{place} and {place + 1} swapped",
                [*value[:place], value[place + 1], value[place], *value[place + 2 :]],
            )


def _strings(where: str, value: str) -> Iterator[tuple[str, str]]:
    name = where.rsplit("/", 1)[-1]
    if name in ("format", "environment", "state", "party"):
        words = {
            "format": ["loan-notary/receipt@2", "loan-notary/history@2", "loan-notary/receipt"],
            "environment": ["test", "production"],
            "state": ["recorded", "mined", "final"],
            "party": ["lender", "borrower", "guarantor"],
        }[name]
        yield from ((word, word) for word in words if word != value)
    elif name in ("received_at", "valid_from", "valid_until", "revoked_from"):
        yield "a second later", value[:17] + f"{(int(value[17:19]) + 1) % 60:02}" + value[19:]
    elif re.fullmatch("0x[0-9a-f]+|[0-9a-f]{64}", value):
        yield from ((f"digit {place}", _digit(value, place)) for place in range(2, len(value), 9))
    elif name in ("lender", "kty", "crv", "checkpoint", "log_key"):
        yield from ((f"character {place}", _character(value, place)) for place in range(len(value)))
    else:
        yield from _bytes(value)


def _bytes(value: str) -> Iterator[tuple[str, str]]:
    """Yield base64 of other bytes of the same length."""
    read, write = _alphabet(value)
    data = read(value)
    step = max(1, len(data) // _PLACES)
    for place in range(0, len(data), step):
        for bit in (1, 0x80):
            yield f"byte {place} ^ {bit}", write(data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :])
    if len(data) > 1:
        yield "its bytes reversed", write(data[::-1])


def _alphabet(value: str) -> tuple[Callable[[str], bytes], Callable[[bytes], str]]:
    padded = len(value) % 4 == 0 and not set(value) & set("-_")
    if padded and b64url(parse_b64(value)) != value:
        return parse_b64, b64
    return (parse_b64, b64) if set(value) & set("+/") else (parse_b64url, b64url)


def _digit(value: str, place: int) -> str:
    return value[:place] + ("1" if value[place] == "0" else "0") + value[place + 1 :]


def _character(value: str, place: int) -> str:
    return value[:place] + ("b" if value[place] == "a" else "a") + value[place + 1 :]


def _with(document: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    _parent(changed, path)[path[-1]] = copy.deepcopy(value)
    return changed


def _without(document: dict[str, Any], path: Path) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    del _parent(changed, path)[path[-1]]
    return changed


def _parent(document: Any, path: Path) -> Any:
    for step in path[:-1]:
        document = document[step]
    return document
