# SPDX-License-Identifier: Apache-2.0
"""The rate at which cash flows are worth nothing together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from itertools import pairwise

from notary.finance.errors import NoRateError

_CONTEXT = Context(prec=40)
_FIRST_STEP = Decimal("0.01")
_STEPS = 48
_TOLERANCE = Decimal("1e-22")
_PLACES = Decimal("1e-12")


@dataclass(frozen=True)
class TimedFlow:
    """An amount after `whole` periods of compound and then a `fraction` of a period of simple interest."""

    whole: Fraction
    fraction: Fraction
    amount: Fraction


_ORIGIN = TimedFlow(Fraction(0), Fraction(0), Fraction(0))


def rate_of_return(flows: Sequence[TimedFlow], periods_a_year: Fraction) -> Decimal:
    """Return the rate for a period, times the periods of a year, to twelve decimals.

    The result depends on the arguments alone, not on the caller's decimal context. If several rates solve the equation,
    it is the one that is first met in growing steps away from zero.

    Raises:
        NoRateError: there is no time between the flows, they all go one way, or no rate below 10^12 solves them.
    """
    moving = [flow for flow in flows if flow.amount]
    if not any(flow.amount > 0 for flow in moving) or not any(flow.amount < 0 for flow in moving):
        raise NoRateError("all money goes one way")
    if len({(flow.whole, flow.fraction) for flow in moving}) == 1:
        raise NoRateError("all money moves at one time")
    with localcontext(_CONTEXT):
        rate = _root(_Worth(moving))
        return (rate * _decimal(periods_a_year)).quantize(_PLACES).normalize() + 0


def _decimal(number: Fraction) -> Decimal:
    return Decimal(number.numerator) / number.denominator


class _Worth:
    """The present value of flows as a function of the rate.

    Flows are mostly equally far apart, so that there are few different powers to compute for a rate; steps name theirs
    by position, because hashing fractions would cost more than the sum.
    """

    def __init__(self, flows: Sequence[TimedFlow]) -> None:
        ordered = sorted(flows, key=lambda flow: (flow.whole, flow.fraction))
        gaps = [later.whole - earlier.whole for earlier, later in pairwise([_ORIGIN, *ordered])]
        self._gaps, gap_numbers = _distinct(gaps)
        self._fractions, fraction_numbers = _distinct([flow.fraction for flow in ordered])
        amounts = [_decimal(flow.amount) for flow in ordered]
        self._steps = list(zip(gap_numbers, fraction_numbers, amounts, strict=True))

    def __call__(self, rate: Decimal) -> Decimal:
        growth = 1 + rate
        discounts = [growth**-gap for gap in self._gaps]
        simple = [1 / (1 + fraction * rate) for fraction in self._fractions]
        total, discount = Decimal(0), Decimal(1)
        for gap, fraction, amount in self._steps:
            discount *= discounts[gap]
            total += amount * discount * simple[fraction]
        return total


def _distinct(numbers: Sequence[Fraction]) -> tuple[list[Decimal], list[int]]:
    """Return the different numbers, and of each number its place among them."""
    places = {number: place for place, number in enumerate(dict.fromkeys(numbers))}
    return [_decimal(number) for number in places], [places[number] for number in numbers]


def _root(worth: Callable[[Decimal], Decimal]) -> Decimal:
    nearer, at_nearer = Decimal(0), worth(Decimal(0))
    if not at_nearer:
        return nearer
    # At no interest the borrower has paid more than was received if the worth is below zero: the rate is above.
    for step in range(_STEPS):
        growth = 1 + _FIRST_STEP * 2**step
        farther = growth - 1 if at_nearer < 0 else 1 / growth - 1
        at_farther = worth(farther)
        if at_nearer.is_signed() != at_farther.is_signed() or not at_farther:
            return _between(worth, (nearer, at_nearer), (farther, at_farther))
        nearer, at_nearer = farther, at_farther
    raise NoRateError("no rate within reach makes the flows worth nothing")


Point = tuple[Decimal, Decimal]


def _between(worth: Callable[[Decimal], Decimal], one: Point, two: Point) -> Decimal:
    """Find the root between two points of unlike sign by Chandrupatla's method (Adv. Eng. Software 28, 1997, 145-149).

    It takes an inverse quadratic step where that is safe and halves the bracket where it is not.
    """
    part = Decimal("0.5")
    while True:
        middle = one[0] + part * (two[0] - one[0])
        new = (middle, worth(middle))
        if new[1].is_signed() == one[1].is_signed():
            one, old = new, one
        else:
            one, two, old = new, one, two
        best = min(one, two, key=lambda point: abs(point[1]))
        least_part = _TOLERANCE * (1 + abs(best[0])) / abs(two[0] - one[0])
        if least_part > Decimal("0.5") or not best[1]:
            return best[0]
        part = min(1 - least_part, max(least_part, _step(one, two, old)))


def _step(one: Point, two: Point, old: Point) -> Decimal:
    """Return how far to go from `one` to `two`."""
    (x1, f1), (x2, f2), (x3, f3) = one, two, old
    xi, phi = (x1 - x2) / (x3 - x2), (f1 - f2) / (f3 - f2)
    if phi**2 < xi and (1 - phi) ** 2 < 1 - xi:
        return f1 / (f2 - f1) * f3 / (f2 - f3) + (x3 - x1) / (x2 - x1) * f1 / (f3 - f1) * f2 / (f3 - f2)
    return Decimal("0.5")
