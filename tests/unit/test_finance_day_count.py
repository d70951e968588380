# SPDX-License-Identifier: Apache-2.0
"""Day counts against the examples of the standards that define them."""

from datetime import date
from fractions import Fraction
from typing import get_args

import pytest

from notary.finance import Coupons, DayCount, DayCountError, PeriodError, counted_days, year_fraction

COUPONS = Coupons(date(2020, 1, 1), 1)


def day(text: str) -> date:
    return date.fromisoformat(text)


def sums(*parts: tuple[int, int]) -> Fraction:
    return sum((Fraction(days, year) for days, year in parts), Fraction(0))


# ISDA, "The Actual/Actual day count fraction" (1999, which corrects the memorandum "EMU and market conventions: recent
# developments" of 1998): start, end, regular dates, then the fractions of ISDA, ISMA (now ICMA) and AFB.
ISDA_1999 = {
    "semi-annual": (
        "2003-11-01", "2004-05-01", Coupons(date(2003, 11, 1), 6),
        sums((61, 365), (121, 366)), sums((182, 364)), sums((182, 366)),
    ),
    "short first": (
        "1999-02-01", "1999-07-01", Coupons(date(1999, 7, 1), 12),
        sums((150, 365)), sums((150, 365)), sums((150, 365)),
    ),
    "after short first": (
        "1999-07-01", "2000-07-01", Coupons(date(1999, 7, 1), 12),
        sums((184, 365), (182, 366)), Fraction(1), Fraction(1),
    ),
    "long first": (
        "2002-08-15", "2003-07-15", Coupons(date(2003, 7, 15), 6),
        sums((334, 365)), sums((181, 362), (153, 368)), sums((334, 365)),
    ),
    "after long first": (
        "2003-07-15", "2004-01-15", Coupons(date(2003, 7, 15), 6),
        sums((170, 365), (14, 366)), Fraction(1, 2), sums((184, 365)),
    ),
    "before short final": (
        "1999-07-30", "2000-01-30", Coupons(date(1999, 7, 30), 6),
        sums((155, 365), (29, 366)), Fraction(1, 2), sums((184, 365)),
    ),
    "short final": (
        "2000-01-30", "2000-06-30", Coupons(date(1999, 7, 30), 6),
        sums((152, 366)), sums((152, 364)), sums((152, 366)),
    ),
    "long final, ends of months": (
        "1999-11-30", "2000-04-30", Coupons(date(1999, 11, 30), 3, end_of_month=True),
        sums((32, 365), (120, 366)), sums((91, 364), (61, 368)), sums((152, 366)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ISDA_1999)
def test_actual_actual_of_the_isda_memorandum(case: str) -> None:
    start, end, coupons, isda, icma, afb = ISDA_1999[case]
    assert year_fraction("ACT/ACT.ISDA", day(start), day(end)) == isda
    assert year_fraction("ACT/ACT.ICMA", day(start), day(end), coupons=coupons) == icma
    assert year_fraction("ACT/ACT.AFB", day(start), day(end)) == afb


# Worked examples that ISDA published beside the 2006 Definitions ("30/360 day count conventions", section 4.16(f), (g),
# (h)): start, end, days of 30/360, 30E/360 and 30E/360.ISDA.
ISDA_30_360 = [
    ("2006-08-20", "2007-02-20", 180, 180, 180),
    ("2007-02-20", "2007-08-20", 180, 180, 180),
    ("2006-08-31", "2007-02-28", 178, 178, 180),
    ("2007-02-28", "2007-08-31", 183, 182, 180),
    ("2007-08-31", "2008-02-29", 179, 179, 180),
    ("2008-02-29", "2008-08-31", 182, 181, 180),
    ("2008-08-31", "2009-02-28", 178, 178, 180),
    ("2006-01-31", "2006-02-28", 28, 28, 30),
    ("2006-01-30", "2006-02-28", 28, 28, 30),
    ("2006-02-28", "2006-03-03", 5, 5, 3),
    ("2006-02-14", "2006-02-28", 14, 14, 16),
    ("2006-09-30", "2006-10-31", 30, 30, 30),
    ("2006-10-31", "2006-11-28", 28, 28, 28),
    ("2007-08-31", "2008-02-28", 178, 178, 178),
    ("2008-02-28", "2008-08-28", 180, 180, 180),
    ("2008-02-28", "2008-08-30", 182, 182, 182),
    ("2008-02-28", "2008-08-31", 183, 182, 182),
    ("2007-02-26", "2008-02-28", 362, 362, 362),
    ("2007-02-26", "2008-02-29", 363, 363, 364),
    ("2008-02-29", "2009-02-28", 359, 359, 360),
    ("2008-02-28", "2008-03-30", 32, 32, 32),
    ("2008-02-28", "2008-03-31", 33, 32, 32),
]


@pytest.mark.parametrize(("start", "end", "bond", "eurobond", "isda"), ISDA_30_360)
def test_months_of_30_days(start: str, end: str, bond: int, eurobond: int, isda: int) -> None:
    wanted: dict[DayCount, int] = {"30/360": bond, "30E/360": eurobond, "30E/360.ISDA": isda}
    for convention, days in wanted.items():
        assert counted_days(convention, day(start), day(end)) == days
        assert year_fraction(convention, day(start), day(end)) == Fraction(days, 360)


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2008-08-31", "2009-02-28", 178),
        ("2008-02-29", "2009-02-28", 358),
        ("2007-08-31", "2008-02-29", 179),
        ("2012-02-29", "2016-02-29", 1439),
        ("2008-02-29", "2008-08-31", 180),  # only February is different
    ],
)
def test_maturity_at_the_end_of_february_keeps_its_day(start: str, end: str, days: int) -> None:
    # 2006 ISDA Definitions, section 4.16(h): "unless such day is the Termination Date".
    assert counted_days("30E/360.ISDA", day(start), day(end), maturity=day(end)) == days


