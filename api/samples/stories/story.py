# SPDX-License-Identifier: Apache-2.0
"""What a story is."""

from collections.abc import Callable
from dataclasses import dataclass

from api.samples.stories.telling import Telling


@dataclass(frozen=True)
class Story:
    """A loan over twelve months and what becomes of it.

    Attributes:
        summary: the story in one line, for whoever chooses one.
        days: how long before the end of the samples' history the money was paid out, or up to four weeks longer.
        tell: tells all records.
        signed_before: days by which the agreement was signed earlier than the usual two before the payment.
    """

    summary: str
    days: int
    tell: Callable[[Telling], None]
    signed_before: int = 0
