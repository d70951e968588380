# SPDX-License-Identifier: Apache-2.0
"""Read by every Python process of a service under test: kills it at a line of its own code, or sets its clock wrong.

The folder of this file stands on the service's PYTHONPATH. `LOAN_NOTARY_FAULT` says at which line a process dies:
the loader of that one module compiles a call in front of the line, and nothing else is touched (no tracing, in any
thread). `LOAN_NOTARY_LINES` has more lines that get the call, for a process that is forked before it is known where it
dies. `LOAN_NOTARY_CLOCK` names a file with the milliseconds by which the clock is wrong.
"""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

FAULT = "LOAN_NOTARY_FAULT"
LINES = "LOAN_NOTARY_LINES"
CLOCK = "LOAN_NOTARY_CLOCK"


def places(lines: list[str], line: str, after: str) -> list[int]:
    """Return where a line is in a source; only right after another one, if `after` names it."""
    before = ["", *lines]
    return [
        number
        for number, text in enumerate(lines)
        if text.strip() == line and (not after or before[number].strip() == after)
    ]


@dataclass(frozen=True)
class Line:
    """One line of a module, by its text and, if `after` is there, that of the line before it."""

    module: str
    line: str
    after: str


class Killer:
    """Kills this process in front of its line, the `passage`-th time that it gets there while `trigger` exists."""

    def __init__(self, line: Line, passage: int, trigger: Path) -> None:
        self.line, self._passage, self._trigger = line, passage, trigger
        self._lock = threading.Lock()

    def pass_by(self) -> None:
        """Be told that the line comes next."""
        if self._trigger.exists():
            with self._lock:
                self._passage -= 1
                if self._passage == 0:
                    os.kill(os.getpid(), signal.SIGKILL)


_ready: list[Line] = []
"""The lines that have the call, by their numbers."""
_killer: Killer | None = None


def pass_by(number: int) -> None:
    """Be told that a line comes next."""
    if _killer is not None and _killer.line == _ready[number]:
        _killer.pass_by()


def arm(process: str) -> None:
    """Do what `LOAN_NOTARY_FAULT` asks of a process with this command line."""
    global _killer
    asked = json.loads(os.environ.get(FAULT, "{}"))
    if asked and asked["process"] in process:
        line = Line(asked["module"], asked["line"], asked["after"])
        _killer = Killer(line, asked["passage"], Path(asked["trigger"]))
        if line not in _ready:
            _ready.append(line)


def armed(module: str, source: str) -> str:
    """Return a module's source with the call in front of its lines, each of which must be there once."""
    lines = source.splitlines()
    calls = [(number, item, places(lines, item.line, item.after)) for number, item in enumerate(_ready)]
    for number, item, found in calls:
        if item.module == module:
            [place] = found
            indent = len(lines[place]) - len(item.line)
            lines[place] = f"{' ' * indent}__import__('sitecustomize').pass_by({number}); {item.line}"
    return "\n".join(lines)


class _Loader(SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return compile(armed(fullname, self.get_data(path).decode()), path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if all(item.module != fullname for item in _ready):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        assert spec is not None
        assert spec.origin is not None
        spec.loader = _Loader(fullname, spec.origin)
        return spec


def _skew(file: Path) -> None:
    right = time.time_ns

    def wrong_ns() -> int:
        return right() + int(file.read_text()) * 1_000_000

    time.time_ns = wrong_ns
    time.time = lambda: wrong_ns() / 1e9


_ready += [Line(**item) for item in json.loads(os.environ.pop(LINES, "[]"))]
arm(" ".join(sys.orig_argv))
if _ready:
    sys.meta_path.insert(0, _Finder())
if CLOCK in os.environ:
    _skew(Path(os.environ[CLOCK]))
