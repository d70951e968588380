# SPDX-License-Identifier: Apache-2.0
"""The scalar types of record members, and the model that all parts of a record derive from.

Everything that a regular expression can say is said in one, because pydantic-core runs it in compiled code, in time
linear in the text. `PATTERN_WORDS` keeps for each expression what to tell the sender of a string that does not match.

A member that may be absent is `Maybe[...]` with the default None. It may not be null: absence has one form only.
"""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from notary.canonical import MAX_INTEGER
from notary.once import once

PATTERN_WORDS: dict[str, str] = {}


def pattern(expression: str, words: str, max_length: int | None = None) -> Any:
    """Return the constraint "matches `expression`", whose fault reads `words`."""
    PATTERN_WORDS[expression] = words
    return Field(pattern=expression, max_length=max_length)


class Model(BaseModel):
    """An immutable JSON object of exactly the members named, without conversions between JSON types."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", ignored_types=(once,))


class _NotNull:
    """Takes the null out of an optional type's schema."""

    def __get_pydantic_core_schema__(self, source: object, handler: Callable[[object], Any]) -> Any:
        return handler(source)["schema"]


T = TypeVar("T")
Maybe = Annotated[T | None, _NotNull()]


def _listing(minimum: int, maximum: int) -> FieldInfo:
    # Only the container is lax: strict mode would take a tuple but not the list that JSON gives.
    result: FieldInfo = Field(strict=False, min_length=minimum, max_length=maximum)
    return result


Several = Annotated[tuple[T, ...], _listing(0, 256)]
"""A list of at most 256 items; it may be empty."""
SomeOf = Annotated[tuple[T, ...], _listing(1, 256)]
"""A list of 1 to 256 items."""
RowsOf = Annotated[tuple[T, ...], _listing(1, 600)]
"""A list of 1 to 600 rows: fifty years of months."""
EntriesOf = Annotated[tuple[Annotated[int, Field(ge=1, le=2**53 - 1)], ...], _listing(1, 4096)]
"""A list of 1 to 4096 entries of a log."""

_YEAR = "(?:19|2[0-9])[0-9]{2}"
_LEAP_YEAR = "(?:(?:19|2[0-9])(?:0[48]|[2468][048]|[13579][26])|(?:20|24|28)00)"
_FULL_DATE = (
    f"(?:{_YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    f"|02-(?:0[1-9]|1[0-9]|2[0-8]))|{_LEAP_YEAR}-02-29)"
)
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
# Line breaks and other controls, and the characters that reverse the order of what is displayed.
_UNPRINTABLE = r"\p{Cc}\p{Zl}\p{Zp}\x{FEFF}\x{061C}\x{200E}\x{200F}\x{202A}-\x{202E}\x{2066}-\x{2069}"

Date = Annotated[str, pattern(f"^{_FULL_DATE}$", "must be a real date YYYY-MM-DD of the years 1900 to 2999")]
"""An RFC 3339 full-date."""

Instant = Annotated[
    str, pattern(f"^{_FULL_DATE}T{_TIME}Z$", "must be a real RFC 3339 time in UTC, like 2026-03-01T09:30:00Z")
]
"""An RFC 3339 date-time in UTC, written with T and Z; leap seconds are not taken."""

RecordId = Annotated[
    str,
    pattern(
        "^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
        "must be a UUID (RFC 9562) in lower case with hyphens",
    ),
]
Digest = Annotated[str, pattern("^[0-9a-f]{64}$", "must be 64 lower-case hexadecimal digits")]
Pseudonym = Annotated[
    str,
    pattern(
        "^(?:[0-9a-f]{64}|[0-9a-f]{128})$",
        "must be a keyed digest of 64 or 128 lower-case hexadecimal digits, never an identity or account number",
    ),
]
"""An HMAC or OPRF output that stands for a person or an account."""

_TEXT = pattern(
    rf"^[^{_UNPRINTABLE}\p{{Z}}](?:[^{_UNPRINTABLE}]*[^{_UNPRINTABLE}\p{{Z}}])?$",
    "must be one line of text, not empty, without spaces around it, control or direction characters",
)
LoanNumber = Annotated[str, _TEXT, Field(max_length=128)]
Text = Annotated[str, _TEXT, Field(max_length=256)]
FileName = Annotated[
    str,
    pattern(
        rf"^[^{_UNPRINTABLE}\p{{Z}}/\\.](?:[^{_UNPRINTABLE}/\\]*[^{_UNPRINTABLE}\p{{Z}}/\\.])?$",
        "must be a file name without a path, not beginning or ending in a point or space",
        255,
    ),
]
MediaType = Annotated[
    str,
    pattern(
        "^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$",
        "must be a media type (RFC 6838 section 4.2) in lower case, without parameters",
    ),
]
Code = Annotated[str, pattern("^[a-z][a-z0-9_]{0,63}$", "must be a code of lower-case letters, digits and underscores")]
Rail = Annotated[
    str,
    pattern("^[A-Z][A-Z0-9_]{1,31}$", "must be the code of a payment rail in capitals, like CNAPS_HVPS or SEPA_SCT"),
]
"""A payment system's code; the list is open, because each country adds its own."""

Period = Annotated[str, pattern("^P[1-9][0-9]{0,3}[DWMY]$", "must be an ISO 8601 period of one unit, like P1M or P3M")]
Jurisdiction = Annotated[
    str, pattern("^[A-Z]{2}(?:-[A-Z0-9]{1,3})?$", "must be an ISO 3166 country or subdivision, like CN or US-NY")
]
Count = Annotated[int, Field(ge=1, le=MAX_INTEGER)]
Portion = Annotated[int, Field(ge=1, le=1_000_000_000)]
"""The numerator or denominator of a share."""
Whole = Annotated[int, Field(ge=0, le=MAX_INTEGER)]
