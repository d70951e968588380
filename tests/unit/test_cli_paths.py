# SPDX-License-Identifier: Apache-2.0
"""Paths on the command line: what is none is refused before anything is read or written, by every command."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from api.cli import main
from api.cli.paths import FILE, FOLDER, NEW_FILE, NEW_FOLDER, PUBLICATION, SOURCE
from verifier.cli import main as verify

KINDS = (FILE, NEW_FILE, SOURCE, FOLDER, NEW_FOLDER, PUBLICATION)
NO_PATHS = ("", " ", "a\0b")


def commands(group: click.Group, context: click.Context, *names: str) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield " ".join((*names, name)), command
        if isinstance(command, click.Group):
            yield from commands(command, context, *names, name)


def path_options() -> Iterator[tuple[str, click.Parameter]]:
    for name, command in commands(main, click.Context(main)):
        for param in command.params:
            if isinstance(param.type, click.Path) or param.type is PUBLICATION:
                yield f"{name} {param.name}", param


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    return tmp_path


def test_every_path_of_every_command_is_one_of_the_kinds_that_know_what_is_no_path() -> None:
    found = dict(path_options())
    assert len(found) > 60
    assert [name for name, param in found.items() if param.type not in KINDS] == []
    for param in found.values():
        for text in NO_PATHS:
            with pytest.raises(click.BadParameter):
                param.type.convert(text, param, None)


def taken(kind: click.ParamType[Any], text: str) -> str:
    try:
        return str(kind.convert(text, None, None))
    except click.BadParameter as error:
        return f"refused: {error.message}"


@pytest.mark.parametrize(
    ("kind", "good"),
    [
        (FILE, {"file"}),
        (FOLDER, {"folder"}),
        (SOURCE, {"file", "folder"}),
        (NEW_FILE, {"file", "new"}),
        (NEW_FOLDER, {"folder", "new", "no/new"}),
        (PUBLICATION, {"folder", "new", "no/new", "s3://bucket"}),
    ],
)
@pytest.mark.usefixtures("here")
def test_what_each_kind_takes(kind: click.ParamType[Any], good: set[str]) -> None:
    everything = {"file", "folder", "new", "no/new", "file/new", "s3://bucket"}
    if kind in (NEW_FOLDER, PUBLICATION):
        everything -= {"file/new", "s3://bucket"} - good
    assert {text for text in everything if taken(kind, text) == text} == good


def test_a_folder_that_is_not_there_is_named(here: Path) -> None:
    assert taken(NEW_FILE, f"{here}/no/new") == f"refused: there is no folder '{here}/no' to write it to"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_a_log_is_not_published_into_the_folder_where_one_stands(here: Path) -> None:
    for text, words in (("", "a path is wanted"), ("file", "is a file, and a folder is wanted")):
        result = run("publish", "--to", text)
        assert (result.exit_code, words in result.output) == (2, True), result.output
    assert sorted(os.listdir(here)) == ["file", "folder"]


def test_a_key_is_made_nowhere_else(here: Path) -> None:
    for text in ("", "folder", "no/key"):
        assert run("keygen", text).exit_code == 2
    assert sorted(os.listdir(here)) == ["file", "folder"]


@pytest.mark.parametrize("option", ["--key-history", "--tsa-certificate", "--policy", None])
@pytest.mark.usefixtures("here")
def test_the_verifier_takes_no_empty_path(option: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        verify([option, "", "file"] if option else [""])
    assert ended.value.code == 2
    assert "a path is wanted" in capsys.readouterr().err
