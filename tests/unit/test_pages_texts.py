# SPDX-License-Identifier: Apache-2.0
"""The catalogue of the pages, and how pages write sums, moments and numbers."""

import re
from collections import Counter
from decimal import Decimal

import pytest
from flask import Flask

from api.pages import language, page, words
from api.pages.language import LANGUAGES, chosen_language
from notary.parties.signatures import Assurance
from tests.support.messages import translated, used

HOLES = re.compile(r"%\((\w+)\)[sd]|%[^%]")


@pytest.fixture(scope="module")
def app() -> Flask:
    app = Flask("test")
    page.install(app)
    return app


def test_every_text_is_there_in_chinese_and_none_too_many() -> None:
    known, wanted = {key for key, _ in translated("zh")}, used()
    assert {text: wanted[key] for key in wanted.keys() - known for text in [key[1]]} == {}
    assert known - wanted.keys() == set()


def test_whose_signatures_a_record_has_is_said_for_each() -> None:
    assert words.SIGNED.keys() == {item.value for item in Assurance}


def test_a_text_stands_in_one_file_and_is_whole() -> None:
    assert [key for key, count in Counter(key for key, _ in translated("zh")).items() if count > 1] == []
    for (_, text), said in translated("zh"):
        assert all(said.strings), text
        assert not said.fuzzy, text
        for string in said.strings:
            assert set(HOLES.findall(string)) <= set(HOLES.findall(text)), text


@pytest.mark.parametrize(
    ("address", "cookie", "accepted", "chosen"),
    [
        ("/", "", "", "zh"),
        ("/", "", "fr", "zh"),
        ("/", "", "en-GB,zh;q=0.5", "en"),
        ("/", "zh", "en", "zh"),
        ("/", "fr", "en", "en"),
        ("/?lang=en", "zh", "zh", "en"),
        ("/?lang=fr", "en", "zh", "en"),
    ],
)
def test_the_language_is_asked_for_or_remembered_or_the_browsers(
    app: Flask, address: str, cookie: str, accepted: str, chosen: str
) -> None:
    headers = {"Cookie": f"{language.COOKIE}={cookie}", "Accept-Language": accepted}
    with app.test_request_context(address, headers=headers):
        assert chosen_language() == chosen


@pytest.mark.parametrize(
    ("filter_name", "value", "chinese", "english"),
    [
        ("money", {"currency": "CNY", "amount": "1234567.80"}, "¥1,234,567.80", "CN¥1,234,567.80"),
        ("money", {"currency": "JPY", "amount": "-5000"}, "-JP¥5,000", "-JP¥5,000"),
        ("money", {"currency": "KWD", "amount": "1.234"}, "KWD1.234", "KWD1.234"),
        ("money", None, "–", "–"),
        ("day", "2026-01-31", "2026年1月31日", "31 Jan 2026"),
        ("moment", 1_767_225_600_000, "2026年1月1日 08:00:00", "1 Jan 2026, 00:00:00"),
        ("moment", None, "–", "–"),
        ("number", 1234567, "1,234,567", "1,234,567"),
        ("percent", Decimal("0.12345"), "12.34%", "12.34%"),
        ("size", 0, "0 B", "0 B"),
        ("size", 1024 * 1536, "1.5 MiB", "1.5 MiB"),
        ("size", 5 * 1024**4, "5,120 GiB", "5,120 GiB"),
        ("type_name", "repayment", "还款", "repayment"),
        ("stage_name", "written_off", "已核销", "written off"),
        ("severity_name", "serious", "严重", "serious"),
    ],
)
def test_values_are_written_by_the_language(
    app: Flask, filter_name: str, value: object, chinese: str, english: str
) -> None:
    for code, text in (("zh", chinese), ("en", english)):
        with app.test_request_context(f"/?lang={code}"):
            written = str(words.FILTERS[filter_name](value))
            assert re.sub("<[^>]*>", "", written).replace("\xa0", "") == text, code


def test_a_moment_can_be_read_by_programs_too(app: Flask) -> None:
    with app.test_request_context("/?lang=zh"):
        assert 'datetime="2026-01-01T00:00:00.000Z"' in words.moment(1_767_225_600_000)


def test_what_is_long_is_shortened_and_what_is_markup_is_not(app: Flask) -> None:
    with app.test_request_context("/"):
        assert words.short("a" * 20) == f'<code title="{"a" * 20}">aaaaaaaa…aaaaaa</code>'
        assert words.short("<b>") == "<code>&lt;b&gt;</code>"


def test_every_language_has_its_own_place_and_name() -> None:
    assert len({item.tag for item in LANGUAGES.values()}) == len({item.name for item in LANGUAGES.values()}) == 2