# The French definition's own two examples, and periods around 29 February as OpenGamma Strata tests them (DayCountTest,
# ACTACTAFB), with the values that it notes for ISDA's reading of the definition, which is the one taken here.
AFB = [
    ("1994-02-10", "1997-06-30", 3, (140, 365)),
    ("1994-02-10", "1994-06-30", 0, (140, 365)),
    ("2011-12-28", "2012-02-28", 0, (62, 365)),
    ("2011-12-28", "2012-02-29", 0, (63, 365)),
    ("2011-12-28", "2012-03-01", 0, (64, 366)),
    ("2011-12-28", "2016-02-29", 4, (63, 365)),
    ("2011-12-28", "2016-03-01", 4, (64, 366)),
    ("2012-02-28", "2012-03-28", 0, (29, 366)),
    ("2012-03-01", "2012-03-28", 0, (27, 365)),
    ("2004-02-28", "2005-02-28", 1, (0, 365)),
    ("2004-02-29", "2005-02-28", 0, (365, 366)),
    ("2004-02-28", "2008-02-27", 3, (365, 366)),
    ("2004-02-28", "2008-02-28", 4, (1, 365)),
    ("2004-02-29", "2008-02-28", 4, (0, 365)),
    ("2003-03-01", "2005-02-28", 2, (0, 365)),
    ("2004-02-27", "2008-02-28", 4, (2, 365)),
    ("2006-02-28", "2008-02-29", 2, (0, 365)),
]


@pytest.mark.parametrize(("start", "end", "years", "rest"), AFB)
def test_afb(start: str, end: str, years: int, rest: tuple[int, int]) -> None:
    assert year_fraction("ACT/ACT.AFB", day(start), day(end)) == years + Fraction(*rest)


# ICMA Rule 251.1 (i) part 2, with the periods of OpenGamma Strata's DayCountTest (ACT365L): the next interest date and
# the months between interest dates decide.
ACT_365L = [
    ("2011-12-28", "2012-02-28", "2012-02-28", 12, (62, 365)),
    ("2011-12-28", "2012-02-28", "2012-02-29", 12, (62, 366)),
    ("2011-12-28", "2012-02-28", "2012-03-01", 12, (62, 366)),
    ("2011-12-28", "2012-02-29", "2012-02-29", 12, (63, 366)),
    ("2011-12-28", "2012-02-28", "2012-02-28", 6, (62, 366)),
    ("2011-12-28", "2012-02-29", "2012-03-01", 6, (63, 366)),
    ("2010-12-28", "2011-02-28", "2011-03-01", 6, (62, 365)),
    ("2012-03-01", "2012-06-01", "2013-03-01", 12, (92, 365)),
]


