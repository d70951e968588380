# SPDX-License-Identifier: Apache-2.0
"""The command `loan-notary-verify`: exit codes, what it writes, and that bad input never ends in a trace."""

import json
from pathlib import Path

import pytest

from notary.receipts.report import Status, Verdict
from tests.support.builders import log_signer
from verifier import make_verifier, report_lines
from verifier.cli import main, worst

RECEIPTS = Path(__file__).parents[1] / "vectors" / "receipts"
GOOD, HISTORY = RECEIPTS / "receipt@1-final.json", RECEIPTS / "history@1-final.json"
KEY = log_signer().verifier.format()


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.json"
    path.write_bytes(GOOD.read_bytes()[:-1])
    return path


@pytest.fixture
def untold(tmp_path: Path) -> Path:
    """Rules of which nobody can tell without a node."""
    path = tmp_path / "rules.json"
    path.write_text('{"format": "loan-notary/acceptance@1", "confirmations": 12}')
    return path


def run(*arguments: str | Path) -> int:
    return main([str(argument) for argument in arguments])


def test_a_good_receipt(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(GOOD, "--log-key", KEY) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[:2] == ["VALID", "  environment  TEST"]
    assert "  ✓ seal         ok           sealed by notary.example/log, no byte changed since" in out
    assert out[out.index("taken on trust") + 1] == f"  · the log's key {KEY}, given by you"


def test_a_history_shows_the_loan_and_its_findings(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(HISTORY) == 0
    out = capsys.readouterr().out
    assert "the loan as of 2026-05-05T01:46:40.000Z, computed from its records\n  outstanding  9211.51 CNY\n" in out
    assert "  F6 warning: The record speaks of 2026-01-14 and was submitted 106 days later. (record 0)\n" in out


def test_the_worst_of_several_counts(bad: Path, untold: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(GOOD, HISTORY) == 0
    assert capsys.readouterr().out.count("VALID") == 2
    assert run(GOOD, bad) == 1
    assert run("--policy", untold, GOOD) == 2
    assert run("--policy", untold, GOOD, bad) == 1
    assert worst([Verdict.VALID, Verdict.CANNOT_TELL, Verdict.INVALID]) is Verdict.INVALID
    assert worst([Verdict.VALID, Verdict.CANNOT_TELL]) is Verdict.CANNOT_TELL


def test_production_refuses_what_is_for_tests(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--production", GOOD) == 1
    wanted = "  ✗ policy       failed       environment: the receipt is for test, production is wanted"
    assert wanted in capsys.readouterr().out.splitlines()


def test_json_is_a_line_for_each_file(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json", GOOD, bad, HISTORY) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["file"], line["verdict"]) for line in lines] == [
        (str(GOOD), "valid"),
        (str(bad), "invalid"),
        (str(HISTORY), "valid"),
    ]
    assert lines[2]["loan"]["state"] == "active"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none.json"], "No such file"),
        ([str(RECEIPTS)], "directory"),
        ([str(GOOD), "--log-key", "nonsense"], "error: "),
        ([str(GOOD), "--policy", "none.json"], "No such file"),
        ([str(GOOD), "--policy", str(GOOD)], "only rules of the format"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_no_verdict(
    arguments: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(*arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err
    assert len(captured.err.splitlines()) == 1


@pytest.mark.parametrize("arguments", [[], ["--wrong"], ["--production", "--policy", "p", "r"]])
def test_misuse_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: loan-notary-verify" in capsys.readouterr().err


def test_the_help_says_what_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    out = capsys.readouterr().out
    for package in ("cryptography", "orjson", "pycryptodome", "pydantic", "coincurve", "pyhanko-certvalidator"):
        assert package in out


def test_every_line_tells_what_it_is_about() -> None:
    report = make_verifier().verify(b"{}")
    lines = list(report_lines(report))
    assert lines[0] == ("INVALID", Verdict.INVALID)
    assert [line.about for line in lines[1:]] == [None, Status.FAILED]
