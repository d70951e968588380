# SPDX-License-Identifier: Apache-2.0
"""Sample sizes, limits and factors against the tables of the AICPA Audit Sampling Guide, and the draws."""

from collections import Counter
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from hashlib import sha256
from itertools import combinations
from math import comb

import pytest

from notary.audit.sampling import (
    SampleError,
    attribute_size,
    monetary_interval,
    poisson_factor,
    upper_deviation_limit,
    upper_misstatement_limit,
)
from notary.audit.selection import Draws, MonetaryDraw, draw_positions, draw_start

D = Decimal
SEED = sha256(b"a block").digest()

# Sample sizes for 0, 1, 2 ... deviations in the sample (AICPA Audit Sampling Guide, tables A.1 and A.2).
SIZES = {
    ("0.95", "0.05"): (59, 93, 124, 153, 181, 208),
    ("0.95", "0.10"): (29, 46, 61, 76, 89, 103),
    ("0.95", "0.02"): (149, 236),
    ("0.95", "0.03"): (99, 157, 208),
    ("0.95", "0.04"): (74, 117, 156),
    ("0.95", "0.06"): (49, 78, 103),
    ("0.95", "0.07"): (42, 66, 88),
    ("0.95", "0.08"): (36, 58, 77),
    ("0.95", "0.09"): (32, 51, 68),
    ("0.90", "0.05"): (45, 77, 105, 132, 158),
    ("0.90", "0.10"): (22, 38, 52, 65, 78),
}


@pytest.mark.parametrize(("confidence", "tolerable"), SIZES)
def test_sizes_are_those_of_the_tables(confidence: str, tolerable: str) -> None:
    for expected, size in enumerate(SIZES[confidence, tolerable]):
        assert attribute_size(D(tolerable), D(confidence), expected) == size


