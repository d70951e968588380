# SPDX-License-Identifier: Apache-2.0
"""Which items are drawn: everything follows from a seed, so that whoever has the seed draws the same ones.

The seed is fixed after the population is (a later block's hash, or a later checkpoint), so nobody could foresee it
while there still was something to arrange.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from notary.audit.sampling import SampleError

_LABEL = b"loan-notary/1 sample"


class Draws:
    """Numbers out of a seed: SHA-256(seed || label || uint64(n)) for n = 0, 1 ..., without a bias."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self._count = 0

    def below(self, limit: int) -> int:
        """Return the next number, from 0 to below `limit`; each is equally likely."""
        fair = 2**256 - 2**256 % limit
        while True:
            number = int.from_bytes(sha256(self._seed + _LABEL + self._count.to_bytes(8)).digest())
            self._count += 1
            # What is above would favour small numbers; it hardly ever comes.
            if number < fair:
                return number % limit


def draw_positions(seed: bytes, population: int, size: int) -> list[int]:
    """Return `size` different positions from 0 to below `population`, in rising order. Raises `SampleError`."""
    if not 0 < size <= population:
        raise SampleError(f"{size} of {population} items cannot be drawn")
    draws, drawn = Draws(seed), set[int]()
    while len(drawn) < size:
        drawn.add(draws.below(population))
    return sorted(drawn)


def draw_start(seed: bytes, interval: int) -> int:
    """Return where a monetary-unit sample begins: a unit from 1 to `interval`."""
    return Draws(seed).below(interval) + 1


class Hit(NamedTuple):
    """An item that was drawn: its position in the population, its sum, and whether it was certain to be."""

    position: int
    amount: int
    certain: bool


@dataclass
class Stratum:
    """What the items that were certain, or those that were left to chance, come to."""

    items: int = 0
    amount: int = 0


@dataclass
class MonetaryDraw:
    """Walks through sums, and draws the item of every `interval`-th unit from `start` on.

    An item of at least an interval is drawn with certainty and takes no part in the counting. After the walk, `certain`
    and `sampled` say what the two parts of the population come to.
    """

    interval: int
    start: int

    def __post_init__(self) -> None:
        self.certain, self.sampled = Stratum(), Stratum()

    def walk(self, amounts: Iterable[int]) -> Iterator[Hit]:
        """Yield what is drawn of these sums, in smallest units."""
        wanted = self.start
        for position, amount in enumerate(amounts):
            stratum = self.certain if amount >= self.interval else self.sampled
            stratum.items += 1
            stratum.amount += amount
            if amount >= self.interval:
                yield Hit(position, amount, True)
            elif stratum.amount >= wanted:
                wanted += self.interval
                yield Hit(position, amount, False)
