# SPDX-License-Identifier: Apache-2.0
"""The commands on loans, findings and policies against a running service, with a story from the samples."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import Result
from rich.cells import cell_len

from notary.canonical import canonical_json
from tests.support.builders import record
from tests.support.cli import document, is_one_line, run
from tests.support.service import Service, command, new_service

BOOK = {"thresholds": {"backdated_days": 36_500, "burst_days": 36_500}}


class Lender:
    """A lender with the story of a facility drawn over its limit."""

    def __init__(self, service: Service, folder: Path) -> None:
        self.service, self.key_file = service, folder / "api.key"
        self.key_file.write_text(service.add_lender())
        made = run("sample", folder / "over", "--story", "over-limit", "--seed", "5", "--json")
        self.written = document(made)
        for party, name in (("lender", "lender.jwk"), ("borrower", "borrowers.ndjson")):
            assert self.call("register-key", folder / "over" / "keys" / name, "--party", party).exit_code == 0
        submitted = document(self.call("submit", self.written["submit"], "--json"))
        assert (submitted["placed"], submitted["refused"]) == (self.written["records"], [])
        self.policy(folder, BOOK)
        [found] = document(self.call("findings", "--json"))
        self.loan, self.found = found["loan"], found

    def call(self, *arguments: str | Path) -> Result:
        return run(*arguments, "--url", self.service.url, "--api-key-file", self.key_file)

    def policy(self, folder: Path, value: object) -> dict[str, object]:
        path = folder / "policy.json"
        path.write_bytes(canonical_json(value))
        return dict(document(self.call("policy", "set", path, "--json")))


@pytest.fixture(scope="module")
def lender(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lender]:
    folder = tmp_path_factory.mktemp("loans")
    with new_service(folder / "data") as service:
        service.start()
        yield Lender(service, folder)


def test_the_story_of_a_loan(lender: Lender) -> None:
    view = document(lender.call("loan", lender.loan, "--json"))
    assert (view["state"], view["policy"], [item["code"] for item in view["findings"]]) == ("drawn", 1, ["F7"])
    shown = lender.call("loan", lender.loan, "--language", "en").stdout
    assert shown.startswith(f"{lender.loan}  drawn")
    assert " ".join(lender.found["en"].split()[:6]) in " ".join(shown.split())
    assert lender.found["zh"][:10] in lender.call("loan", lender.loan, "--language", "zh").stdout
    past = document(lender.call("loan", lender.loan, "--as-of", "2001-01-31", "--json"))
    assert (past["as_of"], past["state"]) == ("2001-01-31T23:59:59.999Z", "draft")


@pytest.mark.parametrize("columns", [80, 120])
def test_it_fits_the_terminal_and_speaks_its_language(lender: Lender, columns: int) -> None:
    arguments = ("--url", lender.service.url, "--api-key-file", lender.key_file)
    ran = command("loan", lender.loan, *arguments, COLUMNS=str(columns), LC_ALL="zh_CN.UTF-8")
    assert (ran.code, ran.err) == (0, "")
    assert "已用款" in ran.out.splitlines()[0]
    assert max(cell_len(line) for line in ran.out.splitlines()) <= columns


def test_lists_of_loans_and_records(lender: Lender) -> None:
    records = document(lender.call("records", "--json"))
    assert [item["index"] for item in records] == sorted(item["index"] for item in records)
    assert len([item for item in records if item["type"] != "administration"]) == lender.written["records"]
    first = records[-1]["received_at"]
    assert document(lender.call("records", "--until", first, "--loan", lender.loan, "--json")) == [
        item for item in records if item["received_at"] < first and item["loan"] == lender.loan
    ]
    assert document(lender.call("records", "--from", "2999-01-31", "--json")) == []
    assert document(lender.call("records", "--until", first[:10], "--json")) == records
    [loan] = document(lender.call("loans", "--code", "F7", "--json"))
    assert (loan["loan"], loan["state"]) == (lender.loan, "drawn")
    assert lender.loan in lender.call("loans", "--state", "drawn").stdout
    assert document(lender.call("loans", "--state", "settled", "--json")) == []
    assert lender.call("records", "--from", "2026-01-31T08:00:00").exit_code == 2


def test_a_file_as_a_job(lender: Lender, tmp_path: Path) -> None:
    key, source = tmp_path / "api.key", tmp_path / "many.ndjson"
    key.write_text(lender.service.add_lender("Second Bank"))
    values = [record("agreement", id=str(uuid4()), loan=f"J-{number}") for number in range(40)]
    source.write_bytes(b"".join(canonical_json(value) + b"\n" for value in [*values, {"type": "x"}, values[0]]))

    def submit(*options: str) -> Result:
        return run("submit", source, "--job", *options, "--url", lender.service.url, "--api-key-file", key)

    done = submit("--json")
    assert done.exit_code == 1
    job = document(done)
    assert (job["state"], job["placed"], job["known"], job["refused"][0]["line"]) == ("done", 40, 1, 41)
    assert [path.name for path in tmp_path.glob("many.ndjson*")] == ["many.ndjson"]
    source.write_bytes(canonical_json(values[1]) + b"\n")
    again = submit()
    assert (again.exit_code, "0 recorded, 1 known before, 0 refused" in again.stdout) == (0, True)
    assert run("submit", tmp_path, "--job").exit_code == 2


def test_a_record_and_its_findings(lender: Lender) -> None:
    [rests_on] = lender.found["records"]
    shown = document(lender.call("record", rests_on["id"], "--json"))
    assert [item["code"] for item in shown["findings"]] == ["F7"]
    text = lender.call("record", rests_on["id"], "--language", "en").stdout
    assert text.startswith(f"disbursement  {lender.loan}  #{rests_on['sequence']}")
    assert '"drawdown": 3' in text


def test_findings_are_chosen_by_weight_and_code(lender: Lender) -> None:
    assert document(lender.call("findings", "--severity", "warning", "--code", "F7", "--json")) == [lender.found]
    assert document(lender.call("findings", "--code", "F3", "--json")) == []
    text = lender.call("findings", "--language", "en").stdout
    assert "findings: 1, loans: 1" in text
    assert lender.loan in text
    assert lender.call("findings", "--code", "F3", "--language", "zh").stdout == "没有发现异常\n"


def test_a_policy_is_shown_and_set(lender: Lender, tmp_path: Path) -> None:
    shown = document(lender.call("policy", "show", "--json"))
    assert (shown["version"], shown["thresholds"]["backdated_days"]) == (1, 36_500)
    strict = lender.policy(tmp_path, {"refuse": ["F7"], "require_documents": ["agreement"]})
    assert strict["version"] == 2
    text = " ".join(lender.call("policy", "show", "--language", "en").stdout.split())
    assert "policy version 2" in text
    assert "refused findings F7 documents needed for agreement" in text
    assert "backdated_days 3 " in text
    assert document(lender.call("policy", "show", "--as-of", str(shown["set_at"]), "--json")) == shown
    draw = document(lender.call("record", lender.found["records"][0]["id"], "--json"))["record"]
    again = tmp_path / "draw.json"
    again.write_bytes(canonical_json(draw | {"id": "019feac0-8635-7dcb-8871-899647f07b00", "drawdown": 4}))
    is_one_line(lender.call("submit", again), 1, "The lender's own policy refuses the record: F7: With the draw of")
    lender.policy(tmp_path, BOOK)


def test_what_goes_wrong_is_one_line(lender: Lender, tmp_path: Path) -> None:
    bad = tmp_path / "policy.json"
    bad.write_text('{"refuse": ["F22"]}')
    is_one_line(lender.call("policy", "set", bad), 1, "/refuse/0: F22 is about what did not come")
    is_one_line(lender.call("loan", "no such loan / of mine"), 1, "no loan of this number")
    is_one_line(lender.call("record", "nothing"), 1, "no record of this id")
    for moment in ("yesterday", "2026-01-31T08:30:00", "2026-02-30"):
        assert lender.call("loan", lender.loan, "--as-of", moment).exit_code == 2
    assert document(lender.call("policy", "show", "--json"))["refuse"] == []
