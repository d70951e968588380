# SPDX-License-Identifier: Apache-2.0
"""Tables that people bring along as CSV (RFC 4180), read strictly: every fault is named by its line."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from io import StringIO
from itertools import chain

from notary.errors import Fault, InvalidInputError
from notary.records.money import EXPONENTS, has_scale, minor_units

_AMOUNT = re.compile(r"(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,4})?")
_MAX_FIELD = _MAX_HEADER = 4096


class TableError(InvalidInputError):
    """Raised for a table that cannot be read; `line` counts from 1, the header is the first."""

    def __init__(self, line: int, detail: str) -> None:
        self.line, self.detail = line, detail
        super().__init__(Fault("", f"line {line} {detail}"))


def read_table(lines: Iterable[str], columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a table with exactly these columns, each with its line; a byte order mark is passed over.

    Raises `TableError`; a file opened as UTF-8 raises `UnicodeDecodeError` as it is read, which becomes one too.
    """
    reader = csv.reader(lines, strict=True)
    header: list[str] | None = None
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise TableError(line, f"is not CSV: {error}") from None
        except UnicodeDecodeError as error:
            raise TableError(line, f"or one soon after it is not UTF-8: {error.reason}") from None
        if header is None:
            header = [name.removeprefix("\ufeff") for name in fields or []]
            if header != list(columns):
                raise TableError(1, f"must be the header {','.join(columns)}")
            continue
        if fields is None:
            return
        if len(fields) != len(columns):
            raise TableError(line, f"has {len(fields)} fields, not {len(columns)}")
        if any(len(field) > _MAX_FIELD or "\0" in field for field in fields):
            raise TableError(line, f"has a field of more than {_MAX_FIELD} characters, or with a null in it")
        yield line, dict(zip(columns, fields, strict=True))


def with_header(parts: Iterable[bytes], columns: Sequence[str]) -> Iterator[bytes]:
    """Return what comes of a table, after a look at its first line: the header with these columns.

    Raises `TableError` if it is not, and what reading `parts` raises.
    """
    rest, head = iter(parts), b""
    while b"\n" not in head and len(head) < _MAX_HEADER and (part := next(rest, b"")):
        head += part
    first = StringIO(head[:_MAX_HEADER].decode(errors="replace"), newline="").readline()
    next(read_table([first], columns), None)
    return chain((head,), rest)


def read_amount(line: int, text: str, currency: str) -> int:
    """Return an amount in smallest units; it is written as in records: `12000.00`. Raises `TableError`."""
    if currency not in EXPONENTS:
        raise TableError(line, f"has {currency[:20]!r} as currency, which is none")
    if not _AMOUNT.fullmatch(text) or not has_scale(text, EXPONENTS[currency]):
        detail = f"has {text[:40]!r} as amount, not a decimal with exactly {EXPONENTS[currency]} decimals"
        raise TableError(line, detail)
    return minor_units(text)


def read_date(line: int, text: str) -> str:
    """Return a day that is written like 2026-01-31. Raises `TableError`."""
    try:
        if date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise TableError(line, f"has {text[:40]!r} as date, not a day like 2026-01-31")
