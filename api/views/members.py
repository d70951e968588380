# SPDX-License-Identifier: Apache-2.0
"""Reading single members of small request bodies, and writing moments."""

import re
from collections.abc import Mapping, Sequence, Set
from decimal import Decimal
from typing import Any

from notary.encoding import format_time, parse_moment
from notary.errors import Fault, InvalidInputError

_LONGEST = 256
_DECIMAL = re.compile(r"(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,6})?")


def text_of(members: Mapping[str, Any], name: str) -> str:
    """Return a text of 1 to 256 characters. Raises `InvalidInputError`."""
    value = members[name]
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST or not value.isprintable():
        raise InvalidInputError(Fault(f"/{name}", f"must be a printable text of 1 to {_LONGEST} characters"))
    return value


def number_of(members: Mapping[str, Any], name: str) -> int:
    """Return a whole number from 1 on. Raises `InvalidInputError`."""
    value = members[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**31:
        raise InvalidInputError(Fault(f"/{name}", "must be a whole number from 1 on"))
    return value


def whole_of(members: Mapping[str, Any], name: str) -> int:
    """Return a whole number from 0 on. Raises `InvalidInputError`."""
    value = members[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise InvalidInputError(Fault(f"/{name}", "must be a whole number from 0 on"))
    return value


def decimal_of(members: Mapping[str, Any], name: str) -> Decimal:
    """Return a decimal number, which JSON has as a text. Raises `InvalidInputError`."""
    value = members.get(name)
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise InvalidInputError(Fault(f"/{name}", 'must be a decimal number in a text, such as "0.05"'))
    return Decimal(value)


def one_of(members: Mapping[str, Any], name: str, allowed: Sequence[str]) -> str:
    """Return one of some texts. Raises `InvalidInputError`."""
    value = members.get(name)
    if value not in allowed:
        raise InvalidInputError(Fault(f"/{name}", f"is none of {', '.join(allowed)}"))
    return str(value)


def time_of(members: Mapping[str, Any], name: str, after: int | None = None) -> int | None:
    """Return a moment in milliseconds since 1970, None if it is not given.

    Raises `InvalidInputError` for what is no moment, or is not later than `after`.
    """
    if name not in members:
        return None
    value = members[name]
    try:
        moment = parse_moment(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None:
        raise InvalidInputError(Fault(f"/{name}", "must be a moment such as 2026-01-31T08:30:00.000Z"))
    if after is not None and moment <= after:
        raise InvalidInputError(Fault(f"/{name}", f"must be later than {format_time(after)}"))
    return moment


def scopes_of(value: object, allowed: Set[str]) -> tuple[str, ...]:
    """Return a list of scopes, all of which are in `allowed`. Raises `InvalidInputError`."""
    if not isinstance(value, list) or not value or any(not isinstance(item, str) for item in value):
        raise InvalidInputError(Fault("/scopes", "must be a list of scopes"))
    for number, item in enumerate(value):
        if item not in allowed:
            raise InvalidInputError(Fault(f"/scopes/{number}", f"is none of {', '.join(sorted(allowed))}"))
    return tuple(dict.fromkeys(value))


def moment_or_none(moment: int | None) -> str | None:
    """Write a moment, or null."""
    return None if moment is None else format_time(moment)
