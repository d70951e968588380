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


PAGE_TEXTS = {
    "zh": {
        "title": "错误类型",
        "lead": "接口答复的每一种错误，以及处理方法。",
        "happened": "发生了什么",
        "remedy": "怎么办",
        "status": "HTTP 状态",
        "type": "类型",
        "all": "全部错误类型",
    },
    "en": {
        "title": "Problems",
        "lead": "Every error that the API answers with, and what to do about it.",
        "happened": "What happened",
        "remedy": "What to do",
        "status": "HTTP status",
        "type": "Type",
        "all": "All problems",
    },
}
"""What the pages themselves say, by language and name."""

_TEXTS = orjson.loads(Path(__file__).with_name("problem_texts.json").read_bytes())


def problem_texts(language: str) -> dict[str, ProblemText]:
    """Return the text of each problem by slug; the English title is that of the problem document."""
    return {
        slug: ProblemText(**{"title": KINDS[slug].title, **texts[language]}) for slug, texts in sorted(_TEXTS.items())
    }
