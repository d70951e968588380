# SPDX-License-Identifier: Apache-2.0
"""A loan as the API shows it, laid out for a person: what is owed, what is odd, the plan, the records.

Made for terminals of 80 columns; record ids come with 110.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from api.cli.words import ANCHORS, ASSURANCES, LABELS, SEVERITIES, STAGES, TYPES, Language, say

Json = Mapping[str, Any]

_WIDE = 110
_ROWS, _BEFORE = 24, 6
"""Rows of a long table that are shown, and how many of them stand before the one that matters."""
SEVERITY_STYLES = {"serious": "bold red", "warning": "yellow", "notice": "cyan"}
_STAGE_STYLES = {
    "overdue": "red",
    "written_off": "red",
    "recovered": "yellow",
    "restructured": "yellow",
    "settled": "green",
}


def loan_page(loan: Json, language: Language, width: int) -> RenderableType:
    """Return all of a loan for a terminal of so many columns."""
    parts: list[RenderableType] = [_head(loan, language), _facts(loan, language)]
    parts += [_title("findings", language), findings_list(loan["findings"], language)]
    if plan := loan["schedule"]:
        origin = say(LABELS, "recorded" if plan["recorded"] else "derived", language)
        parts += [_title("schedule", language, origin), _plan(plan["rows"], language)]
    parts += [_title("timeline", language, str(len(loan["records"]))), _timeline(loan["records"], language, width)]
    return Group(*parts)


def findings_list(findings: Sequence[Json], language: Language, loans: bool = False) -> RenderableType:
    """Return findings, the most serious first; with `loans`, each with its loan's number before it."""
    if not findings:
        return Text(say(LABELS, "no_findings", language), "green")
    order = list(SEVERITY_STYLES)
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for item in sorted(findings, key=lambda item: order.index(item["severity"])):
        sentence = Text(item[language])
        if loans:
            sentence = Text.assemble((item["loan"], "bold"), "\n", sentence)
        places = ", ".join(f"#{record['sequence']}" for record in item["records"])
        severity = Text(say(SEVERITIES, item["severity"], language), SEVERITY_STYLES[item["severity"]])
        table.add_row(severity, item["code"], sentence.append(f"  {places}", "dim"))
    return table


def money(value: Json | None) -> str:
    """Write a sum for a reader, like "CNY 12,000.00"."""
    if value is None:
        return "–"
    whole, point, decimals = value["amount"].removeprefix("-").partition(".")
    sign = "-" if value["amount"].startswith("-") else ""
    return f"{value['currency']} {sign}{int(whole):,}{point}{decimals}"


def facts_table(rows: Iterable[tuple[str, RenderableType]], language: Language) -> Table:
    """Return a table of two columns: labels by their names, and what there is to say."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        # As text: a name may hold what would be markup.
        table.add_row(say(LABELS, name, language), Text(value) if isinstance(value, str) else value)
    return table


def record_title(summary: Json, language: Language) -> Text:
    """Return what a record is and where it stands in its loan."""
    return Text.assemble(
        (say(TYPES, summary["type"], language), "bold"), f"  {summary['loan']}", (f"  #{summary['sequence']}", "dim")
    )


def record_facts(record: Json, language: Language) -> list[tuple[str, RenderableType]]:
    """Return the labels and values of a record's summary."""
    return [
        ("id", record["id"]),
        ("occurred", record["occurred_at"]),
        ("received", record["received_at"]),
        ("assurance", say(ASSURANCES, record["assurance"], language)),
        ("anchor", say(ANCHORS, record["state"], language)),
    ]


def _head(loan: Json, language: Language) -> Text:
    state = loan["state"]
    text = Text.assemble((loan["loan"], "bold"), "  ", (say(STAGES, state, language), _STAGE_STYLES.get(state, "bold")))
    for name in ("disputed", "frozen"):
        if loan[name]:
            text.append(f"  {say(LABELS, name, language)}", "red")
    return text.append(f"  {say(LABELS, 'as_of', language)} {loan['as_of'][:16].replace('T', ' ')} UTC", "dim")


