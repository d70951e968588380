# SPDX-License-Identifier: Apache-2.0
"""Tables that people bring along: what is read, and at which line what is not."""

from pathlib import Path

import pytest

from notary.audit.table import TableError, read_amount, read_date, read_table, with_header

COLUMNS = ("a", "b")


def rows(text: str) -> list[tuple[int, dict[str, str]]]:
    return list(read_table(text.splitlines(keepends=True), COLUMNS))


def test_what_is_read() -> None:
    assert rows("a,b\n1,2\n") == [(2, {"a": "1", "b": "2"})]
    assert rows("\ufeffa,b\r\n1,2") == [(2, {"a": "1", "b": "2"})]
    assert rows('a,b\n"x\ny",2\n3,"""4"\n') == [(2, {"a": "x\ny", "b": "2"}), (4, {"a": "3", "b": '"4'})]
    assert rows("a,b\n") == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("b,a\n", 1),
        ("a,b,c\n", 1),
        ("a,b\n1,2\n1\n", 3),
        ("a,b\n1,2\n1,2,3\n", 3),
        ("a,b\n\n", 2),
        ('a,b\n1,2\n1,"2\n', 3),
        ('a,b\n1,"2"x\n', 2),
        ("a,b\n1,\0\n", 2),
        ("a,b\n1," + "2" * 5000 + "\n", 2),
        ("a,b\n1," + "2" * 200_000 + "\n", 2),
    ],
)
def test_what_is_no_table_is_refused_at_its_line(text: str, line: int) -> None:
    with pytest.raises(TableError) as caught:
        rows(text)
    assert caught.value.line == line


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"a,b\n1,\xff\n")
    with path.open(encoding="utf-8", newline="") as file, pytest.raises(TableError, match="not UTF-8"):
        list(read_table(file, COLUMNS))


def test_amounts_and_days() -> None:
    assert read_amount(2, "12000.00", "CNY") == 1_200_000
    assert read_amount(2, "12000", "JPY") == 12_000
    assert read_date(2, "2026-02-28") == "2026-02-28"
    for text, currency in (
        ("12000", "CNY"), ("1.0", "CNY"), ("12,000.00", "CNY"), ("-1.00", "CNY"), ("01.00", "CNY"), ("1.00 ", "CNY"),
        ("1e2", "JPY"), ("٤", "JPY"), ("", "JPY"), ("1.00", "XXX"), ("1.00", "cny"),
    ):  # fmt: skip
        with pytest.raises(TableError, match="line 7"):
            read_amount(7, text, currency)
    for text in ("2026-02-29", "2026-2-1", "20260201", "2026-W05-1", "01.02.2026", ""):
        with pytest.raises(TableError, match="line 7"):
            read_date(7, text)


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_a_header_is_seen_before_the_rest_is_asked_for(size: int) -> None:
    text = b"\xef\xbb\xbfa,b\r\n1,2\r\n" + b"x" * 100
    parts = iter([text[at : at + size] for at in range(0, len(text), size)])
    with_header(parts, COLUMNS)
    assert len(list(parts)) == -(-len(text) // size) - -(-8 // size)
    again = with_header((text[at : at + size] for at in range(0, len(text), size)), COLUMNS)
    assert b"".join(again) == text


@pytest.mark.parametrize(
    "parts", [[], [b"null"], [b"a,b,", b"c\n"], [b"\na,b\n"], [b"\xff"], [b'"a\n",b\n'], [b'a,"b\n']]
)
def test_what_has_no_header_is_refused_at_once(parts: list[bytes]) -> None:
    with pytest.raises(TableError, match="line 1 "):
        with_header(iter(parts), COLUMNS)


def test_a_header_that_does_not_end_is_not_waited_for() -> None:
    coming = iter([b"a" * 5000] * 9)
    with pytest.raises(TableError, match="line 1 "):
        with_header(coming, COLUMNS)
    assert len(list(coming)) == 8
