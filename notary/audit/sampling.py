# SPDX-License-Identifier: Apache-2.0
"""How large a sample must be, and what it then shows: attribute sampling and monetary-unit sampling (ISA 530).

Attribute sampling asks how many records deviate from a rule: sizes and limits are those of the exact binomial
distribution, or of the hypergeometric one for a small population. Monetary-unit sampling asks how far sums are
overstated: each unit of money is an item, errors are rare, so that the Poisson distribution holds. Everything is
computed with 50 digits; limits are rounded up, sizes too, so that no rounding flatters what was audited.
"""

from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, Context, Decimal, localcontext
from math import comb

from notary.errors import Fault, InvalidInputError

_DIGITS = Context(prec=50)
_STEP = Decimal("0.0001")
MAX_SIZE = 1_000_000


class SampleError(InvalidInputError):
    """Raised for a sample that cannot be drawn, or results that do not belong to it."""

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(Fault("", detail))


def attribute_size(tolerable: Decimal, confidence: Decimal, expected: int, population: int | None = None) -> int:
    """Return the smallest sample that shows, with `expected` deviations in it, that fewer than `tolerable` deviate.

    That is the smallest n for which the chance of at most `expected` deviations, if a share of `tolerable` deviated, is
    at most 1 - `confidence`: 59 for 0.05, 0.95 and 0. With a `population` the sample is drawn without putting back, and
    never larger than that. Raises `SampleError`.
    """
    _check_shares(tolerable, confidence)
    if expected < 0:
        raise SampleError(f"{expected} deviations cannot be expected")
    with localcontext(_DIGITS):
        risk = 1 - confidence
        size = _smallest(lambda n: _binomial(n, expected, tolerable) <= risk, expected + 1, MAX_SIZE)
        if population is None:
            return size
        deviating = int((tolerable * population).to_integral_value(ROUND_CEILING))
        most = min(size, population)
        return _smallest(lambda n: n == most or _hypergeometric(population, deviating, n, expected) <= risk, 1, most)


def upper_deviation_limit(size: int, deviations: int, confidence: Decimal) -> Decimal:
    """Return the share of the population that at most deviates, with this confidence (Clopper and Pearson), rounded up.

    Raises `SampleError`.
    """
    _check_shares(Decimal("0.5"), confidence)
    if not 0 <= deviations <= size or size == 0:
        raise SampleError(f"{deviations} of {size} items cannot deviate")
    if deviations == size:
        return Decimal(1)
    with localcontext(_DIGITS):
        low, high = Decimal(0), Decimal(1)
        while high - low > Decimal("1e-12"):
            middle = (low + high) / 2
            low, high = (low, middle) if _binomial(size, deviations, middle) <= 1 - confidence else (middle, high)
        return high.quantize(_STEP, ROUND_CEILING)


def poisson_factor(errors: int, confidence: Decimal) -> Decimal:
    """Return the mean of a Poisson distribution that shows `errors` or fewer with a chance of 1 - `confidence`.

    Rounded up to four digits: 2.9958 for 0 and 0.95, the 3.00 of the tables. Raises `SampleError`.
    """
    _check_shares(Decimal("0.5"), confidence)
    if not 0 <= errors <= MAX_SIZE:
        raise SampleError(f"{errors} errors cannot be")
    with localcontext(_DIGITS):
        low, high = Decimal(0), Decimal(10 + 4 * errors)
        while _poisson(high, errors) > 1 - confidence:
            high *= 2
        while high - low > Decimal("1e-12"):
            middle = (low + high) / 2
            low, high = (low, middle) if _poisson(middle, errors) <= 1 - confidence else (middle, high)
        return high.quantize(_STEP, ROUND_CEILING)


def monetary_interval(tolerable: int, confidence: Decimal, expected: int) -> int:
    """Return the interval of a monetary-unit sample, in smallest units: the tolerable misstatement over the factor.

    `expected` is how many items may be wholly misstated for the sample still to show that no more than `tolerable` is.
    Raises `SampleError`.
    """
    interval = int(tolerable / poisson_factor(expected, confidence)) if tolerable > 0 else 0
    if interval < 1:
        raise SampleError(f"a tolerable misstatement of {tolerable} smallest units is too small for any interval")
    return interval


def upper_misstatement_limit(interval: int, taintings: Sequence[Decimal], certain: int, confidence: Decimal) -> int:
    """Return by how much, at most, the population is overstated, in smallest units, rounded up (the Stringer bound).

    `taintings` are the shares of the sampled items that are overstated, each above 0 and at most 1; `certain` is what
    the items are overstated by that were all looked at. An `interval` of 0 says that nothing was left to sample.
    """
    with localcontext(_DIGITS):
        limit = Decimal(interval) * poisson_factor(0, confidence)
        for rank, tainting in enumerate(sorted(taintings, reverse=True), 1):
            step = poisson_factor(rank, confidence) - poisson_factor(rank - 1, confidence)
            limit += interval * step * tainting
        return certain + int(limit.to_integral_value(ROUND_CEILING))


def _check_shares(tolerable: Decimal, confidence: Decimal) -> None:
    if not Decimal("0.0001") <= tolerable < 1:
        raise SampleError(f"the tolerable rate is {tolerable}, not from 0.0001 to below 1")
    if not Decimal("0.5") <= confidence <= Decimal("0.9999"):
        raise SampleError(f"the confidence is {confidence}, not from 0.5 to 0.9999")


def _smallest(holds: Callable[[int], bool], first: int, last: int) -> int:
    """Return the smallest number from `first` to `last` for which `holds` says yes, as it does for all above it."""
    if not holds(last):
        raise SampleError(f"even {last} items would not be enough")
    while first < last:
        middle = (first + last) // 2
        if holds(middle):
            last = middle
        else:
            first = middle + 1
    return first


def _binomial(size: int, most: int, share: Decimal) -> Decimal:
    """Return P(X <= most) of `size` draws, each of which deviates with the chance `share`."""
    term = (1 - share) ** size
    total = term
    for i in range(min(most, size)):
        term *= (size - i) * share / ((i + 1) * (1 - share))
        total += term
    return total


def _hypergeometric(population: int, deviating: int, size: int, most: int) -> Decimal:
    """Return P(X <= most) of `size` draws without putting back, `deviating` of the population deviate."""
    sound = population - deviating
    if size > sound:
        ways = sum(comb(deviating, i) * comb(sound, size - i) for i in range(max(0, size - sound), most + 1))
        return Decimal(ways) / comb(population, size)
    term = Decimal(1)
    for i in range(size):
        term *= Decimal(sound - i) / (population - i)
    total = term
    for i in range(min(most, size, deviating)):
        term *= Decimal((deviating - i) * (size - i)) / ((i + 1) * (sound - size + i + 1))
        total += term
    return total


def _poisson(mean: Decimal, most: int) -> Decimal:
    """Return P(X <= most)."""
    term = (-mean).exp()
    total = term
    for i in range(1, most + 1):
        term *= mean / i
        total += term
    return total
