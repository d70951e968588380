# SPDX-License-Identifier: Apache-2.0
"""What SECURITY.md and docs/reliability.md rest on is there: each test that they name, and the words of restraint."""

import ast
import re
from pathlib import Path

import pytest

from tests.support.service import ROOT

_NAMED = re.compile(r"`(?:tests/)?((?:[a-z0-9_]+/)+[\w.]+\.(?:py|sol))::([\w:]+)`")
_FILE = re.compile(r"`(tests/[\w/.]+\.(?:py|sol))`")
_PAPERS = ["SECURITY.md", "docs/reliability.md"]


def functions_of(file: Path) -> set[str]:
    """Return the names of a file's tests, those of a class behind its name; nothing is imported."""
    text = file.read_text()
    if file.suffix == ".sol":
        return set(re.findall(r"function (\w+)\(", text))
    found = set()
    for item in ast.parse(text).body:
        if isinstance(item, ast.FunctionDef):
            found.add(item.name)
        elif isinstance(item, ast.ClassDef):
            found |= {f"{item.name}::{one.name}" for one in item.body if isinstance(one, ast.FunctionDef)}
    return {name for name in found if name.split("::")[-1].startswith("test_")}


def missing_in(paper: str) -> list[str]:
    """Return the tests that a paper names and that are not there."""
    there: dict[str, set[str]] = {}
    missing = [name for name in _FILE.findall(paper) if not (ROOT / name).is_file()]
    for path, name in _NAMED.findall(paper):
        file = ROOT / "tests" / path
        if path not in there:
            there[path] = functions_of(file) if file.is_file() else set()
        if name not in there[path]:
            missing.append(f"{path}::{name}")
    return missing


def threats() -> list[list[str]]:
    """Return the cells of each row of the threat model."""
    lines = (ROOT / "SECURITY.md").read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("| who | could |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


@pytest.mark.parametrize("paper", _PAPERS)
def test_every_test_that_is_named_is_there(paper: str) -> None:
    text = (ROOT / paper).read_text()
    assert _NAMED.search(text), "the paper names tests in the way that is looked for"
    assert text.count("::") == sum(match[0].count("::") for match in _NAMED.finditer(text)), "and in no other way"
    assert missing_in(text) == []


def test_a_test_that_is_not_there_is_found() -> None:
    here = "unit/test_security_paper.py"
    named = [f"{here}::test_a_test_that_is_not_there_is_found", f"{here}::test_gone", "unit/gone.py::test_a"]
    paper = ", ".join(f"`{name}`" for name in [*named, "tests/unit/gone.py"])
    assert missing_in(paper) == ["tests/unit/gone.py", f"{here}::test_gone", "unit/gone.py::test_a"]


@pytest.mark.parametrize("row", threats(), ids=lambda row: f"{row[0]}: {row[1]}"[:60])
def test_every_threat_names_a_test_or_says_that_it_is_not_stopped(row: list[str]) -> None:
    _, _, stopped_by, tests, left = row
    assert stopped_by
    assert _NAMED.search(tests) or (tests == "not tested" and "**Not stopped**" in left)


@pytest.mark.parametrize(
    "path", ["README.md", "api/templates/base.html", "api/certificate/texts.py", "notary/package/readme.py"]
)
def test_what_is_handed_out_says_that_it_is_no_notarial_act(path: str) -> None:
    text = (ROOT / path).read_text()
    assert "no public notary's office" in text
    assert "no credit bureau" in " ".join(re.sub(r'"\s+"', "", text).split())


def test_every_page_has_the_frame_that_says_so() -> None:
    folder = ROOT / "api" / "templates"
    whole = {file.relative_to(folder).as_posix() for file in folder.rglob("*.html") if "<html" in file.read_text()}
    # A script fetches the latter into a page of the former.
    assert whole == {"base.html", "loan/part.html"}