def _facts(loan: Json, language: Language) -> Table:
    paid, due = loan["paid"], loan["next_due"]
    parts = {name: money(paid[name]) for name in ("principal", "interest")}
    rows: list[tuple[str, RenderableType]] = [("holder", _holders(loan["holders"]))]
    rows.append(("outstanding", Text(money(loan["principal"]["outstanding"]), "bold")))
    rows.append(("interest", money(loan["interest_outstanding"])))
    rows.append(("paid", f"{money(paid['total'])}  ({say(LABELS, 'paid_parts', language, **parts)})"))
    if paid["recovered"] and int(paid["recovered"]["amount"].replace(".", "")):
        rows.append(("recovered", money(paid["recovered"])))
    if due:
        values = {"no": due["no"], "due": due["due"], "open": money(due["open"])}
        rows.append(("next_due", say(LABELS, "next_due_row", language, **values)))
    if loan["days_past_due"]:
        values = {"amount": money(loan["overdue"]), "days": loan["days_past_due"]}
        rows.append(("overdue", Text(say(LABELS, "overdue_days", language, **values), "red")))
    rows.append(("limit", money(loan["limit"])))
    if loan["open_disputes"]:
        rows.append(("disputes", "\n".join(loan["open_disputes"])))
    rows.append(("policy", policy_name(loan["policy"], language)))
    return facts_table(rows, language)


def policy_name(version: int, language: Language) -> str:
    """Return which policy a loan is measured with."""
    return say(LABELS, "policy_version" if version else "policy_own", language, version=version)


def _holders(holders: Sequence[Json]) -> str:
    return "\n".join(item["name"] + ("" if item["share"] == "1" else f"  {item['share']}") for item in holders) or "–"


def _title(name: str, language: Language, more: str = "") -> Rule:
    title = Text.assemble((say(LABELS, name, language), "bold"), (f"  {more}" if more else "", "dim"))
    return Rule(title, align="left", style="dim", characters="─")


def _plan(rows: Sequence[Json], language: Language) -> RenderableType:
    columns = ("no", "due", "principal", "row_interest", "balance", "left")
    table = _table(columns, language, right=("no", "principal", "row_interest", "balance", "left"))
    matters = next((place for place, row in enumerate(rows) if _is_open(row)), len(rows))
    start, stop = _window(len(rows), matters)
    for row in rows[start:stop]:
        sums = [_sum(row[name]) for name in ("principal", "interest", "balance")]
        left = Text(_sum(row["open"])) if _is_open(row) else Text("✓", "green")
        table.add_row(str(row["no"]), row["due"], *sums, left)
    return _shortened(table, start, len(rows) - stop, language)


def _timeline(records: Sequence[Json], language: Language, width: int) -> RenderableType:
    wide = width >= _WIDE
    columns = ("number", "type", "occurred", "received", "assurance", "anchor", *(("id",) if wide else ()))
    table = _table(columns, language, right=("number",))
    start = max(0, len(records) - _ROWS)
    for record in records[start:]:
        cells = [
            str(record["sequence"]),
            say(TYPES, record["type"], language),
            record["occurred_at"][:10],
            record["received_at"][:16].replace("T", " "),
            say(ASSURANCES, record["assurance"], language),
            say(ANCHORS, record["state"], language),
        ]
        table.add_row(*cells, *([record["id"]] if wide else []))
    return _shortened(table, start, 0, language)


def _table(columns: Iterable[str], language: Language, right: Sequence[str]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for name in columns:
        table.add_column(say(LABELS, name, language), justify="right" if name in right else "left", no_wrap=True)
    return table


def _window(count: int, matters: int) -> tuple[int, int]:
    """Return which rows of a long table are shown, so that the one that matters is among them."""
    start = min(max(0, matters - _BEFORE), max(0, count - _ROWS))
    return start, min(count, start + _ROWS)


def _shortened(table: Table, before: int, after: int, language: Language) -> RenderableType:
    """Put before and behind a table how many rows are left out."""
    parts: list[RenderableType] = [table]
    if before:
        parts.insert(0, Text(f"… {say(LABELS, 'earlier', language, count=before)}", "dim"))
    if after:
        parts.append(Text(f"… {say(LABELS, 'more', language, count=after)}", "dim"))
    if before or after:
        parts[-1 if after else 0] = Text(f"{parts[-1 if after else 0]}  ({say(LABELS, 'all_shown', language)})", "dim")
    return Group(*parts)


def _is_open(row: Json) -> bool:
    return bool(row["open"]) and int(row["open"]["amount"].replace(".", "")) != 0


def _sum(value: Json | None) -> str:
    return money(value).partition(" ")[2]
