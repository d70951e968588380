# SPDX-License-Identifier: Apache-2.0
"""From an exact number to whole smallest units, as the agreement says."""

from decimal import Decimal
from fractions import Fraction
from typing import Literal

Rounding = Literal["half_up", "half_even", "down", "up"]
"""How a sum is rounded; of negative numbers `up` leads away from zero and `down` to it, as in `decimal`."""


def rounded(value: Fraction | Decimal | int, mode: Rounding) -> int:
    """Round an exact number to a whole one."""
    numerator, denominator = value.as_integer_ratio()
    whole, rest = divmod(abs(numerator), denominator)
    doubled = 2 * rest - denominator
    further = {
        "half_up": doubled >= 0,
        "half_even": doubled > 0 or (doubled == 0 and whole % 2 == 1),
        "down": False,
        "up": rest > 0,
    }[mode]
    magnitude = whole + further
    return -magnitude if numerator < 0 else magnitude
