# SPDX-License-Identifier: Apache-2.0
"""Realistic loan portfolios that nobody owes: agreements, schedules and repayments drawn from a seed.

::

    write_samples(Path("samples"), sample_histories(10_000, seed=1), seed=1)

The same count and seed give the same bytes. All keys follow from the seed, so they protect nothing.
"""

from api.samples.folder import SampleHistory, lender_key, sample_histories, story_history, write_samples
from api.samples.loans import Loan, sample_loans
from api.samples.records import SampleRecord
from api.samples.stories import STORIES

__all__ = [
    "STORIES",
    "Loan",
    "SampleHistory",
    "SampleRecord",
    "lender_key",
    "sample_histories",
    "sample_loans",
    "story_history",
    "write_samples",
]
