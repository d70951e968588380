# SPDX-License-Identifier: Apache-2.0
"""How pages write sums, moments, numbers and names, by the visitor's language. Templates use them as filters."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from babel.dates import format_skeleton
from babel.numbers import format_compact_decimal
from flask_babel import format_currency, format_date, format_datetime, format_decimal, format_percent, get_locale
from markupsafe import Markup

from api.cli.words import READERS, READS, SEVERITIES, STAGES, TYPES, Words, say
from api.pages.language import chosen_language
from notary.encoding import format_time, parse_time
from notary.records.money import EXPONENTS

NOTHING = "–"
SIGNED: Words = {
    "received": ("未签名", "not signed"),
    "lender-signed": ("贷款人已签名", "signed by the lender"),
    "party-signed": ("当事人已签名，贷款人未签名", "signed, not by the lender"),
    "co-signed": ("应签各方均已签名", "signed by all who must"),
}
"""A record's assurance as a sentence has it; a terminal's narrow column has shorter words."""


def money(value: Mapping[str, str] | None) -> str:
    """Write a sum as records hold it, `{"currency", "amount"}`."""
    if value is None:
        return NOTHING
    return str(format_currency(Decimal(value["amount"]), value["currency"]))


def day(value: str | date | None) -> str:
    """Write a date, `2026-01-31`."""
    if value is None:
        return NOTHING
    return str(format_date(date.fromisoformat(value) if isinstance(value, str) else value))


def short_money(minor: int, currency: str) -> str:
    """Write a sum of smallest units for the axis of a chart, where there is little room: 140K, 14万."""
    return str(format_compact_decimal(minor // 10 ** EXPONENTS[currency], locale=get_locale(), fraction_digits=1))


def month(value: date) -> str:
    """Write a day's month and year."""
    return str(format_skeleton("yMMM", value, locale=get_locale()))


def moment(value: str | int | None) -> str | Markup:
    """Write a moment, milliseconds since 1970 or as records hold it, in the time zone of the language."""
    if value is None:
        return NOTHING
    text = format_time(value) if isinstance(value, int) else value
    at = datetime.fromtimestamp(parse_time(text) / 1000, UTC)
    return Markup('<time datetime="{}">{}</time>').format(text, format_datetime(at, "medium"))


def short_moment(seconds: int) -> str:
    """Write a moment, seconds since 1970, as short as a chart's axis wants it."""
    return str(format_datetime(datetime.fromtimestamp(seconds, UTC), "short"))


def number(value: int | Decimal) -> str:
    """Write a number."""
    return str(format_decimal(value))


def percent(value: Decimal | None) -> str:
    """Write a share with two decimals: 0.1234 is 12.34%."""
    return NOTHING if value is None else str(format_percent(value, "#,##0.00%"))


def size(value: int) -> str:
    """Write a number of bytes."""
    amount = Decimal(value)
    for unit in ("B", "KiB", "MiB"):
        if amount < 1024:
            return f"{format_decimal(amount, '#,##0.#')} {unit}"
        amount /= 1024
    return f"{format_decimal(amount, '#,##0.#')} GiB"


def short(value: str, head: int = 8, tail: int = 6) -> Markup:
    """Write an id or a digest by its ends; whoever points at it sees all of it."""
    if len(value) <= head + tail + 1:
        return Markup("<code>{}</code>").format(value)
    return Markup('<code title="{}">{}…{}</code>').format(value, value[:head], value[-tail:])


def _said(words: Mapping[str, tuple[str, str]]) -> Any:
    return lambda name: say(words, name, "zh" if chosen_language() == "zh" else "en")


FILTERS: Mapping[str, Any] = {
    "money": money,
    "short_money": short_money,
    "day": day,
    "month": month,
    "moment": moment,
    "short_moment": short_moment,
    "number": number,
    "percent": percent,
    "size": size,
    "short": short,
    "type_name": _said(TYPES),
    "stage_name": _said(STAGES),
    "severity_name": _said(SEVERITIES),
    "assurance_name": _said(SIGNED),
    "reader_name": _said(READERS),
    "read_name": _said(READS),
}
"""The filters by name; those that end in `_name` say a word of the records' vocabulary."""
