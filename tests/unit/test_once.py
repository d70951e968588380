# SPDX-License-Identifier: Apache-2.0
"""Properties that are computed once."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import pytest

from notary.once import once
from notary.records.fields import Model


@dataclass(frozen=True)
class Counted:
    numbers: Iterator[int]

    @once
    def number(self) -> int:
        """The next number."""
        return next(self.numbers)

    @once
    def refused(self) -> int:
        next(self.numbers)
        raise LookupError("not yet")


class Doubled(Model):
    value: int

    @once
    def twice(self) -> int:
        return self.value * 2


def test_a_property_is_computed_once_for_each_object() -> None:
    numbers = count()
    first, second = Counted(numbers), Counted(numbers)
    assert [first.number, second.number, first.number, second.number] == [0, 1, 0, 1]
    assert vars(first) == {"numbers": numbers, "number": 0}


def test_what_raised_is_computed_again() -> None:
    counted = Counted(count())
    for _ in range(2):
        with pytest.raises(LookupError):
            _ = counted.refused
    assert counted.number == 2


def test_it_says_what_it_is() -> None:
    assert Counted.number.__doc__ == "The next number."


def test_models_differ_by_their_members_alone() -> None:
    asked, other = Doubled(value=3), Doubled(value=3)
    assert asked.twice == 6
    assert asked == other
    assert asked.model_dump() == {"value": 3}
    assert asked.model_copy(update={"value": 4}) != asked
