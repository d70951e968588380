# SPDX-License-Identifier: Apache-2.0
"""How the certificate sets text: fonts for every sign, and lines that are no wider than they may be."""

import pytest

from api.certificate import texts
from api.certificate.fonts import Run, lines_of, runs_of, width_of
from api.cli.words import TYPES

LATIN, CHINESE = "Certificate-Latin", "Certificate-Chinese"


def test_each_sign_is_set_in_a_font_that_has_it() -> None:
    assert runs_of("A银行，銀行 é") == [Run(LATIN, "A"), Run(CHINESE, "银行，銀行"), Run(LATIN, " é")]
    assert runs_of("") == []


@pytest.mark.parametrize(
    ("sign", "shown"),
    [
        ("\U00020bb7", "[U+20BB7]"),
        ("\u202e", "[U+202E]"),
        ("\u200b", "[U+200B]"),
        ("\xad", "[U+00AD]"),
        ("\x07", "[U+0007]"),
    ],
)
def test_a_sign_that_cannot_be_shown_is_named(sign: str, shown: str) -> None:
    assert "".join(run.text for run in runs_of(f"野{sign}屋")) == f"野{shown}屋"


def test_the_fonts_have_every_sign_of_our_own_texts() -> None:
    ours = [*texts.TITLE, texts.TEST, texts.TEST_MARK, texts.SCAN, *texts.PROVES, texts.UNSEALED, texts.SEALED]
    for text in (*ours, texts.UNSHOWN, *(word for pair in TYPES.values() for word in pair)):
        assert "".join(run.text for run in runs_of(text)) == text


@pytest.mark.parametrize("text", [*texts.PROVES, "f" * 300, "贷" * 200, "short", "a b  c\n\td", "ab " * 90])
def test_lines_are_no_wider_than_asked_and_lose_nothing(text: str) -> None:
    lines = list(lines_of(text, 9, 200))
    assert all(width_of(line, 9) <= 200 for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_words_are_kept_whole_where_they_fit() -> None:
    text = "one two three four five six seven eight nine ten"
    words = [word for line in lines_of(text, 9, 80) for word in line.split()]
    assert words == text.split()
