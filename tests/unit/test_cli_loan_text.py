# SPDX-License-Identifier: Apache-2.0
"""Loans as text: everything is said, in the width that there is."""

from io import StringIO
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console, RenderableType

from api.cli.loan_text import findings_list, loan_page, money
from api.cli.words import Language
from notary.history import view_json
from tests.support.histories import PRINCIPAL, Story, begun, paid_up, plan_rows, schedule_rows
from tests.support.histories import money as sum_of


def shown(page: RenderableType, width: int) -> str:
    out = StringIO()
    Console(file=out, width=width, force_terminal=False).print(page)
    return out.getvalue()


def loan(story: Story, as_of: str, **changes: Any) -> dict[str, Any]:
    """Return a story as `GET /v1/loans/{loan}` does."""
    records = [
        {
            "id": event.record.id,
            "type": event.record.type,
            "sequence": event.sequence,
            "occurred_at": event.record.occurred_at,
            "received_at": event.record.occurred_at[:-1] + ".000Z",
            "assurance": "lender-signed",
            "state": "final",
        }
        for event in story.events
    ]
    return {
        "loan": "示消贷字（2026）第000001号",
        **view_json(story.view(as_of)),
        "policy": 0,
        "records": records,
    } | changes


def late() -> Story:
    story = paid_up(2)
    story.tell("overdue_notice", "2026-04-20")
    story.tell("dispute", "2026-04-21")
    story.repay(plan_rows()[2], "2026-04-22", reference="R-2")
    return story


def long() -> Story:
    rows = plan_rows(100_000_000, months=120)
    terms = {"principal": sum_of(100_000_000), "maturity": rows[-1].due.isoformat(), "instalment_count": 120}
    story = Story().agree(**terms).pay_out(100_000_000).plan(rows=schedule_rows(rows))
    for row in rows[:40]:
        story.repay(row)
    return story


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize(("story", "as_of"), [(late(), "2026-06-01"), (long(), "2029-06-01"), (Story(), "2026-01-01")])
def test_nothing_is_wider_than_the_terminal_or_cut_off(
    story: Story, as_of: str, width: int, language: Language
) -> None:
    page = shown(loan_page(loan(story, as_of), language, width), width)
    assert max(cell_len(line) for line in page.splitlines()) <= width
    assert "…" not in "".join(line for line in page.splitlines() if not line.startswith("…"))


def test_a_loan_in_english() -> None:
    page = shown(loan_page(loan(late(), "2026-06-01"), "en", 80), 80)
    lines = [" ".join(line.split()) for line in page.splitlines()]
    assert lines[0] == "示消贷字（2026）第000001号 active disputed as of 2026-06-01 00:00 UTC"
    assert "held by 示范银行股份有限公司" in lines
    assert "outstanding CNY 7,610.80" in lines
    assert "paid back CNY 2,665.47 (principal CNY 2,389.20, interest CNY 276.27)" in lines
    assert "next due 2026-05-15, instalment 4: CNY 888.49" in lines
    assert "past due CNY 888.49, 17 days" in lines
    assert "limit CNY 10,000.00" in lines
    assert f"open disputes {late().events[6].record.id}" in lines
    assert "policy the notary's own" in lines
    assert "3 2026-04-15 804.34 84.15 7,610.80 ✓" in lines
    assert "4 2026-05-15 812.38 76.11 6,798.42 888.49" in lines
    assert "5 overdue notice 2026-04-20 2026-04-20 04:00 lender-signed final" in lines
    assert lines[-1].startswith("7 repayment 2026-04-22")


def test_a_loan_in_chinese() -> None:
    page = shown(loan_page(loan(late(), "2026-06-01", policy=3), "zh", 120), 120)
    lines = [" ".join(line.split()) for line in page.splitlines()]
    assert lines[0] == "示消贷字（2026）第000001号 履约中 有异议 截至 2026-06-01 00:00 UTC"
    assert "下期应还 2026-05-15 第 4 期，CNY 888.49" in lines
    assert "逾期 CNY 888.49，17 天" in lines
    assert "政策 第 3 版" in lines
    # There is room for the ids.
    assert f"7 还款 2026-04-22 2026-04-22 04:00 贷款人 已确认 {late().events[-1].record.id}" in lines


