# SPDX-License-Identifier: Apache-2.0
"""A loan of which nothing is heard after the money was paid out: neither a payment nor a notice that none came."""

from api.samples.stories.story import Story
from api.samples.stories.telling import Telling


def _tell(telling: Telling) -> None:
    telling.begin()


STORY = Story("nothing is heard of it after it was paid out", 120, _tell)
