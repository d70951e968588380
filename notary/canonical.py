# SPDX-License-Identifier: Apache-2.0
"""JSON as the notary reads and writes it: strict in, canonical (RFC 8785, JCS) out.

Two readers that disagree about a document are a way to cheat, so everything on which JSON parsers are known to differ
is refused: duplicate keys, numbers that are not integers within ±(2^53 - 1), strings that are not in Unicode's
normalisation form C, unpaired surrogates, keys beyond ASCII.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

import orjson

from notary.errors import Fault, MalformedJsonError

MAX_INTEGER = 2**53 - 1
_SHALLOW = 500
"""With no more opening brackets than this, no value can be nested too deeply to be decoded."""
_ODD_NUMBER = re.compile(rb"[:\[,]-?(?:[0-9]{16}|[0-9]+[.eE])")
"""What a number with a fraction, an exponent or sixteen digits looks like where nothing is spaced out."""
_IN_ORDER = orjson.OPT_SORT_KEYS
_EXACT = orjson.OPT_STRICT_INTEGER


def canonical_json(value: object) -> bytes:
    """Return the JCS form (RFC 8785) of `value`, which holds no floats and only ASCII keys.

    orjson writes strings and integers as RFC 8785 section 3.2.2 wants them; under the two restrictions
    its key order (by code point) is that of section 3.2.3 (by UTF-16 code unit).
    """
    return orjson.dumps(value, option=_IN_ORDER)


def parse_json(data: bytes, *, limit: int) -> Any:
    """Read one JSON value of at most `limit` bytes.

    Raises `MalformedJsonError`. The result holds only dict, list, str, int, bool and None, and
    `canonical_json` takes it.
    """
    if len(data) > limit:
        _refuse(f"more than {limit} bytes")
    if (plain := _read_plain(data, limit)) is not None:
        return plain
    try:
        text = data.decode("utf-8")
        _refuse_depth(data)
        value = _DECODER.decode(text)
        written = canonical_json(value)
    except UnicodeDecodeError as error:
        _refuse(f"not UTF-8 at byte {error.start}")
    except RecursionError:
        _refuse("nested too deeply")
    except json.JSONDecodeError as error:
        _refuse(f"not JSON: {error.msg} at character {error.pos}")
    except orjson.JSONEncodeError:
        _refuse("nested too deeply, or a string with an unpaired surrogate")
    if not written.isascii():
        _check_text(written, value)
    return value


def parse_canonical(data: bytes, *, limit: int) -> Any:
    """Read one JSON value that is written exactly as `canonical_json` writes it.

    Raises `MalformedJsonError`, also where only white space or the order of keys is different.
    """
    if (plain := _read_plain(data, limit, in_order=True)) is not None:
        return plain
    value = parse_json(data, limit=limit)
    if canonical_json(value) != data:
        _refuse("not in canonical form (RFC 8785)")
    return value


def read_plain(data: bytes, *, limit: int, in_order: bool = False) -> dict[str, Any] | None:
    """Read what `parse_json`, or with `in_order` `parse_canonical`, reads, where that is quick; None where it is not.

    For those who take no number with a fraction or an exponent, because these are not looked for. Whatever they refuse
    is to be read again by the other functions, so that it is refused for what is wrong with its JSON first. Raises
    `MalformedJsonError`.
    """
    if len(data) > limit or data[:1] != b"{":
        return None
    try:
        value: dict[str, Any] = orjson.loads(data)
        if orjson.dumps(value, option=_EXACT | _IN_ORDER if in_order else _EXACT) != data:
            return None
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    if not data.isascii():
        _check_text(data, value)
    return value


def _read_plain(data: bytes, limit: int, *, in_order: bool = False) -> dict[str, Any] | None:
    """Return the object that `data` is, if orjson writes it just so; None for all that needs a closer look.

    This is how programs write JSON, and it takes a tenth of the time: what reads and writes as the same bytes has no
    key twice, no second spelling of anything, and is not nested too deeply. Left to look for are odd numbers (perhaps
    in a text, which the closer look finds out) and text that is not ASCII.
    """
    return None if _ODD_NUMBER.search(data) else read_plain(data, limit=limit, in_order=in_order)


def _refuse_depth(data: bytes) -> None:
    # orjson stops at 1024 levels by itself. Python's decoder stops at the interpreter's recursion limit, which some
    # libraries raise (py_ecc, to 100,000) beyond what the stack holds: the process would crash.
    if data.count(b"[") + data.count(b"{") > _SHALLOW:
        try:
            orjson.loads(data)
        except orjson.JSONDecodeError as error:
            _refuse(f"nested too deeply, or not JSON: {error.msg} at character {error.pos}")


def _refuse(detail: str) -> NoReturn:
    raise MalformedJsonError(Fault("", detail))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                _refuse(f"key {key[:40]!r} stands twice in one object")
            seen.add(key)
    return result


def _integer(text: str) -> int:
    # The length is tested first: int() is quadratic in it.
    if len(text) > 17 or abs(value := int(text)) > MAX_INTEGER:
        _refuse("an integer beyond 2^53 - 1")
    if text == "-0":
        _refuse("the number -0")
    return value


def _no_float(text: str) -> NoReturn:
    _refuse(f"the number {text[:40]} is not an integer; write amounts and rates as strings")


def _check_text(written: bytes, value: object) -> None:
    if not all(key.isascii() for key in _keys(value)):
        _refuse("a key with characters beyond ASCII")
    # The whole is tested first, in one go; an escape like \n before a combining mark makes it differ from its strings.
    whole = written.decode("utf-8")
    if not _is_normalized(whole) and not all(map(_is_normalized, _strings(value))):
        _refuse("text that is not in Unicode normalisation form C")


def _is_normalized(text: str) -> bool:
    return unicodedata.is_normalized("NFC", text)


def _keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for member in _members(value):
        yield from _keys(member)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for member in _members(value):
        yield from _strings(member)


def _members(value: object) -> Iterable[object]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_no_float, parse_constant=_no_float
)