def test_a_long_plan_is_shown_around_what_is_due_next() -> None:
    page = shown(loan_page(loan(long(), "2029-06-01"), "en", 80), 80)
    lines = [" ".join(line.split()) for line in page.splitlines()]
    plan = lines[lines.index(next(line for line in lines if line.startswith("schedule"))) :]
    assert plan[1] == "… 34 earlier"
    assert [line.split()[0] for line in plan[3:27]] == [str(number) for number in range(35, 59)]
    assert plan[27] == "… 62 more (--json shows all)"
    assert plan[29] == "… 19 earlier (--json shows all)"
    assert plan[-1].startswith("42 repayment")


def test_a_plan_that_nobody_recorded_says_so() -> None:
    page = shown(loan_page(loan(Story().agree().pay_out(), "2026-02-01"), "en", 80), 80)
    assert "schedule  follows from the agreement" in page
    assert "schedule  recorded" in shown(loan_page(loan(begun(), "2026-02-01"), "en", 80), 80)
    assert "schedule" not in shown(loan_page(loan(Story().agree(), "2026-02-01", records=[]), "en", 80), 80)


def test_a_settled_loan_has_nothing_left_to_pay() -> None:
    story = paid_up(3)
    story.tell("settlement", "2026-05-15", amount=sum_of(PRINCIPAL), outstanding=sum_of(0), waived=None, releases=None)
    page = shown(loan_page(loan(story, "2026-06-01"), "en", 80), 80)
    assert page.count("✓") == 12
    assert "settled" in page.splitlines()[0]


def test_what_came_in_after_a_write_off_is_shown() -> None:
    story = begun()
    assert "recovered" not in shown(loan_page(loan(story, "2026-02-01"), "en", 80), 80)
    story.tell("write_off", "2026-02-20", amount=sum_of(PRINCIPAL), interest=None)
    story.tell("recovery", "2026-03-20", amount=sum_of(12_345))
    lines = [" ".join(line.split()) for line in shown(loan_page(loan(story, "2026-04-01"), "en", 80), 80).splitlines()]
    assert "recovered CNY 123.45" in lines


def finding(code: str, severity: str, loan: str, *sequences: int) -> dict[str, Any]:
    records = [{"sequence": sequence, "id": "x"} for sequence in sequences]
    return {"loan": loan, "code": code, "severity": severity, "records": records, "zh": f"{code}甲", "en": f"{code} a."}


def test_findings_stand_by_their_weight() -> None:
    found = [finding("F20", "notice", "A", 1), finding("F22", "serious", "B", 0), finding("F7", "warning", "A", 2, 3)]
    lines = [" ".join(line.split()) for line in shown(findings_list(found, "en"), 80).splitlines()]
    assert lines == ["serious F22 F22 a. #0", "warning F7 F7 a. #2, #3", "notice F20 F20 a. #1"]
    with_loans = [" ".join(line.split()) for line in shown(findings_list(found, "zh", loans=True), 80).splitlines()]
    assert with_loans == ["严重 F22 B", "F22甲 #0", "警告 F7 A", "F7甲 #2, #3", "提示 F20 A", "F20甲 #1"]
    assert shown(findings_list([], "en"), 80).strip() == "nothing is odd"


def test_markup_in_a_loan_s_number_is_text() -> None:
    holder = {"name": "[bold]Bank[/x]", "lei": None, "uscc": None, "share": "1/2", "participated": ""}
    page = shown(loan_page(loan(begun(), "2026-02-01", loan="[bold]L[/]-1", holders=[holder] * 2), "en", 80), 80)
    assert page.startswith("[bold]L[/]-1  active")
    assert page.count("[bold]Bank[/x]  1/2") == 2
    found = [finding("F7", "warning", "[red]X[/]", 0)]
    assert "[red]X[/]" in shown(findings_list(found, "en", loans=True), 80)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        ({"currency": "CNY", "amount": "1234567.89"}, "CNY 1,234,567.89"),
        ({"currency": "CNY", "amount": "-0.05"}, "CNY -0.05"),
        ({"currency": "JPY", "amount": "-12000"}, "JPY -12,000"),
    ],
)
def test_sums(value: dict[str, str] | None, text: str) -> None:
    assert money(value) == text
