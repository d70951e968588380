# SPDX-License-Identifier: Apache-2.0
"""What the pages of problems say of each: what happened and what to do, in Chinese and English."""

from pathlib import Path
from typing import NamedTuple

import orjson

from api.problems import KINDS


class ProblemText(NamedTuple):
    """Title, what happened, what to do."""

    title: str
    happened: str
    remedy: str


_TEXTS = orjson.loads(Path(__file__).with_name("problem_texts.json").read_bytes())


def problem_texts(language: str) -> dict[str, ProblemText]:
    """Return the text of each problem by slug; the English title is that of the problem document."""
    return {
        slug: ProblemText(**{"title": KINDS[slug].title, **texts[language]}) for slug, texts in sorted(_TEXTS.items())
    }
