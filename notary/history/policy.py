# SPDX-License-Identifier: Apache-2.0
"""The thresholds of findings, in one place."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from notary.finance.apr import Method
from notary.records.classification import Category

_EU: tuple[str, ...] = (
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IE", "IT", "LT", "LU",
    "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
)  # fmt: skip


@dataclass(frozen=True)
class AprCap:
    """The highest all-in yearly cost that a law allows in agreements of a day or later."""

    law: str
    since: date
    rate: Decimal


@dataclass(frozen=True)
class Policy:
    """What a lender's portfolio is measured with; the defaults are the notary's own.

    Attributes:
        backdated_days: a record may speak of what was so many days before it came (F6).
        future_seconds: and of what is so many seconds ahead, for clocks that differ (F6).
        unit_tolerance: smallest units that a row of a schedule may be off by, from rounding (F1, F4, F10, F13).
        interest_days: days of interest that a payment may be off by where no schedule was recorded (F10).
        apr_tolerance: what the stated yearly rate may be off by: 0.001 is 0.1 percentage points (F9).
        apr_methods: how the yearly rate is computed by the first part of the governing law; else as in China (F9).
        apr_caps: caps on the yearly rate (F9). In China loans that platforms arrange (助贷) cost at most 24 %.
        category_days: days past due above which a category is too good (F14; order 2023 no. 1, articles 11 to 13).
        grace_days: days after a due date in which silence means nothing yet (F22).
        burst_records: so many repayments received within `burst_seconds`, though paid over more than `burst_days`, look
            written after the event (F20).
        pattern_records: so many repayments, and no fewer, make a pattern (F20).
    """

    backdated_days: int = 3
    future_seconds: int = 300
    unit_tolerance: int = 1
    interest_days: int = 3
    apr_tolerance: Decimal = Decimal("0.001")
    apr_methods: dict[str, Method] = field(default_factory=lambda: {"US": "REG_Z", **dict.fromkeys(_EU, "EU")})
    apr_caps: tuple[AprCap, ...] = (AprCap("CN", date(2025, 10, 1), Decimal("0.24")),)
    category_days: tuple[tuple[int, Category], ...] = ((360, "loss"), (270, "doubtful"), (90, "substandard"))
    grace_days: int = 10
    burst_records: int = 6
    burst_seconds: int = 3600
    burst_days: int = 60
    pattern_records: int = 6


DEFAULT_POLICY = Policy()
"""What applies where a lender named nothing else."""
