# SPDX-License-Identifier: Apache-2.0
"""Money and rates: exact decimal strings, never JSON numbers.

Money is `{"currency": "CNY", "amount": "12000.00"}`: an ISO 4217 code and a decimal with exactly the digits that ISO
4217 gives the currency (its exponent), no sign, no superfluous zero. The currency selects the model, one for each
exponent, so that compiled code alone checks the scale (check C5).

A rate is `{"value": "0.0435", "unit": "per_annum"}`: a fraction, so this is 4.35 % a year.
"""

from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field

from notary.records.fields import Maybe, Model, Period, Text, pattern

_INTEGER_PART = "(?:0|[1-9][0-9]{0,17})"
_RATE = r"(?:0|[1-9][0-9]{0,3})(?:\.[0-9]{0,11}[1-9])?"


AMOUNT_PATTERNS: set[str] = set()
"""The expressions of amounts: what does not match one fails check C5."""


def _amount(exponent: int) -> object:
    tail = rf"\.[0-9]{{{exponent}}}" if exponent else ""
    example = f"12000.{'0' * exponent}" if exponent else "12000"
    expression = f"^{_INTEGER_PART}{tail}$"
    AMOUNT_PATTERNS.add(expression)
    return pattern(
        expression,
        f"must be a decimal string of at most 18 digits and then exactly {exponent} decimals, like {example!r}",
    )


class Money(Model):
    """A sum in one currency; its classes `Money0` to `Money4` are named by the currency's exponent."""

    EXPONENT: ClassVar[int]
    currency: str
    amount: str

    @property
    def minor(self) -> int:
        """The sum in the currency's smallest unit."""
        return int(self.amount.replace(".", ""))


class Money0(Money):
    """A sum in a currency without a smaller unit."""

    EXPONENT: ClassVar[int] = 0
    currency: Literal[
        "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"
    ]  # fmt: skip
    amount: Annotated[str, _amount(0)]


class Money2(Money):
    """A sum in a currency whose smallest unit is a hundredth."""

    EXPONENT: ClassVar[int] = 2
    currency: Literal[
        "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BMD", "BND", "BOB", "BRL",
        "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DKK", "DOP",
        "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GTQ", "GYD", "HKD", "HNL",
        "HTG", "HUF", "IDR", "ILS", "INR", "IRR", "JMD", "KES", "KGS", "KHR", "KPW", "KYD", "KZT", "LAK", "LBP", "LKR",
        "LRD", "LSL", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN",
        "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "RUB",
        "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB",
        "TJS", "TMT", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "USD", "UYU", "UZS", "VED", "VES", "WST", "XCD", "XCG",
        "YER", "ZAR", "ZMW", "ZWG",
    ]  # fmt: skip
    amount: Annotated[str, _amount(2)]


class Money3(Money):
    """A sum in a currency whose smallest unit is a thousandth."""

    EXPONENT: ClassVar[int] = 3
    currency: Literal["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]
    amount: Annotated[str, _amount(3)]


class Money4(Money):
    """A sum in one of the units of account in which loans are written, to the ten-thousandth."""

    EXPONENT: ClassVar[int] = 4
    currency: Literal["CLF", "UYW"]
    amount: Annotated[str, _amount(4)]


Amount = Annotated[Money0 | Money2 | Money3 | Money4, Field(discriminator="currency")]
"""The type of every member that holds money."""

ANY_AMOUNT = f"^{_INTEGER_PART}(?:\\.[0-9]{{1,4}})?$"
AMOUNT_PATTERNS.add(ANY_AMOUNT)
Decimals = Annotated[
    str, pattern(ANY_AMOUNT, "must be a decimal string of at most 18 digits and the currency's decimals")
]
"""A sum whose currency stands elsewhere in the record; `minor_units` checks its scale."""

Currency = Annotated[str, pattern("^[A-Z]{3}$", "must be the code of a currency (ISO 4217)")]
"""A currency's code; the record checks that it is one of `EXPONENTS`."""

EXPONENTS: dict[str, int] = {
    code: model.EXPONENT
    for model in (Money0, Money2, Money3, Money4)
    for code in get_args(model.model_fields["currency"].annotation)
}
"""The decimals of each currency (ISO 4217, active codes, and the funds CLF and UYW)."""


def format_amount(minor: int, currency: str) -> str:
    """Write a sum of `minor` smallest units (not negative) of a known currency as a record holds it."""
    exponent = EXPONENTS[currency]
    digits = str(minor).rjust(exponent + 1, "0")
    return f"{digits[:-exponent]}.{digits[-exponent:]}" if exponent else digits


def has_scale(amount: str, exponent: int) -> bool:
    """Tell whether an amount that matches `Decimals` has exactly so many decimals."""
    return amount[-1 - exponent :][:1] == "." if exponent else "." not in amount


def minor_units(amount: str) -> int:
    """Return an amount, as a record holds it, in smallest units."""
    return int(amount.replace(".", ""))


Unit = Literal["per_annum", "per_day"]


class Rate(Model):
    """A fraction for each unit of time, not negative."""

    value: Annotated[str, pattern(f"^{_RATE}$", "must be a fraction as a decimal string, like '0.0435' for 4.35 %")]
    unit: Unit


class Spread(Model):
    """What is added to an index; below zero where the agreement says "less 20 basis points"."""

    value: Annotated[
        str,
        pattern(
            rf"^(?:{_RATE}|-(?:0\.[0-9]{{0,11}}[1-9]|[1-9][0-9]{{0,3}}(?:\.[0-9]{{0,11}}[1-9])?))$",
            "must be a fraction as a decimal string, like '0.002' or '-0.002' for 20 basis points",
        ),
    ]
    unit: Unit


class FixedRate(Model):
    """Interest at one rate for the life of the loan (FpML fixedRate)."""

    kind: Literal["fixed"]
    rate: Rate


class FloatingRate(Model):
    """Interest at an index plus a spread (FpML floatingRateIndex, spread, capRate, floorRate, resetFrequency)."""

    kind: Literal["floating"]
    index: Text
    tenor: Maybe[Period] = None
    spread: Spread
    cap: Maybe[Rate] = None
    floor: Maybe[Rate] = None
    reset: Maybe[Period] = None


Interest = Annotated[FixedRate | FloatingRate, Field(discriminator="kind")]
"""How the agreement fixes interest."""

TAGS = frozenset(EXPONENTS) | {"fixed", "floating"}
"""Values that select a model above. pydantic writes them into an error's location; no member has such a name."""