def test_a_size_of_a_small_population_is_the_smallest_by_counting() -> None:
    for population in (5, 12, 20):
        for expected in (0, 1):
            deviating = -(-population * 3 // 10)

            def risk(
                size: int, deviating: int = deviating, population: int = population, most: int = expected
            ) -> Fraction:
                """By looking at every possible sample."""
                samples = list(combinations(range(population), size))
                return Fraction(sum(sum(i < deviating for i in item) <= most for item in samples), len(samples))

            found = attribute_size(D("0.3"), D("0.9"), expected, population)
            good = [size for size in range(1, population + 1) if risk(size) <= Fraction(1, 10)]
            assert found == min(good)
    assert comb(20, 10) == 184_756  # what the largest of these counts goes through


def test_a_large_population_needs_what_an_endless_one_does() -> None:
    sizes = [
        attribute_size(D("0.05"), D("0.95"), 0, population) for population in (20, 50, 100, 500, 1000, 10_000, 10**7)
    ]
    assert sizes == [19, 31, 45, 56, 57, 59, 59]
    assert attribute_size(D("0.05"), D("0.95"), 3, 4) == 4


# Upper limits in per cent for 0, 1, 2 ... deviations (table A.3, 5 % risk of overreliance), which rounds either way.
LIMITS = {25: ("11.3", "17.6"), 30: ("9.5", "14.9"), 50: ("5.9", "9.2", "12.1"), 60: ("4.9", "7.7", "10.2"),
          100: ("3.0", "4.7", "6.2", "7.6")}  # fmt: skip


@pytest.mark.parametrize("size", LIMITS)
def test_upper_limits_are_those_of_the_tables(size: int) -> None:
    for deviations, wanted in enumerate(LIMITS[size]):
        limit = 100 * upper_deviation_limit(size, deviations, D("0.95"))
        assert abs(limit - D(wanted)) <= D("0.1")


def test_limits_and_sizes_belong_together() -> None:
    for deviations in range(4):
        size = attribute_size(D("0.05"), D("0.95"), deviations)
        assert upper_deviation_limit(size, deviations, D("0.95")) <= D("0.05")
        assert upper_deviation_limit(size - 1, deviations, D("0.95")) > D("0.05")
    assert upper_deviation_limit(3, 3, D("0.95")) == 1


def test_poisson_factors_are_those_of_the_tables() -> None:
    # Table C.2: confidence factors, rounded up to two decimals.
    for confidence, wanted in (("0.95", "3.00 4.75 6.30 7.76 9.16 10.52"), ("0.90", "2.31 3.89 5.33 6.69 8.00 9.28")):
        factors = [poisson_factor(errors, D(confidence)).quantize(D("0.01"), ROUND_CEILING) for errors in range(6)]
        assert factors == [D(text) for text in wanted.split()]
    assert poisson_factor(0, D("0.95")) == D("2.9958")


def test_monetary_sampling_by_hand() -> None:
    # 30,000.00 may be misstated: an interval of 30,000.00 / 2.9958, rounded down to a cent.
    interval = monetary_interval(3_000_000, D("0.95"), 0)
    assert interval == 1_001_401
    assert upper_misstatement_limit(interval, [], 0, D("0.95")) <= 3_000_000
    # One item wholly misstated, one by a tenth: the largest first (Stringer).
    limit = upper_misstatement_limit(1000, [D("0.1"), D(1)], 50, D("0.95"))
    assert limit == 50 + 4900  # 2.9958 + 1.7481 * 1 + 1.5519 * 0.1 = 4.89909 intervals, rounded up
    assert upper_misstatement_limit(0, [], 70, D("0.95")) == 70


BAD = {
    "no confidence": lambda: attribute_size(D("0.05"), D("0.4"), 0),
    "certainty": lambda: attribute_size(D("0.05"), D(1), 0),
    "nothing tolerable": lambda: attribute_size(D(0), D("0.95"), 0),
    "all tolerable": lambda: attribute_size(D(1), D("0.95"), 0),
    "fewer than no deviations": lambda: attribute_size(D("0.05"), D("0.95"), -1),
    "a sample beyond all bounds": lambda: attribute_size(D("0.0001"), D("0.95"), 10_000),
    "more deviations than items": lambda: upper_deviation_limit(5, 6, D("0.95")),
    "an empty sample": lambda: upper_deviation_limit(0, 0, D("0.95")),
    "an interval below a unit": lambda: monetary_interval(2, D("0.95"), 0),
    "a misstatement below zero": lambda: monetary_interval(-5, D("0.95"), 0),
    "fewer than no errors": lambda: poisson_factor(-1, D("0.95")),
    "more than there are": lambda: draw_positions(SEED, 5, 6),
    "none": lambda: draw_positions(SEED, 5, 0),
}


@pytest.mark.parametrize("name", BAD)
def test_what_makes_no_sample_is_refused(name: str) -> None:
    with pytest.raises(SampleError):
        BAD[name]()


def test_draws_follow_from_the_seed_as_written_down() -> None:
    first = int.from_bytes(sha256(SEED + b"loan-notary/1 sample" + bytes(8)).digest())
    assert Draws(SEED).below(10**6) == first % 10**6
    assert draw_start(SEED, 1000) == first % 1000 + 1
    assert draw_positions(SEED, 1000, 59) == draw_positions(SEED, 1000, 59)
    assert draw_positions(SEED, 1000, 59) != draw_positions(sha256(SEED).digest(), 1000, 59)
    assert draw_positions(SEED, 7, 7) == list(range(7))


def test_draws_are_fair() -> None:
    draws = Draws(SEED)
    counts = Counter(draws.below(6) for _ in range(6000))
    assert sum((count - 1000) ** 2 / 1000 for count in counts.values()) < 20.5  # chi-square, 5 degrees, 0.1 %


def test_a_number_beyond_the_last_whole_range_is_drawn_again() -> None:
    # With a limit just above half the range nearly every second number is thrown away; what remains stays below it.
    limit = 2**255 + 1
    draws = Draws(SEED)
    assert all(draws.below(limit) < limit for _ in range(50))


def test_a_monetary_draw_takes_every_interval_th_unit() -> None:
    amounts = [30, 250, 70, 0, 99, 100, 1, 60, 40]
    draw = MonetaryDraw(interval=100, start=31)
    hits = list(draw.walk(amounts))
    assert [(hit.position, hit.certain) for hit in hits] == [(1, True), (2, False), (4, False), (5, True), (7, False)]
    # Left to chance are 30, 70, 0, 99, 1, 60 and 40: units 31, 131 and 231 lie in 70, 99 and 60.
    assert (draw.certain.items, draw.certain.amount, draw.sampled.items, draw.sampled.amount) == (2, 350, 7, 300)


def test_every_unit_is_equally_likely() -> None:
    amounts = [5, 3, 2]
    hits = Counter(hit.position for start in range(1, 11) for hit in MonetaryDraw(10, start).walk(amounts))
    assert hits == {0: 5, 1: 3, 2: 2}