@pytest.mark.parametrize(("start", "end", "following", "months", "fraction"), ACT_365L)
def test_actual_365_leap(start: str, end: str, following: str, months: int, fraction: tuple[int, int]) -> None:
    coupons = Coupons(day(following), months)
    assert year_fraction("ACT/365L", day(start), day(end), coupons=coupons) == Fraction(*fraction)


@pytest.mark.parametrize(
    ("anchor", "end_of_month", "start", "end", "fraction"),
    [  # Stubs of OpenGamma Strata's DayCountTest (actActIcma): quarters counted from the end of February.
        ("2012-02-29", True, "2011-10-01", "2012-01-12", sums((60, 364), (43, 364))),
        ("2012-02-29", True, "2011-07-01", "2011-11-12", sums((61, 368), (73, 364))),
        ("2012-02-29", False, "2011-10-01", "2012-01-12", sums((59, 368), (44, 368))),
        ("2012-02-29", False, "2012-02-29", "2012-06-01", sums((90, 360), (3, 368))),
    ],
)
def test_icma_over_several_periods(anchor: str, end_of_month: bool, start: str, end: str, fraction: Fraction) -> None:
    coupons = Coupons(day(anchor), 3, end_of_month)
    assert year_fraction("ACT/ACT.ICMA", day(start), day(end), coupons=coupons) == fraction


@pytest.mark.parametrize(("convention", "year"), [("ACT/360", 360), ("ACT/364", 364), ("ACT/365.FIXED", 365)])
def test_actual_days_over_a_fixed_year(convention: DayCount, year: int) -> None:
    # 2006 ISDA Definitions, section 4.16(d), (e); a year with a 29 February.
    assert year_fraction(convention, day("2024-01-01"), day("2025-01-01")) == Fraction(366, year)


def test_business_days_of_brazil() -> None:
    # The year to 19 December 2005 has 252 business days of the Brazilian settlement calendar (QuantLib, business252).
    holidays = {"02-07", "02-08", "03-25", "04-21", "05-26", "09-07", "10-12", "11-02", "11-15"}

    def brazil(moment: date) -> bool:
        return moment.weekday() < 5 and not (moment.year == 2005 and f"{moment:%m-%d}" in holidays)

    assert year_fraction("CAL/252", day("2004-12-17"), day("2005-12-19"), calendar=brazil) == 1
    assert year_fraction("CAL/252", day("2005-12-19"), day("2006-01-02"), calendar=brazil) == Fraction(10, 252)
    assert counted_days("CAL/252", day("2005-12-19"), day("2006-01-02"), calendar=brazil) == 10


def test_one_to_one() -> None:
    # 2006 ISDA Definitions, section 4.16(a).
    assert year_fraction("1/1", day("2011-12-28"), day("2016-03-01")) == 1


@pytest.mark.parametrize("convention", get_args(DayCount))
def test_an_empty_period_is_no_part_of_a_year(convention: DayCount) -> None:
    assert year_fraction(convention, day("2024-02-29"), day("2024-02-29")) == 0


@pytest.mark.parametrize("convention", get_args(DayCount))
def test_a_period_does_not_run_backwards(convention: DayCount) -> None:
    with pytest.raises(PeriodError, match="from 2024-03-01 to 2024-02-29 ends before it starts"):
        year_fraction(convention, day("2024-03-01"), day("2024-02-29"), coupons=COUPONS, calendar=lambda day: True)
    with pytest.raises(PeriodError):
        counted_days(convention, day("2024-03-01"), day("2024-02-29"), calendar=lambda day: True)


@pytest.mark.parametrize(
    ("convention", "wanted"),
    [
        ("ACT/ACT.ICMA", "the regular interest dates"),
        ("ACT/365L", "the regular interest dates"),
        ("CAL/252", "a business calendar"),
    ],
)
def test_what_a_convention_counts_by_must_be_given(convention: DayCount, wanted: str) -> None:
    with pytest.raises(DayCountError) as caught:
        year_fraction(convention, day("2024-01-01"), day("2024-02-01"))
    assert (caught.value.convention, caught.value.wanted) == (convention, wanted)
