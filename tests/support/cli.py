# SPDX-License-Identifier: Apache-2.0
"""The command line, called in this process."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from api.cli import main


def run(*arguments: str | Path, **environment: str) -> Result:
    """Call `loan-notary` with these arguments; whatever escapes from it fails the test."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], env=environment)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def document(result: Result) -> Any:
    """Return what a command with `--json` wrote: one JSON document and nothing else."""
    return json.loads(result.stdout)


def is_one_line(result: Result, code: int, words: str) -> None:
    """Check that a command has failed as it should: exit code, and one line on standard error that says why."""
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
